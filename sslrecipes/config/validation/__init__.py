"""What is wrong with a config, told before anything is built. Imports no torch."""
