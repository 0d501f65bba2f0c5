"""Pages that say in words, tables and pictures what came of runs and studies."""
