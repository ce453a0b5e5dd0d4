"""The Runs tab: every training run on this machine, its curves beside those of others, and what can be done with it."""
