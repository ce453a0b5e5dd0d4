"""Colours of classes, for the window and for figures in files."""

import colorsys

# Found by search: the smallest distance between two of them in CIELAB is 40 for normal sight, and 25 as seen
# with protanopia or deuteranopia (simulated by Machado et al. 2009). Matplotlib's petroff10: 19 and 18.
_TEN = (
    "#0085ff", "#e78c04", "#bd2769", "#386c24", "#9906b4",
    "#1cdefa", "#0ee972", "#601cf9", "#9f69b3", "#72d9a7",
)  # fmt: skip


def class_colours(count: int) -> list[str]:
    """`count` hex colours, the ten of the digits first; beyond ten, hues at even distances in two lightnesses."""
    if count <= len(_TEN):
        return list(_TEN[:count])
    colours = (colorsys.hls_to_rgb(i / count, 0.42 if i % 2 else 0.62, 0.65) for i in range(count))
    return ["#" + "".join(f"{round(255 * part):02x}" for part in colour) for colour in colours]
