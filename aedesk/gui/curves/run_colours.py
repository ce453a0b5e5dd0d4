"""Colours of runs that are drawn side by side; those of the ten digits stay theirs. No Tk in here."""

# Found by search, with the accent, which is the colour of the run on show, among them: the smallest distance between
# two in CIELAB is 36 for normal sight, and 22 as seen with protanopia or deuteranopia, in both themes.
_LIGHT = ("#e6790c", "#c23899", "#19af64", "#2896e0", "#2b5a43", "#580d05", "#596305", "#2b244a")
_DARK = ("#ed8925", "#bf569f", "#00ff80", "#97d6ff", "#b1efd0", "#c67269", "#dcef37", "#7e5eff")

COUNT = len(_LIGHT)


def run_colour(index: int, *, dark: bool = False) -> str:
    """The hex colour of the run at `index`; the ninth has that of the first again."""
    colours = _DARK if dark else _LIGHT
    return colours[index % COUNT]
