"""The colours of classes can be told apart, also by those who see fewer colours, on both themes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageColor
from skimage.color import rgb2lab

from aedesk.gui.theme import DARK, LIGHT, Palette
from aedesk.palette import class_colours

# What a linear RGB colour looks like without red cones, or without green ones (Machado et al. 2009).
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
}


def linear(colours: list[str]) -> np.ndarray:
    """(n, 3) in [0, 1], proportional to light."""
    values = np.array([ImageColor.getrgb(colour) for colour in colours]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def least_distance(colours: list[str], sight: str) -> float:
    """Between any two, in CIELAB."""
    seen = (linear(colours) @ np.transpose(SIGHTS[sight])).clip(0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    return float(apart[~np.eye(len(colours), dtype=bool)].min())


@pytest.mark.parametrize(("count", "normal", "other"), [(10, 40, 25), (26, 21, 14), (62, 12, 8)])
def test_no_two_colours_are_near_each_other(count: int, normal: float, other: float) -> None:
    colours = class_colours(count)
    assert least_distance(colours, "normal") > normal
    assert least_distance(colours, "protanopia") > other
    assert least_distance(colours, "deuteranopia") > other


@pytest.mark.parametrize(("theme", "least"), [(LIGHT, 1.6), (DARK, 3)])
def test_every_colour_shows_on_the_surface_of_the_map(theme: Palette, least: float) -> None:
    weights = [0.2126, 0.7152, 0.0722]
    surface = float((linear([theme.surface]) @ weights)[0])
    light = linear(theme.class_colours(62)) @ weights
    contrast = (np.maximum(light, surface) + 0.05) / (np.minimum(light, surface) + 0.05)
    assert contrast.min() > least


def test_the_digits_keep_their_colours_whatever_else_there_is() -> None:
    ten = [
        "#0085ff",
        "#e78c04",
        "#bd2769",
        "#386c24",
        "#9906b4",
        "#1cdefa",
        "#0ee972",
        "#601cf9",
        "#9f69b3",
        "#72d9a7",
    ]
    assert class_colours(10) == class_colours(62)[:10] == ten
    assert class_colours(3) == ten[:3]


@pytest.mark.parametrize("count", [0, 1, 62, 63, 200])
def test_there_are_as_many_colours_as_classes_and_all_differ(count: int) -> None:
    colours = class_colours(count)
    assert len(set(colours)) == len(colours) == count
