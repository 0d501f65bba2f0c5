"""Weights: safe reading, atomic writing, key maps, coverage, conversion, export."""
