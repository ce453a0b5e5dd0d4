"""Autoencoders: their description (no torch), their first weights (no torch), and the torch engine."""
