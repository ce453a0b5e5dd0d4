"""Colours of classes, for the window and for figures in files."""

import colorsys

# Found by search: the smallest distance between two of them in CIELAB is 40 for normal sight, and 25 as seen
# with protanopia or deuteranopia (simulated by Machado et al. 2009). Matplotlib's petroff10: 19 and 18.
_TEN = (
    "#0085ff", "#e78c04", "#bd2769", "#386c24", "#9906b4",
    "#1cdefa", "#0ee972", "#601cf9", "#9f69b3", "#72d9a7",
)  # fmt: skip
# Found likewise, the farthest from those before it first: 21 and 14 among the first 26, 12 and 8 among all 62.
# Contrast is 1.6 or more on white, and 3 or more on the dark theme's surface.
_MORE = (
    "#5abeff", "#5a828c", "#aa6e5a", "#967800", "#464682", "#005a50", "#ffbe00", "#3c50e6",
    "#fa7846", "#a01e00", "#aad2d2", "#a0968c", "#b4a0c8", "#465032", "#96b478", "#7882dc",
    "#6eb450", "#0a46a0", "#f0b446", "#645ad2", "#50648c", "#b45a3c", "#ff64b4", "#6e3264",
    "#9650b4", "#aa96dc", "#e63cff", "#8cdc8c", "#6e646e", "#7814c8", "#aa8c5a", "#00a0aa",
    "#8c3250", "#969632", "#fabe6e", "#c86496", "#d2a0aa", "#6e966e", "#e6aae6", "#ff5028",
    "#0096ff", "#5a461e", "#aa14ff", "#d250d2", "#4628dc", "#aaaa8c", "#64e60a", "#aa4696",
    "#a05a5a", "#64500a", "#005096", "#5aaafa",
)  # fmt: skip
_KNOWN = _TEN + _MORE


def class_colours(count: int) -> list[str]:
    """`count` hex colours, the ten of the digits first; beyond 62, hues at even distances in two lightnesses."""
    if count <= len(_KNOWN):
        return list(_KNOWN[:count])
    colours = (colorsys.hls_to_rgb(i / count, 0.42 if i % 2 else 0.62, 0.65) for i in range(count))
    return ["#" + "".join(f"{round(255 * part):02x}" for part in colour) for colour in colours]
