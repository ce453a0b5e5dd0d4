"""The quality card of a model, in a window of its own."""
