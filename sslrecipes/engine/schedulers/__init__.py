"""Closed-form schedules."""

from sslrecipes.engine.schedulers.step_cosine import StepCosine
from sslrecipes.engine.schedulers.warmup_cosine import WarmupCosineLR

__all__ = ['StepCosine', 'WarmupCosineLR']
