"""Pictures of pen strokes that are no digits: something odd to find, as much as is wanted of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from aedesk import sketch

_SIDE = 280  # pixels of the canvas that is drawn on
_PEN = (10, 26)  # pixels: how wide the pens are; wider ones fill what is drawn densely, and bars are ones

Strokes = list[np.ndarray]
_Rng = np.random.Generator


def scribbles(count: int, seed: int) -> np.ndarray:
    """(count, 28, 28) float32 in [0, 1], ink = 1, framed as sketches are; the kinds of `KINDS` in turn.

    The same seed gives the same pictures, and the first of them whatever the count.
    """
    names = list(KINDS)
    pictures = [
        scribble(names[number % len(names)], np.random.default_rng([seed, number])) for number in range(count)
    ]
    return np.stack(pictures) if pictures else np.empty((0, 28, 28), np.float32)


def scribble(kind: str, rng: _Rng) -> np.ndarray:
    """One of `KINDS`: (28, 28) float32 in [0, 1]. Raises KeyError for another kind."""
    strokes = KINDS[kind](rng)
    turn = rng.uniform(0, 2 * np.pi)
    stretch = np.diag(rng.uniform(0.7, 1.0, 2))
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ stretch
    return sketch.normalise(_drawn([points @ turned.T for points in strokes], rng.uniform(*_PEN)))


def _drawn(strokes: Strokes, width: float) -> np.ndarray:
    """Strokes of points around (0, 0), brought to fill the canvas, as its raster (280, 280) uint8."""
    every = np.concatenate(strokes)
    low, high = every.min(axis=0), every.max(axis=0)
    scale = (_SIDE - 2 * width) / max(float((high - low).max()), 1e-6)
    raster = Image.new("L", (_SIDE, _SIDE))
    brush = ImageDraw.Draw(raster)
    for points in strokes:
        path = [(float(x), float(y)) for x, y in (points - (low + high) / 2) * scale + _SIDE / 2]
        brush.line(path, fill=255, width=round(width), joint="curve")
        for x, y in (path[0], path[-1]):
            brush.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return np.asarray(raster)


def _along(count: int = 80) -> np.ndarray:
    return np.linspace(0, 1, count)


def _curve(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([x, y], axis=1)


def _loops(rng: _Rng) -> Strokes:
    """A line of loops, as when a pen is tried out."""
    t = _along(160) * 2 * np.pi * rng.integers(3, 6)
    return [_curve(t * rng.uniform(0.25, 0.4) + np.cos(t), np.sin(t) * rng.uniform(1.6, 2.6))]


def _zigzag(rng: _Rng) -> Strokes:
    corners = int(rng.integers(6, 13))
    x = np.arange(corners) + rng.normal(0, 0.2, corners)
    y = (
        np.where(np.arange(corners) % 2, 1.0, -1.0)
        * rng.uniform(0.6, 1.4, corners)
        * corners
        * rng.uniform(0.2, 0.4)
    )
    return [_curve(x, y)]


def _star(rng: _Rng) -> Strokes:
    """A star of five or seven points in one stroke."""
    points = int(rng.choice([5, 7]))
    step = points // 2
    angles = 2 * np.pi * step * np.arange(points + 1) / points
    return [_curve(np.cos(angles), np.sin(angles)) + rng.normal(0, 0.06, (points + 1, 2))]


def _hatching(rng: _Rng) -> Strokes:
    lines = int(rng.integers(4, 8))
    return [
        np.array([[-1, place], [1, place]]) + rng.normal(0, 0.07, (2, 2))
        for place in np.linspace(-1, 1, lines)
    ]


def _grid(rng: _Rng) -> Strokes:
    across = [
        np.array([[-1, place], [1, place]]) for place in np.linspace(-0.6, 0.6, int(rng.integers(2, 4)))
    ]
    down = [stroke[:, ::-1] for stroke in across]
    return [stroke + rng.normal(0, 0.08, (2, 2)) for stroke in (*across, *down)]


def _walk(rng: _Rng) -> Strokes:
    """A pen that wanders for long, its direction changing little by little, and turns back at the edges."""
    steps, place, angle = [np.zeros(2)], np.zeros(2), rng.uniform(0, 2 * np.pi)
    for _ in range(140):
        angle += rng.normal(0, 0.45)
        ahead = place + 0.12 * np.array([np.cos(angle), np.sin(angle)])
        if np.abs(ahead).max() > 1:
            angle += np.pi / 2
            continue
        place = ahead
        steps.append(place)
    return [np.array(steps)]


def _tangle(rng: _Rng) -> Strokes:
    """A few points joined by straight lines, in no order."""
    return [rng.uniform(-1, 1, (int(rng.integers(8, 13)), 2))]


def _spiral(rng: _Rng) -> Strokes:
    t = _along(160)
    angles = t * 2 * np.pi * rng.uniform(2.2, 3.5)
    return [_curve(t * np.cos(angles), t * np.sin(angles))]


def _crosses(rng: _Rng) -> Strokes:
    """Two or three small crosses apart from each other."""
    places = np.array([[-1, -1], [1, 1], [1, -1]])[: int(rng.integers(2, 4))] * rng.uniform(0.7, 1)
    arms = np.array([[[-1, -1], [1, 1]], [[-1, 1], [1, -1]]]) * rng.uniform(0.35, 0.5)
    return [arm + place + rng.normal(0, 0.05, (2, 2)) for place in places for arm in arms]


def _blob(rng: _Rng) -> Strokes:
    """A shape that is filled to and fro."""
    lines = int(rng.integers(9, 13))
    y = np.linspace(-1, 1, lines)
    half = np.sqrt(np.maximum(1.05 - y**2, 0)) * rng.uniform(0.8, 1.1, lines)
    return [_curve(np.where(np.arange(lines) % 2, half, -half), y * rng.uniform(0.7, 1))]


def _strokes(rng: _Rng) -> Strokes:
    """Several short strokes here and there."""
    found = []
    for _ in range(int(rng.integers(5, 9))):
        angle, start = rng.uniform(0, np.pi), rng.uniform(-1, 1, 2)
        found.append(
            np.stack([start, start + rng.uniform(0.5, 1) * np.array([np.cos(angle), np.sin(angle)])])
        )
    return found


def _writing(rng: _Rng) -> Strokes:
    """Two lines that look like handwriting from afar."""
    found = []
    for line in (-0.6, 0.6):
        t = _along(120) * 2 * np.pi * rng.uniform(3, 5)
        height = np.interp(t, np.linspace(0, t[-1], 9), rng.uniform(0.15, 0.5, 9))
        found.append(_curve(t / t[-1] * 2 - 1 + 0.12 * np.cos(t), line + height * np.sin(t)))
    return found


def _house(rng: _Rng) -> Strokes:
    """A box with a roof and a cross in it."""
    roof = rng.uniform(0.5, 0.9)
    walls = np.array([[-1, 1], [-1, -0.4], [1, -0.4], [1, 1], [-1, 1]])
    return [walls, np.array([[-1, -0.4], [0, -0.4 - roof], [1, -0.4]]), np.array([[-1, 1], [1, -0.4]])]


def _flower(rng: _Rng) -> Strokes:
    petals = int(rng.integers(3, 7))
    t = _along(200) * 2 * np.pi
    radius = 0.55 + 0.45 * np.cos(petals * t)
    return [_curve(radius * np.cos(t), radius * np.sin(t))]


KINDS: dict[str, Callable[[_Rng], Strokes]] = {
    "loops": _loops,
    "zigzag": _zigzag,
    "star": _star,
    "hatching": _hatching,
    "grid": _grid,
    "walk": _walk,
    "tangle": _tangle,
    "spiral": _spiral,
    "crosses": _crosses,
    "blob": _blob,
    "strokes": _strokes,
    "writing": _writing,
    "house": _house,
    "flower": _flower,
}
"""What is drawn, by name: the strokes of each, arrays (n, 2) of points."""
