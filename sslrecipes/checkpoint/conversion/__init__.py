"""Official and foreign state dicts, turned into ours and back."""
