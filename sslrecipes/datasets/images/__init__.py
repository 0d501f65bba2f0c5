"""Image files: their headers, decoding, what is done about bad ones, and the scan of a folder."""
