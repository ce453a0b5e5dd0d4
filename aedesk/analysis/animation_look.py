"""What the frames of an animation look like: colours, words, a digit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageColor, ImageDraw, ImageFont

from aedesk.palette import class_colours

MARGIN, BAR = 16, 4  # px: around everything, and the height of the bar at the foot

_GREYS = 24  # between paper and ink, for digits
_MOST_COLOURS = 255  # of a GIF, which needs one for "as before"

Colour = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Look:
    """The colours of frames. classes: one for each. colours: (k, 3) uint8, all of them and those between them."""

    background: Colour
    surface: Colour
    text: Colour
    muted: Colour
    faint: Colour
    accent: Colour
    ink: Colour
    classes: tuple[Colour, ...]
    colours: np.ndarray


def look_of(dark: bool, classes: int) -> Look:
    """The light look or the dark one, for a map of so many classes; for pictures of digits if 0."""
    names = ("background", "surface", "text", "muted", "faint", "accent", "ink")
    light = ("#f4f5f8", "#ffffff", "#1b2130", "#5c667a", "#d9dde6", "#3f51d9", "#141824")
    night = ("#14171d", "#1d2129", "#e8ebf2", "#9aa4b8", "#333a47", "#8c9bff", "#f4f6fb")
    plain = {name: _rgb(colour) for name, colour in zip(names, night if dark else light, strict=True)}
    of_classes = np.array([_rgb(colour) for colour in class_colours(classes)]).reshape(-1, 3)
    if dark:  # else some could hardly be seen
        of_classes = np.rint(0.8 * of_classes + 0.2 * 255).astype(int)
    tints: tuple[Colour, ...] = tuple((int(r), int(g), int(b)) for r, g, b in of_classes)
    words = [_between(plain["background"], plain[name], 5) for name in ("text", "muted")]
    few = [np.array([*plain.values()]), *words]
    if tints:
        # Edges of dots in as many steps as there is room for: four where there are as few classes as digits.
        steps = max(1, min(4, (_MOST_COLOURS - len(np.concatenate(few))) // len(tints)))
        few += [_between(plain["surface"], tint, steps) for tint in tints]
    else:
        few.append(_between(plain["surface"], plain["ink"], _GREYS))
    colours = np.concatenate(few)[:_MOST_COLOURS].astype(np.uint8)
    return Look(**plain, classes=tints, colours=colours)


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The letters that Pillow carries with it: the same frames on every machine."""
    return ImageFont.load_default(size)


def write(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, colour: Colour, size: int) -> None:
    """Words with their upper left corner at `place`; `size` in px."""
    draw.text(place, text, fill=colour, font=font(size))


def fitted(text: str, width: int, size: int) -> str:
    """The text, or as much of it as `width` px hold, with an ellipsis."""
    text = "".join(character if character.isprintable() else " " for character in text)
    if font(size).getlength(text) <= width:
        return text
    while text and font(size).getlength(text + "…") > width:
        text = text[:-1]
    return text + "…"


def digit(picture: np.ndarray, edge: int, look: Look) -> Image.Image:
    """(28, 28) in [0, 1] as a square of `edge` px, ink on paper; best a multiple of 28."""
    paper, ink = np.array(look.surface, np.float32), np.array(look.ink, np.float32)
    steps = np.rint(np.clip(picture, 0, 1) * _GREYS)[..., None] / _GREYS
    shaded = np.rint(paper + steps * (ink - paper)).astype(np.uint8)
    return Image.fromarray(shaded).resize((edge, edge), Image.Resampling.NEAREST)


def dot(edge: int) -> Image.Image:
    """A disc as a mask of `edge` px, smooth at its rim."""
    large = Image.new("L", (4 * edge, 4 * edge))
    ImageDraw.Draw(large).ellipse((0, 0, 4 * edge - 1, 4 * edge - 1), fill=255)
    return large.resize((edge, edge), Image.Resampling.BOX)


def _between(ground: Colour, colour: Colour, steps: int) -> np.ndarray:
    """(steps, 3): from the first step off the ground up to the colour itself."""
    shares = np.arange(1, steps + 1)[:, None] / steps
    blended: np.ndarray = np.rint(np.array(ground) + shares * (np.array(colour) - np.array(ground)))
    return blended


def _rgb(colour: str) -> Colour:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue
