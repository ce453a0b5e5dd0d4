"""The Apply tab: what autoencoders are for, each use a page."""
