"""Key maps between official checkpoints and ours: one file per source family."""
