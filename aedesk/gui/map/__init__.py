"""The latent map and what is drawn on it."""
