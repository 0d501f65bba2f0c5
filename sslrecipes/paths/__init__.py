"""Files and folders that users name: expanded, owned by one run, never written over."""
