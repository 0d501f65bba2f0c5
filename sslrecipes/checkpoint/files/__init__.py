"""Files of checkpoints: safe reading, atomic and sealed writing."""
