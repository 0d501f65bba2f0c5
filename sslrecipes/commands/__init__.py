"""What each tool does: train, dry run, benchmark, evaluate, visualise, replay."""
