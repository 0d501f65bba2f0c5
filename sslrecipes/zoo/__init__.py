"""Names of recipes, resolved facts; recipe cards and the model-zoo table in their modules. Imports no torch."""

from sslrecipes.zoo.facts import FACTS, facts
from sslrecipes.zoo.naming import RecipeName, parse_name

__all__ = ['FACTS', 'RecipeName', 'facts', 'parse_name']
