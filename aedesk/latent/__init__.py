"""What can be done in the space of codes: atlases, maps, neighbours, sampling."""
