"""Answers to questions about a run, each from its figures alone, and the one that follows from them."""
