"""Figures of results, on the screen and on paper."""
