"""Optimizers, optimizer wrappers and parameter groups."""
