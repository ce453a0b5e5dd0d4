"""A picture of a network."""
