"""Configs: reading, origins of values, overrides, checks. Imports no torch."""
