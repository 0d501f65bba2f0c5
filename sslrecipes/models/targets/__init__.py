"""Target generators: what a method regresses."""

from sslrecipes.models.targets.hog import HOGGenerator
from sslrecipes.models.targets.tec_base_model import TECBaseModel

__all__ = ['HOGGenerator', 'TECBaseModel']
