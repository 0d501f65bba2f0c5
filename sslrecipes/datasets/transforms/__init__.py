"""Transforms. Importing registers them."""
