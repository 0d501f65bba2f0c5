"""Recipe cards, resolved facts, the model-zoo table. Imports no torch."""
