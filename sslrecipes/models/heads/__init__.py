"""Heads: from predictions to losses."""

from sslrecipes.models.heads.joint_probe import JointProbe
from sslrecipes.models.heads.tec_head import TECHead

__all__ = ['JointProbe', 'TECHead']
