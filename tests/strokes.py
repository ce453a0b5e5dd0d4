"""A pen for tests: strokes along a digit's centre line, drawn as the canvas draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from skimage.morphology import skeletonize

RASTER = 560
"""Side of the canvas's raster in pixels: 280 on screen, supersampled twice."""

_FINE = 8
"""Skeletons are taken at this many pixels for each pixel of the digit: at 1 they lose loops and corners."""

_AROUND = [(-1, 0), (0, 1), (1, 0), (0, -1), (-1, -1), (-1, 1), (1, 1), (1, -1)]

Stroke = np.ndarray


@dataclass(frozen=True)
class Pen:
    """How a digit is drawn again. Lengths are in raster pixels; the digit is moved after it is scaled.

    slant: shift in x for each unit of y. jitter: standard deviation of a smooth tremble.
    """

    width: float = 36
    scale: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)
    slant: float = 0.0
    jitter: float = 0.0
    seed: int = 0


def trace(digit: np.ndarray) -> list[Stroke]:
    """The strokes along a digit's centre line: (n, 2) float arrays of (x, y) in [0, 1] of the picture's side.

    digit: (28, 28) uint8, ink = 255.
    """
    side = digit.shape[0] * _FINE
    fine = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))
    walks = _walks(skeletonize(fine > 100))  # type: ignore[no-untyped-call]
    spur = 1.5 * _FINE
    longest = max((len(walk) for walk in walks), default=0)
    kept = [walk for walk in walks if len(walk) >= spur or len(walk) == longest]
    return [(_smooth(np.array(walk, float)) + 0.5)[:, ::-1] / side for walk in kept]


def draw(strokes: list[Stroke], pen: Pen | None = None) -> np.ndarray:
    """The (560, 560) uint8 raster that a canvas holds after these strokes, ink = 255."""
    pen = pen or Pen()
    raster = Image.new("L", (RASTER, RASTER))
    brush = ImageDraw.Draw(raster)
    for points in placed(strokes, pen):
        path = [(float(x), float(y)) for x, y in points]
        brush.line(path, fill=255, width=round(pen.width))
        for x, y in path:
            reach = pen.width / 2
            brush.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
    return np.asarray(raster)


def placed(strokes: list[Stroke], pen: Pen) -> list[Stroke]:
    """The strokes in raster pixels, scaled, slanted, trembling and moved as the pen says."""
    random = np.random.default_rng(pen.seed)
    drawn = []
    for points in strokes:
        centred = points - 0.5
        slanted = np.stack([centred[:, 0] - pen.slant * centred[:, 1], centred[:, 1]], 1)
        tremble = _smooth(random.normal(size=slanted.shape)) * pen.jitter * np.sqrt(5)
        drawn.append(slanted * RASTER * pen.scale + tremble + RASTER / 2 + np.array(pen.offset))
    return drawn


def _walks(skeleton: np.ndarray) -> list[list[tuple[int, int]]]:
    """Walk every pixel of a skeleton once, from loose ends first, straight on at crossings."""
    left = {(int(y), int(x)) for y, x in np.argwhere(skeleton)}
    whole = frozenset(left)
    ends = [p for p in sorted(left) if sum(q in whole for q in _neighbours(p)) == 1]
    walks = []
    for start in [*ends, *sorted(left)]:
        if start not in left:
            continue
        walk = [start]
        left.discard(start)
        while (following := _next(walk, left)) is not None:
            walk.append(following)
            left.discard(following)
        before, after = _joint(walk[0], walk, whole - left), _joint(walk[-1], walk, whole - left)
        walks.append([*before, *walk, *after])
    return walks


def _neighbours(pixel: tuple[int, int]) -> list[tuple[int, int]]:
    return [(pixel[0] + dy, pixel[1] + dx) for dy, dx in _AROUND]


def _next(walk: list[tuple[int, int]], left: set[tuple[int, int]]) -> tuple[int, int] | None:
    """The free neighbour that bends the walk least."""
    here, back = np.array(walk[-1]), np.array(walk[max(0, len(walk) - 6)])
    free = [pixel for pixel in _neighbours(walk[-1]) if pixel in left]
    if not free:
        return None

    def straightness(pixel: tuple[int, int]) -> float:
        step, past = np.array(pixel) - here, here - back
        return float(step @ past / (np.linalg.norm(step) * (np.linalg.norm(past) or 1)))

    return max(free, key=straightness)


def _joint(
    end: tuple[int, int], walk: list[tuple[int, int]], walked: frozenset[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The pixel of another walk, or of this walk's far part, that `end` touches: loops and forks close."""
    near = set(walk[:4] if end == walk[0] else walk[-4:])
    touched = [pixel for pixel in _neighbours(end) if pixel in walked and pixel not in near]
    return touched[:1]


def _smooth(points: np.ndarray) -> np.ndarray:
    """A moving average over five points that leaves the two ends in place."""
    if len(points) < 3:
        return points
    padded = np.concatenate([np.repeat(points[:1], 2, 0), points, np.repeat(points[-1:], 2, 0)])
    smooth: np.ndarray = np.mean([padded[k : k + len(points)] for k in range(5)], axis=0)
    smooth[0], smooth[-1] = points[0], points[-1]
    return smooth
