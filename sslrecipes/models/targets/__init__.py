"""Target generators: what a method regresses."""
