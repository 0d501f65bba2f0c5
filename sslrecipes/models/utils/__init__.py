"""What methods, heads and backbones share and that is no layer."""
