"""The settings of a training run as a form, and the data that it is about."""
