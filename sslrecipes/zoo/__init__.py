"""Recipe cards, resolved facts, the model-zoo table. Imports no torch."""

from sslrecipes.zoo.cards import Card, Measurement, read_cards, read_index
from sslrecipes.zoo.facts import FACTS, facts
from sslrecipes.zoo.naming import RecipeName, parse_name
from sslrecipes.zoo.table import model_zoo_table

__all__ = [
    'FACTS',
    'Card',
    'Measurement',
    'RecipeName',
    'facts',
    'model_zoo_table',
    'parse_name',
    'read_cards',
    'read_index',
]
