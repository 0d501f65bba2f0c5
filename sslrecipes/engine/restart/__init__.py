"""Runs that stop anywhere and go on exactly."""
