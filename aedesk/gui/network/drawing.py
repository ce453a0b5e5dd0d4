"""The shapes in the picture of a network, drawn by Pillow: smooth edges that a canvas of Tk cannot give."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log

from PIL import Image, ImageColor, ImageDraw

from aedesk.gui.network.columns import SAMPLED, Column
from aedesk.gui.theme import Palette

_BAR = 15  # px: how wide a layer of plain numbers is
_SHIFT = 3.5  # px from one sheet of maps to the next
_MOST_SHEETS = 6
_PICTURE_GAP = 7  # px between a picture and its numbers
_SHELF = 7  # px from one line of a memory to the next
_NUMERAL = (
    (0.30, 0.30), (0.36, 0.20), (0.50, 0.15), (0.64, 0.20), (0.70, 0.32), (0.65, 0.46),
    (0.52, 0.60), (0.36, 0.74), (0.28, 0.83), (0.50, 0.82), (0.74, 0.82),
)  # fmt: skip
"""The stroke of a 2, in a square of edge 1."""

BRACKET = 6
"""px between the brackets of two tied pairs."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Block:
    """Where a column is drawn, px: `front` is the box that its neighbours are joined to; of `sheets`, each lies
    `shift` farther behind.

    slant: px that a sheet's left edge is lower than its right one, where it is seen from the side.
    picture: the edge of the little picture beside the numbers of an input or output, 0 where there is none.
    """

    front: tuple[float, float, float, float]
    sheets: int = 1
    shift: float = 0.0
    slant: float = 0.0
    picture: float = 0.0


def lay_out(
    columns: list[Column], centres: list[float], top: float, tall: float, scale: float
) -> list[Block]:
    """A block for each column, by the logarithm of its size, round a common axis `tall` px high from `top`."""
    pitch = min(after - before for before, after in pairwise(centres))
    with_maps = any(column.is_maps for column in columns)
    bar = min(_BAR * scale, 0.45 * pitch)
    shift = min(_SHIFT * scale, 0.05 * pitch)
    edge = 0.86 * tall - shift * _MOST_SHEETS
    turned = max(0.2, min(1.0, (0.74 * pitch - shift * _MOST_SHEETS) / edge))  # 1: seen from the front
    highest = 0.8 * tall if with_maps else tall
    most = max(column.numbers for column in columns if column.role != "memory")
    blocks = []
    for column, centre in zip(columns, centres, strict=True):
        if column.is_maps:
            blocks.append(_stack(column, centre, top + tall / 2, edge, turned, shift))
            continue
        # Steeper than the logarithm itself: the eye should see the narrowing at once.
        share = min(1.0, log(column.numbers) / log(most)) ** 1.5
        high = max(0.8 * bar, highest * share)
        picture, middle = 0.0, centre
        if column.role in {"input", "output"}:
            picture = min(0.5 * tall, pitch - bar - (_PICTURE_GAP + 12) * scale)
            picture = picture if picture >= 20 * scale else 0.0
            beside = (picture + _PICTURE_GAP * scale) / 2 if picture else 0.0
            middle += beside if column.role == "input" else -beside
        wide = {"moments": 2.2, "memory": 1.8}.get(column.role, 1.0) * bar
        low = top + (tall - high) / 2
        blocks.append(Block((middle - wide / 2, low, middle + wide / 2, low + high), picture=picture))
    return blocks


def _stack(column: Column, centre: float, axis: float, edge: float, turned: float, shift: float) -> Block:
    """Maps as sheets, as many as a logarithm of their number, one behind the other."""
    sheets = 1 + min(_MOST_SHEETS - 1, round(log(column.shape[0], 4)))
    high = edge * log(1 + max(column.shape[1:])) / log(29)
    wide = turned * high
    slant = 0.35 * wide * (1 - turned)
    spread = (sheets - 1) * shift
    left, upper = centre - (wide + spread) / 2, axis - (high - spread) / 2
    return Block((left, upper, left + wide, upper + high), sheets, shift, slant)


