"""Strokes to draw with the mouse: points of the canvas, each in [0, 1] x [0, 1]."""

from itertools import pairwise


def line(*corners: tuple[float, float], steps: int = 12) -> list[tuple[float, float]]:
    """Points along straight pieces between the corners."""
    points = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        points += [(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps) for i in range(steps)]
    return [*points, corners[-1]]


SEVEN = line((0.3, 0.25), (0.7, 0.25), (0.46, 0.78))
ONE = line((0.5, 0.2), (0.5, 0.8))
