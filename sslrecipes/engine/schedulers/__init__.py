"""Closed-form schedules."""
