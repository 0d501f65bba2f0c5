"""Building blocks without a registry entry."""
