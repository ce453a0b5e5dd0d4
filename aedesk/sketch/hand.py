"""A hand that draws strokes again with the pen of the canvas: how widely, where, how askew and how unsteadily.

Digits drawn again by many hands show what a model makes of sketches, and teach it to make something of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from aedesk import sketch
from aedesk.sketch.strokes import Stroke

RASTER = 560
"""Side of the canvas's raster in pixels: 280 on screen, supersampled twice."""

_USUAL_PEN = 46.0  # raster pixels
_MARGIN = 12.0  # raster pixels between the digit and the edge of the canvas


@dataclass(frozen=True)
class Hand:
    """How a digit is drawn again. Lengths are in raster pixels; the digit is moved after all else.

    scale: 1 for a digit as large on the canvas as it is in its picture. offset: to the right and down.
    slant: shift to the left for each unit downwards. jitter: standard deviation of a smooth tremble, and waver
    how far apart two of its points are that have nothing to do with each other. turn: radians, clockwise.
    stretch: in width and in height. speed: how far the pen comes from one point to the next, with straight lines
    between them; 0 for every point. gap: how much of the longest stroke's centre line is left out. unevenness: standard
    deviation of the width as a share of it. overshoot: how far each stroke goes on at its ends.
    """

    width: float = _USUAL_PEN
    scale: float = 1.0
    offset: tuple[float, float] = (0.0, 0.0)
    slant: float = 0.0
    jitter: float = 0.0
    waver: float = 35.0
    turn: float = 0.0
    stretch: tuple[float, float] = (1.0, 1.0)
    speed: float = 0.0
    gap: float = 0.0
    unevenness: float = 0.0
    overshoot: float = 0.0
    seed: int = 0


def hand(kind: str, rng: np.random.Generator) -> Hand:
    """A hand of one of `KINDS` or `HELD_OUT`, as `rng` has it. Raises KeyError for another kind."""
    scale = rng.uniform(0.75, 1.1)
    usual = Hand(
        width=rng.uniform(34, 56),
        scale=scale,
        slant=rng.normal(0, 0.04),
        jitter=rng.uniform(0, 2.5),
        waver=rng.uniform(25, 60),
        speed=rng.uniform(6, 24),
        seed=int(rng.integers(2**31)),
    )
    chosen = _MAKERS[kind](usual, rng)
    if chosen.offset == (0.0, 0.0):
        chosen = replace(chosen, offset=_somewhere(chosen, 0.5, rng))
    return chosen


def sketched(strokes: list[Stroke], kind: str, rng: np.random.Generator) -> np.ndarray:
    """(28, 28) uint8, ink = 255: what a model is shown when a hand of this kind draws these strokes."""
    shown: np.ndarray = np.rint(sketch.normalise(draw(strokes, hand(kind, rng))) * 255)
    return shown.astype(np.uint8)


def draw(strokes: list[Stroke], hand: Hand | None = None) -> np.ndarray:
    """What a canvas holds after these strokes: (RASTER, RASTER) uint8, ink = 255.

    strokes: (n, 2) arrays of (x, y) in [0, 1] of the canvas's side.
    """
    hand = hand or Hand()
    picture = Image.new("L", (RASTER, RASTER))
    brush = ImageDraw.Draw(picture)
    random = np.random.default_rng([hand.seed, 1])
    for points in placed(strokes, hand):
        widths = np.full(len(points), hand.width)
        if hand.unevenness:
            widths *= np.exp(hand.unevenness * _tremble(points, 90, random)[:, 0]).clip(0.4, 2.2)
        _paint(brush, points, widths)
    return np.asarray(picture)


def placed(strokes: list[Stroke], hand: Hand) -> list[Stroke]:
    """The strokes as this hand makes them, in raster pixels: every point that the pen comes to."""
    random = np.random.default_rng(hand.seed)
    cosine, sine = np.cos(hand.turn), np.sin(hand.turn)
    whole = (
        np.array([[1, -hand.slant], [0, 1]])
        @ np.array([[cosine, -sine], [sine, cosine]])
        @ np.diag(hand.stretch)
    )
    drawn = [(points - 0.5) @ whole.T * (RASTER * hand.scale) for points in strokes]
    if hand.gap and drawn:
        drawn = _broken(drawn, hand.gap, random)
    middle = RASTER / 2 + np.array(hand.offset)
    made = []
    for points in drawn:
        if hand.overshoot:
            points = _overshot(points, hand.overshoot * random.uniform(0.3, 1, 2))
        if hand.jitter:
            points = points + hand.jitter * _tremble(points, hand.waver, random)
        made.append(_hurried(points, hand.speed) + middle)
    return made


def _paint(brush: ImageDraw.ImageDraw, points: Stroke, widths: np.ndarray) -> None:
    """A line through the points with round joints and ends."""
    # To Pillow the middle of the first pixel is 0, and a box takes its last pixel in.
    path = [(float(x) - 0.5, float(y) - 0.5) for x, y in points]
    if np.ptp(widths) == 0:
        brush.line(path, fill=255, width=round(widths[0]))
    else:
        for number in range(len(path) - 1):
            brush.line(path[number : number + 2], fill=255, width=round(widths[number]))
    for (x, y), reach in zip(path, (widths - 1) / 2, strict=True):
        brush.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)


