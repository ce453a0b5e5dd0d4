"""The frames of a film of a run: its map, or a strip of its reconstructions, each with words on the epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from aedesk.analysis.animation_look import BAR, MARGIN, Look, digit, dot, fitted, font, write
from aedesk.storage.sample import Sample

MAP_SIZE = (640, 480)  # px
_HEADER = 58  # px, above the map: two lines
DIGITS, _EDGE, _GAP, _CAPTION = 10, 56, 8, 24  # a strip: how many, and px
_LEGEND_ROW, _LEGEND_COLUMNS, _LEGEND_NAME = 20, 2, 96  # px, how many, px
_COVER = 0.12  # of the map's pixels that all dots would cover if none lay on another
_RADII = (2.5, 8.0)  # px of the doubled picture, smallest and largest dot


@dataclass(frozen=True)
class Caption:
    """What a frame says of its epoch. share: how far the film has come, in [0, 1]."""

    epoch: str
    loss: str
    share: float

    @classmethod
    def of(cls, epoch: float, last: int, losses: dict[int, float], share: float) -> Caption:
        """epoch: how many are done, with a fraction; what is told is the last one that is whole."""
        done = math.floor(epoch + 1e-6)
        words = "before training" if done == 0 else f"epoch {done} of {last}"
        loss = f"validation loss {losses[done]:.4f}" if done in losses else ""
        return cls(words, loss, share)


class MapPainter:
    """Frames of the map. bounds: the corners (2, 2) of what is in view, the least x and y first."""

    def __init__(self, look: Look, sample: Sample, bounds: np.ndarray, title: str) -> None:
        self._look, self._labels = look, sample.labels
        width, height = MAP_SIZE
        self._ground = Image.new("RGB", MAP_SIZE, look.background)
        right = width - MARGIN - self._legend(sample.classes)
        self._box = (MARGIN, _HEADER, right - right % 2, height - 2 * MARGIN - BAR)
        write(
            ImageDraw.Draw(self._ground), (MARGIN, 10), fitted(title, width - 2 * MARGIN, 17), look.text, 17
        )
        area = np.array([self._box[2] - self._box[0], self._box[3] - self._box[1]])
        fair = math.sqrt(_COVER * 4 * area.prod() / (math.pi * max(1, len(self._labels))))
        self._offsets = _disc(float(np.clip(fair, *_RADII)))
        self._reach = int(np.abs(self._offsets).max())
        low, high = bounds
        self._middle = (low + high) / 2
        room = 2 * area - 2 * (self._reach + 4)  # px of the doubled picture
        self._scale = float((room / np.maximum(high - low, 1e-9)).min())
        self._paper = np.array([look.surface, *look.classes], np.uint8)

    def paint(self, points: np.ndarray, caption: Caption) -> np.ndarray:
        """One frame, (H, W, 3) uint8."""
        frame = self._ground.copy()
        frame.paste(Image.fromarray(self._dots(points)), self._box[:2])
        return _captioned(frame, self._look, caption, 34)

    def _dots(self, points: np.ndarray) -> np.ndarray:
        """Painted at twice the size, then averaged: the edges of dots are smooth, and so is a slow movement."""
        left, top, right, bottom = self._box
        width, height, pad = 2 * (right - left), 2 * (bottom - top), self._reach + 1
        places = (points - self._middle) * (self._scale, -self._scale) + (width / 2, height / 2)
        inside = ((places >= 0) & (places < (width, height))).all(axis=1)
        x, y = places[inside].astype(np.int64).T
        stride = width + 2 * pad
        canvas = np.zeros((height + 2 * pad) * stride, np.uint16)
        flat, tints = (y + pad) * stride + x + pad, (self._labels[inside] + 1).astype(np.uint16)
        for dx, dy in self._offsets:
            canvas[flat + (dy * stride + dx)] = tints
        painted = self._paper[canvas.reshape(-1, stride)[pad:-pad, pad:-pad]]
        rows = painted[::2].astype(np.uint16) + painted[1::2]
        sums = rows[:, ::2] + rows[:, 1::2]
        smooth: np.ndarray = np.rint(sums * np.float32(0.25)).astype(np.uint8)
        return smooth

    def _legend(self, names: tuple[str, ...]) -> int:
        """Draw the classes at the right edge and return the width that they take."""
        if len(names) < 2:
            return 0
        rows = (MAP_SIZE[1] - _HEADER - 2 * MARGIN) // _LEGEND_ROW
        entries = [*zip(names, self._look.classes, strict=True)]
        most = rows * _LEGEND_COLUMNS
        if len(entries) > most:
            entries = [*entries[: most - 1], (f"and {len(entries) - most + 1} more", self._look.background)]
        texts = [fitted(name, _LEGEND_NAME, 14) for name, _ in entries]
        column = 20 + math.ceil(max(font(14).getlength(text) for text in texts)) + 8
        columns = -(-len(entries) // rows)
        draw, mark = ImageDraw.Draw(self._ground), dot(10)
        for number, (text, (_, colour)) in enumerate(zip(texts, entries, strict=True)):
            x = MAP_SIZE[0] - MARGIN - (columns - number // rows) * column + 12
            y = _HEADER + number % rows * _LEGEND_ROW
            self._ground.paste(colour, (x, y + 4), mark)
            write(draw, (x + 16, y), text, self._look.text, 14)
        return columns * column


class StripPainter:
    """Frames of a strip: the originals (n, 28, 28) in [0, 1] over what an epoch makes of them."""

    def __init__(self, look: Look, originals: np.ndarray, title: str) -> None:
        self._look = look
        # The width of ten, so that the words have room where there are fewer.
        width = 2 * MARGIN + DIGITS * _EDGE + (DIGITS - 1) * _GAP
        self._tops = [62 + row * (_EDGE + _CAPTION + 4) + _CAPTION - 6 for row in range(2)]
        self.size = (width, self._tops[1] + _EDGE + 2 * MARGIN + BAR)
        self._ground = Image.new("RGB", self.size, look.background)
        draw = ImageDraw.Draw(self._ground)
        write(draw, (MARGIN, 10), fitted(title, width - 2 * MARGIN, 17), look.text, 17)
        for top, words in zip(self._tops, ("originals", "reconstructions"), strict=True):
            write(draw, (MARGIN, top - 20), words, look.muted, 13)
        self._row(self._ground, originals, self._tops[0])

    def paint(self, rebuilt: np.ndarray, caption: Caption) -> np.ndarray:
        """One frame, (H, W, 3) uint8, of reconstructions (n, 28, 28) in [0, 1]."""
        frame = self._ground.copy()
        self._row(frame, rebuilt, self._tops[1])
        return _captioned(frame, self._look, caption, 34)

    def _row(self, frame: Image.Image, pictures: np.ndarray, top: int) -> None:
        for column, picture in enumerate(pictures):
            frame.paste(digit(picture, _EDGE, self._look), (MARGIN + column * (_EDGE + _GAP), top))


def _captioned(frame: Image.Image, look: Look, caption: Caption, top: int) -> np.ndarray:
    """The frame with the words on its epoch at `top`, and how far the film has come at its foot."""
    draw = ImageDraw.Draw(frame)
    # At a place of its own: behind words that grow and shrink it would twitch.
    write(draw, (MARGIN, top), caption.epoch, look.text, 14)
    write(draw, (MARGIN + 170, top), caption.loss, look.muted, 14)
    left, right, foot = MARGIN, frame.width - MARGIN - 1, frame.height - MARGIN
    draw.rectangle((left, foot - BAR + 1, right, foot), fill=look.faint)
    if caption.share > 0:
        draw.rectangle(
            (left, foot - BAR + 1, left + round((right - left) * caption.share), foot), fill=look.accent
        )
    return np.asarray(frame)


def _disc(radius: float) -> np.ndarray:
    """(dx, dy) of the pixels of a disc, (k, 2)."""
    reach = math.ceil(radius)
    square = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), axis=-1).reshape(-1, 2)
    disc: np.ndarray = square[np.hypot(*square.T) <= radius]
    return disc
