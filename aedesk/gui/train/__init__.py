"""The Train tab: a run, how it is steered, and the way back through it."""
