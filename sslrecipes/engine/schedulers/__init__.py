"""Closed-form schedules."""

from sslrecipes.engine.schedulers.warmup_cosine import WarmupCosineLR

__all__ = ['WarmupCosineLR']
