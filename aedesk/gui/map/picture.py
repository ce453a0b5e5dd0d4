"""The map as a picture to keep: what is in view, twice as fine as on the screen, with its legend."""

from __future__ import annotations

from dataclasses import replace

from PIL import Image, ImageDraw, ImageFont

from aedesk.app.viewport import Viewport
from aedesk.gui.map.painter import Painter
from aedesk.gui.theme import Palette

_FINE = 2  # times the screen's resolution
_ROW, _GAP = 36, 16  # px
_TEXT, _SMALL = 24, 20  # px


def map_picture(painter: Painter, view: Viewport, palette: Palette, scale: float) -> Image.Image:
    """The map that `painter` shows of `view`, its legend beside it. scale: of the screen."""
    fine = replace(view, width=_FINE * view.width, height=_FINE * view.height)
    pixels, in_view = painter.paint(fine, _FINE * scale)
    size = (fine.width, fine.height)
    points = Image.frombuffer("RGBA", size, pixels, "raw", "RGBA", 0, 1)
    legend = _legend(painter, painter.notes(in_view), fine.height, palette)
    whole = Image.new("RGB", (fine.width + legend.width, fine.height), palette.surface)
    whole.paste(points.convert("RGB"), (0, 0))
    whole.paste(legend, (fine.width, 0))
    return whole


def _legend(painter: Painter, notes: str, height: int, palette: Palette) -> Image.Image:
    """Entries and small print in as many columns as the height asks for."""
    text, small = ImageFont.load_default(_TEXT), ImageFont.load_default(_SMALL)
    entries = painter.entries()
    rows = max(1, (height - 2 * _GAP - (len(notes.splitlines()) + 1) * _ROW) // _ROW)
    words = [f"{entry.name}  {entry.count:,}" + ("  hidden" if entry.hidden else "") for entry in entries]
    column = int(max(map(text.getlength, words), default=0)) + 2 * _GAP + _ROW
    columns = max(1, -(-len(entries) // rows))
    width = max(columns * column, int(max(map(small.getlength, notes.splitlines()), default=0)) + 2 * _GAP)
    legend = Image.new("RGB", (width, height), palette.surface)
    draw = ImageDraw.Draw(legend)
    for number, (entry, line) in enumerate(zip(entries, words, strict=True)):
        x, y = _GAP + number // rows * column, _GAP + number % rows * _ROW
        dot = (x, y + _ROW // 4, x + _ROW // 2, y + _ROW // 4 + _ROW // 2)
        draw.ellipse(dot, fill=None if entry.hidden else entry.colour, outline=entry.colour, width=2)
        draw.text((x + _ROW, y + _ROW // 2), line, palette.text, text, anchor="lm")
    below = _GAP + (min(rows, len(entries)) + 0.5) * _ROW
    draw.multiline_text((_GAP, below), notes, palette.muted, small, spacing=8)
    return legend
