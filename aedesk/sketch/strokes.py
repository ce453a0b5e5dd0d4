"""The strokes that a pen would make to draw a digit: walks along the centre line of its ink."""

from __future__ import annotations

import numpy as np
from PIL import Image

Stroke = np.ndarray
"""(n, 2) float: the (x, y) of its points, in [0, 1] of the picture's side where nothing else is said."""

_FINE = 4
"""Centre lines are taken at this many pixels for each pixel of the digit: at 1 they lose loops and corners."""

_EDGE = 0.4
"""What is brighter than this share of the brightest is ink."""

_SPUR, _PART = 1.5, 0.7
"""Pixels of the digit, share of the pen's width: what is shorter than either is a burr of the edge, no stroke."""

_STEP = 0.35
"""Pixels of the digit from one point of a stroke to the next."""

_SMOOTHING = 2
"""Points on either side that a centre line is averaged over: it takes away the stairs of its pixels."""


def trace(digit: np.ndarray) -> list[Stroke]:
    """The strokes along a digit's centre line; it costs a millisecond or two.

    digit: (28, 28) uint8, ink = 255; any side will do. No ink, no strokes.
    """
    from skimage.morphology import skeletonize  # slow to import, and only who draws digits again needs it

    peak = int(digit.max(initial=0))
    if peak == 0:
        return []
    side = digit.shape[0] * _FINE
    fine = np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))
    ink = fine > peak * _EDGE
    lines = skeletonize(np.pad(ink, 1))  # type: ignore[no-untyped-call]
    width = ink.sum() / max(1, lines.sum())
    walks = _walks(lines, max(_SPUR * _FINE, _PART * width))
    rows = side + 2
    strokes = []
    for walk in walks:
        places = np.array(walk)
        points = (
            np.stack([places % rows, places // rows], 1) - 0.5
        )  # padded by 1, and middles are half within
        strokes.append(_evenly(_smooth(points), _STEP * _FINE) / side)
    return strokes


def _walks(lines: np.ndarray, spur: float) -> list[list[int]]:
    """Every pixel of the lines in a walk, as places in the flat array; straight on at crossings, without spurs.

    lines: (n, n) bool with an empty frame. spur: walks of fewer pixels are left out, but not the longest.
    """
    rows = lines.shape[0]
    whole = {int(place) for place in np.flatnonzero(lines)}
    beside = (-rows, 1, rows, -1, -rows - 1, 1 - rows, rows + 1, rows - 1)  # straight ones first
    near = {place: [place + by for by in beside if place + by in whole] for place in whole}
    _prune(near, spur)
    order = sorted(near)
    left = set(order)
    walks: list[tuple[bool, list[int]]] = []
    for start in [*(place for place in order if len(near[place]) == 1), *order]:
        if start not in left:
            continue
        walk = [start]
        left.discard(start)
        for _ in ("to one side", "to the other"):
            while (following := _next(walk, near, left, rows)) is not None:
                walk.append(following)
                left.discard(following)
            walk.reverse()
        before, after = (_joint(ends, near, left) for ends in (walk[:4], walk[:-5:-1]))
        joined = bool(before and after) and len(walk) > 2
        walks.append((joined, [*before, *walk, *after]))
    longest = max((len(walk) for _, walk in walks), default=0)
    return [walk for joined, walk in walks if joined or len(walk) >= min(spur, longest)]


def _prune(near: dict[int, list[int]], spur: float) -> None:
    """Take the burrs away, the shortest first: of the two that the end of a broad stroke forks into, one goes on."""
    while True:
        ends = [place for place in sorted(near) if len(near[place]) == 1]
        burrs = [burr for end in ends if (burr := _burr(end, near, spur))]
        if not burrs:
            return
        for place in min(burrs, key=len):
            for other in near.pop(place):
                near[other].remove(place)


def _burr(end: int, near: dict[int, list[int]], spur: float) -> list[int]:
    """The pixels from a loose end to the fork, that left out; none if the fork is as far as `spur` or there is none."""
    walk, ahead = [end], near[end]
    while len(walk) < spur:
        if not ahead:
            return []
        # Where a line takes a corner, the pixel in the corner leads to nothing but the one after it: that is no fork.
        if len(ahead) > 1 and (len(ahead) > 2 or {*near[ahead[0]]} != {walk[-1], ahead[1]}):
            return walk[:-1]
        walk.append(ahead[0])
        ahead = [place for place in near[ahead[0]] if place not in walk]
    return []


def _next(walk: list[int], near: dict[int, list[int]], left: set[int], rows: int) -> int | None:
    """The free neighbour that bends the walk least."""
    here = walk[-1]
    free = [place for place in near[here] if place in left]
    if len(free) < 2:
        return free[0] if free else None
    back = walk[max(0, len(walk) - 6)]
    down, right = here // rows - back // rows, here % rows - back % rows

    def straightness(place: int) -> float:
        dy, dx = place // rows - here // rows, place % rows - here % rows
        return float((dy * down + dx * right) / np.sqrt(dy * dy + dx * dx))

    return max(free, key=straightness)


def _joint(ends: list[int], near: dict[int, list[int]], left: set[int]) -> list[int]:
    """The pixel of another walk, or of this one's far part, that the first of `ends` touches: loops and forks close."""
    return [place for place in near[ends[0]] if place not in left and place not in ends][:1]


def _smooth(points: Stroke) -> Stroke:
    """A moving average that leaves the two ends in place."""
    reach = min(_SMOOTHING, len(points) - 1)
    if reach < 1:
        return points
    padded = np.pad(points, ((reach, reach), (0, 0)), mode="edge")
    smooth: np.ndarray = np.mean([padded[k : k + len(points)] for k in range(2 * reach + 1)], axis=0)
    smooth[0], smooth[-1] = points[0], points[-1]
    return smooth


def _evenly(points: Stroke, step: float) -> Stroke:
    """Points along the same line, about `step` from one to the next, with both ends."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    if along[-1] == 0:
        return points[:1]
    places = np.linspace(0, along[-1], max(2, round(along[-1] / step) + 1))
    return np.stack([np.interp(places, along, points[:, axis]) for axis in (0, 1)], 1)
