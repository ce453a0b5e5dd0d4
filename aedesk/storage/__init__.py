"""Files: checkpoints, runs and what a model's name means. Written whole or not at all, read with distrust."""
