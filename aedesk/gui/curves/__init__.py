"""The losses of runs, drawn."""
