"""Holes that an eraser knocks into a drawing: what a model would see of it, before and after."""

from __future__ import annotations

import numpy as np

from aedesk.app.ink import SIZE, Ink

_SOFT = 0.6  # pixels: how far the edge of a hole is uncertain, for a drawing is framed and its pen evened out


class Holes:
    """What an eraser has taken out of a drawing, as a damaged picture in the place of the whole one.

    Erased ink would be framed anew, larger and elsewhere, and could be compared with nothing; so the whole drawing is
    kept as it was before the eraser came, and what is gone of it is taken out of the picture that a model saw of it.
    """

    def __init__(self) -> None:
        self._whole: np.ndarray | None = None  # raster
        self._seen = np.zeros((28, 28), np.float32)
        self._ink = 0  # of the raster when it was looked at last

    def look(self, ink: Ink) -> tuple[np.ndarray, np.ndarray | None]:
        """(damaged, clean), each (28, 28): clean is the drawing before it was erased, None where nothing was."""
        pixels = ink.pixels
        amount = int(pixels.sum())
        # A stroke of the pen that is undone leaves less ink, too, but no hole: only then is there something to redo.
        undone = amount < self._ink and ink.can_redo
        self._ink = amount
        if self._whole is None or undone or (pixels > self._whole).any():
            self._whole, self._seen = pixels.copy(), ink.seen
            return self._seen, None
        if np.array_equal(pixels, self._whole):
            return self._seen, None
        return self._seen * _kept(self._whole, pixels, self._seen), self._seen


def _kept(whole: np.ndarray, rest: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The share (28, 28) of its ink that each pixel of `seen` keeps when the raster `whole` becomes `rest`."""
    from PIL import Image

    # `seen` is the raster moved and scaled: to the same centre of mass, and the same spread around it.
    (x, y, spread), (seen_x, seen_y, seen_spread) = _moments(whole), _moments(seen)
    scale = spread / max(seen_spread, 1e-6)
    left, top = x - seen_x * scale, y - seen_y * scale
    side = len(seen) * scale
    margin = int(np.ceil(max(-left, -top, left + side - SIZE, top + side - SIZE, 0)))
    box = (left + margin, top + margin, left + margin + side, top + margin + side)
    apart = np.subtract.outer(np.arange(len(seen)), np.arange(len(seen)))
    soften = np.exp(-0.5 * (apart / _SOFT) ** 2)
    before, after = (
        soften
        @ np.asarray(
            Image.fromarray(np.pad(raster, margin)).resize(seen.shape, Image.Resampling.BOX, box=box),
            np.float64,
        )
        @ soften
        for raster in (whole, rest)
    )
    share: np.ndarray = np.divide(after, before, out=np.ones_like(before), where=before > 1)
    return share.clip(0, 1)


def _moments(picture: np.ndarray) -> tuple[float, float, float]:
    """(x, y) of the centre of the ink, from the left upper corner of the picture, and its standard deviation."""
    ink = picture.astype(np.float64)
    total = ink.sum()
    places = [np.arange(length) + 0.5 for length in ink.shape]
    down, across = ink.sum(axis=1), ink.sum(axis=0)
    y, x = float(down @ places[0] / total), float(across @ places[1] / total)
    spread = (down @ (places[0] - y) ** 2 + across @ (places[1] - x) ** 2) / total
    return x, y, float(np.sqrt(spread))
