"""Heads: from predictions to losses."""
