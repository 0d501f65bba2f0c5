"""Necks: from features to predictions."""