def _lengths(points: Stroke) -> np.ndarray:
    """(n,) how far each point lies along the stroke."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


def _tremble(points: Stroke, waver: float, random: np.random.Generator) -> np.ndarray:
    """(n, 2) offsets with standard deviation 1 that change smoothly along the stroke."""
    along = _lengths(points) / waver
    # Random numbers at whole places, with weights between them whose squares add up to one: nowhere calmer.
    first = np.floor(along).astype(int)
    angle = (along - first)[:, None] * (np.pi / 2)
    values = random.normal(size=(first[-1] + 2, 2))
    smooth: np.ndarray = np.cos(angle) * values[first] + np.sin(angle) * values[first + 1]
    return smooth


def _hurried(points: Stroke, speed: float) -> Stroke:
    """The points that a pen comes to which reports its place every `speed` pixels, and the last one."""
    if not speed or len(points) < 3:
        return points
    along = _lengths(points)
    places = np.append(np.arange(0, along[-1], speed), along[-1])
    return np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], 1)


def _broken(strokes: list[Stroke], gap: float, random: np.random.Generator) -> list[Stroke]:
    """The strokes, the longest in two with `gap` pixels between them, if it is long enough for that."""
    longest = max(range(len(strokes)), key=lambda number: _lengths(strokes[number])[-1])
    points = strokes[longest]
    along = _lengths(points)
    if along[-1] < 3 * gap:
        return strokes
    start = random.uniform(gap, along[-1] - 2 * gap)
    parts = [points[along <= start], points[along >= start + gap]]
    return [*strokes[:longest], *(part for part in parts if len(part)), *strokes[longest + 1 :]]


def _overshot(points: Stroke, lengths: np.ndarray) -> Stroke:
    """The stroke gone on straight by the two lengths at its start and its end."""
    if len(points) < 4:
        return points
    far = min(4, len(points) - 1)
    before, after = points[0] - points[far], points[-1] - points[-1 - far]
    first = points[0] + before / max(float(np.hypot(*before)), 1e-9) * lengths[0]
    last = points[-1] + after / max(float(np.hypot(*after)), 1e-9) * lengths[1]
    return np.concatenate([first[None], points, last[None]])


def _somewhere(hand: Hand, far: float, rng: np.random.Generator) -> tuple[float, float]:
    """An offset at which a digit of this hand still is on the canvas; far: in [0, 1], 1 for up to the edge."""
    # A digit fills 20 of its picture's 28 pixels, centre lines somewhat less.
    half = np.array(hand.stretch) * hand.scale * RASTER * 10 / 28 + hand.width / 2
    free = np.maximum(RASTER / 2 - half - _MARGIN, 0) * far
    x, y = rng.uniform(-free, free)
    return float(x), float(y)


def _sign(rng: np.random.Generator) -> float:
    return float(rng.choice([-1.0, 1.0]))


def _shifted(usual: Hand, rng: np.random.Generator) -> Hand:
    small = replace(usual, scale=rng.uniform(0.3, 0.65), width=rng.uniform(14, 40))
    return replace(small, offset=_somewhere(small, 1.0, rng))


_Maker = Callable[[Hand, np.random.Generator], Hand]

_TRAINED: dict[str, _Maker] = {
    "plain": lambda usual, rng: usual,
    "thin": lambda usual, rng: replace(usual, width=rng.uniform(12, 26)),
    "thick": lambda usual, rng: replace(usual, width=rng.uniform(60, 80)),
    "slanted": lambda usual, rng: replace(usual, slant=_sign(rng) * rng.uniform(0.1, 0.3)),
    "shifted": _shifted,
    "jerky": lambda usual, rng: replace(usual, jitter=rng.uniform(4, 8), waver=rng.uniform(20, 40)),
    "slow": lambda usual, rng: replace(usual, jitter=rng.uniform(6, 14), waver=rng.uniform(90, 180), speed=3),
}
_UNSEEN: dict[str, _Maker] = {
    "rotated": lambda usual, rng: replace(usual, turn=_sign(rng) * rng.uniform(0.15, 0.3)),
    "squashed": lambda usual, rng: replace(usual, stretch=(1.0, rng.uniform(0.65, 0.8))),
    "stretched": lambda usual, rng: replace(usual, stretch=(rng.uniform(0.65, 0.8), 1.0)),
    "polyline": lambda usual, rng: replace(usual, speed=rng.uniform(55, 85)),
    "broken": lambda usual, rng: replace(usual, gap=usual.width + rng.uniform(8, 30)),
    "uneven": lambda usual, rng: replace(usual, unevenness=rng.uniform(0.25, 0.4)),
    "overshoot": lambda usual, rng: replace(usual, overshoot=rng.uniform(25, 50)),
}

KINDS: tuple[str, ...] = tuple(_TRAINED)
"""Hands to learn from, and to be judged by."""

HELD_OUT: tuple[str, ...] = tuple(_UNSEEN)
"""Hands that nothing is ever trained on: they tell whether what was learnt from the others carries over."""

_MAKERS = _TRAINED | _UNSEEN
