"""The processes of a run: how they find each other, what they decide together, and how they leave."""
