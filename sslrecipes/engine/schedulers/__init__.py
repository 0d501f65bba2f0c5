"""Closed-form schedules."""

from sslrecipes.engine.schedulers.cosine_scheduler import CosineScheduler
from sslrecipes.engine.schedulers.warmup_cosine import WarmupCosineLR

__all__ = ['CosineScheduler', 'WarmupCosineLR']
