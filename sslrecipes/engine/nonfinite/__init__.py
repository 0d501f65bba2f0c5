"""Losses and gradients that are not finite: found, recorded, replayed."""
