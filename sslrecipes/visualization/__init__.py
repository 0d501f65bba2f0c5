"""Pictures: reconstructions, curves. Importing registers the visualizers."""