def draw(
    columns: list[Column],
    blocks: list[Block],
    palette: Palette,
    size: tuple[int, int],
    over: int,
    scale: float,
) -> Image.Image:
    """The blocks, what joins them, and brackets over tied pairs, on the background. over: px kept for texts above."""
    fine = 3 if size[0] * size[1] < 150_000 else 2
    return _Drawing(palette, size, fine, scale).paint(columns, blocks, over)


class _Drawing:
    def __init__(self, palette: Palette, size: tuple[int, int], fine: int, scale: float) -> None:
        self._palette, self._fine, self._scale = palette, fine, scale
        self._sheet = Image.new("RGB", (size[0] * fine, size[1] * fine), palette.background)
        self._pen = ImageDraw.Draw(self._sheet)
        self._join = _mix(palette.background, palette.muted, 0.17)
        self._fill = _mix(palette.surface, palette.muted, 0.38)
        self._edge = _mix(palette.background, palette.muted, 0.95)
        self._code = _mix(palette.surface, palette.accent, 0.85)
        self._accent = _mix(palette.surface, palette.accent, 1)
        self._paper = _mix(palette.surface, palette.surface, 0)

    def paint(self, columns: list[Column], blocks: list[Block], over: int) -> Image.Image:
        for before, after, to in zip(blocks, blocks[1:], columns[1:], strict=False):
            self._joint(before, after, drawn=SAMPLED in to.words)
        for column, block in zip(columns, blocks, strict=True):
            self._block(column, block)
        self._brackets(columns, blocks, over)
        return self._sheet.reduce(self._fine)

    def _at(self, *numbers: float) -> list[float]:
        return [number * self._fine for number in numbers]

    def _joint(self, before: Block, after: Block, *, drawn: bool) -> None:
        """Everything with everything: a band that narrows or widens. drawn: by chance, not by weights."""
        _, top, right, bottom = before.front
        left, upper, _, lower = after.front
        if drawn:
            middle, reach = (top + bottom) / 2, 4 * self._scale
            self._pen.line(self._at(right + 3, middle, left - 3, middle), self._accent, self._thick(1.4))
            tip = self._at(
                left - 3,
                middle,
                left - 3 - 1.6 * reach,
                middle - reach,
                left - 3 - 1.6 * reach,
                middle + reach,
            )
            self._pen.polygon(tip, self._accent)
            return
        fall, rise = after.slant / 2, before.slant / 2
        corners = (right, top - rise), (left, upper + fall), (left, lower + fall), (right, bottom - rise)
        self._pen.polygon(self._at(*(number for corner in corners for number in corner)), self._join)

    def _thick(self, width: float) -> int:
        return max(1, round(width * self._scale * self._fine))

    def _block(self, column: Column, block: Block) -> None:
        left, top, right, bottom = block.front
        is_code = column.role == "code"
        fill, edge = (self._code, self._accent) if is_code else (self._fill, self._edge)
        if column.role == "moments":
            return self._moments(block)
        if column.is_maps:
            is_picture = column.role in {"input", "output"}
            for place in reversed(range(block.sheets)):
                self._sheet_at(block, place, self._paper if is_picture else fill)
            if is_picture:
                self._numeral(block.front, block.slant, soft=column.role == "output")
            return
        self._box(left, top, right, bottom, fill, edge, 3)
        if column.role == "memory":
            self._shelves(block)
        if block.picture:
            gap = _PICTURE_GAP * self._scale
            x = left - gap - block.picture if column.role == "input" else right + gap
            y = (top + bottom - block.picture) / 2
            box = x, y, x + block.picture, y + block.picture
            self._box(*box, self._paper, edge, 1)
            self._numeral(box, 0, soft=column.role == "output")

    def _sheet_at(self, block: Block, place: int, fill: Colour) -> None:
        """One of a stack; the higher its place, the farther behind."""
        left, top, right, bottom = block.front
        by, half = place * block.shift, block.slant / 2
        corners = (left, top + half), (right, top - half), (right, bottom - half), (left, bottom + half)
        points = [(self._fine * (x + by), self._fine * (y - by)) for x, y in corners]
        self._pen.polygon(points, fill)
        self._pen.line([*points, points[0], points[1]], self._edge, self._thick(1), joint="curve")

    def _shelves(self, block: Block) -> None:
        """Lines across a memory: one thing beside another, and no sum of them."""
        left, top, right, bottom = block.front
        count = int((bottom - top) / (_SHELF * self._scale))
        for place in range(1, count):
            y = top + place * (bottom - top) / count
            self._pen.line(self._at(left, y, right, y), self._edge, self._thick(0.8))

    def _moments(self, block: Block) -> None:
        """Two bars side by side, the log-variance in outline."""
        left, top, right, bottom = block.front
        wide = 0.42 * (right - left)
        self._box(left, top, left + wide, bottom, self._code, self._accent, 3)
        pale = _mix(self._palette.surface, self._palette.accent, 0.18)
        self._box(right - wide, top, right, bottom, pale, self._accent, 3)

    def _box(
        self, left: float, top: float, right: float, bottom: float, fill: Colour, edge: Colour, radius: float
    ) -> None:
        box = self._at(left, top, right, bottom)
        least = min(box[2] - box[0], box[3] - box[1])
        round_off = radius * self._scale * self._fine
        if least > 2 * round_off + 2:
            self._pen.rounded_rectangle(box, round_off, fill, edge, self._thick(1))
        elif least >= 0:  # Pillow rounds no corners that leave nothing straight between them
            self._pen.rectangle(box, fill, edge)

    def _numeral(self, box: tuple[float, float, float, float], slant: float, *, soft: bool) -> None:
        """A 2 in ink; as a network rebuilds it, a little softer."""
        left, top, right, bottom = box
        points = [
            (
                self._fine * (left + u * (right - left)),
                self._fine * (top + v * (bottom - top) + (0.5 - u) * slant),
            )
            for u, v in _NUMERAL
        ]
        strokes = ((0.18, 0.3), (0.12, 0.75)) if soft else ((0.12, 1.0),)
        for width, weight in strokes:
            colour = _mix(self._palette.surface, self._palette.ink, weight)
            thick = max(2, round(width * (right - left) * self._fine))
            self._pen.line(points, colour, thick, joint="curve")
            for u, v in (points[0], points[-1]):
                half = thick / 2
                self._pen.ellipse((u - half, v - half, u + half, v + half), colour)

    def _brackets(self, columns: list[Column], blocks: list[Block], over: int) -> None:
        """Join each pair of layers that share their weights, the outermost highest; they lie above all texts."""
        pairs = [
            (place, column.tied_to) for place, column in enumerate(columns) if column.tied_to is not None
        ]
        top = min(block.front[1] for block in blocks) - over
        for rank, (late, early) in enumerate(sorted(pairs)):
            self._bracket(
                self._between(blocks, early),
                self._between(blocks, late),
                top,
                top - BRACKET * (rank + 1) * self._scale,
            )

    @staticmethod
    def _between(blocks: list[Block], place: int) -> float:
        """Where the weights of a column are: in the band before it."""
        return (blocks[place - 1].front[2] + blocks[place].front[0]) / 2

    def _bracket(self, left: float, right: float, low: float, high: float) -> None:
        radius = min(5 * self._scale, low - high)
        thick, colour = self._thick(1.2), self._accent
        self._pen.line(self._at(left, low, left, high + radius), colour, thick)
        self._pen.line(self._at(right, low, right, high + radius), colour, thick)
        half = thick / 2 / self._fine
        self._pen.line(self._at(left + radius, high, right - radius, high), colour, thick)
        for x, start in ((left, 180), (right - 2 * radius, 270)):
            box = self._at(x - half, high - half, x + 2 * radius + half, high + 2 * radius + half)
            self._pen.arc(box, start, start + 90, colour, thick)


def _mix(under: str, over: str, share: float) -> Colour:
    """`share` of one colour over another."""
    below, above = ImageColor.getrgb(under), ImageColor.getrgb(over)
    red, green, blue = (round(b + share * (a - b)) for b, a in zip(below[:3], above[:3], strict=True))
    return red, green, blue
