"""Tables of a paper, and the user's own comparisons: planned, run, continued and reported from one config."""
