"""What the window remembers between starts. A missing, broken or unwritable file never stops anything."""

from __future__ import annotations

import base64
import io
import json
import logging
import math
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.storage.files import write_whole

logger = logging.getLogger(__name__)
_PNG = ("PNG",)
_EXACT = "exact"  # the note in the drawing's file that holds the picture it was enlarged from


def load() -> dict[str, Any]:
    """The settings as last saved, or none; a number that is not finite is left out, wherever it stands."""
    try:
        settings = _sane(json.loads((paths.settings() / "settings.json").read_text("utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}
    return settings if isinstance(settings, dict) else {}


def save(settings: dict[str, Any]) -> None:
    """Write the settings whole; the last window to close wins."""
    _write("settings.json", json.dumps(settings, indent=1).encode())


def load_sketch() -> np.ndarray | None:
    """The last drawing as a 2-D uint8 raster, ink = 255; None if there is none to read."""
    try:
        with Image.open(paths.settings() / "sketch.png", formats=_PNG) as picture:
            return np.array(picture.convert("L"))
    except Exception:  # Pillow has many words for a broken picture: SyntaxError, DecompressionBombError ...
        return None


def load_exact() -> np.ndarray | None:
    """The picture that the last drawing was enlarged from, (28, 28) float32 in [0, 1]; None if there is none."""
    try:
        with Image.open(paths.settings() / "sketch.png", formats=_PNG) as picture:
            numbers = base64.b64decode(picture.info[_EXACT], validate=True)
        exact = np.frombuffer(numbers, "<f4").reshape(28, 28).astype(np.float32)
    except Exception:  # as above; and a picture without the note has nothing to say
        return None
    return exact if ((exact >= 0) & (exact <= 1)).all() else None


def save_sketch(raster: Image.Image, exact: np.ndarray | None = None) -> None:
    """Keep the drawing, and with it the (28, 28) picture in [0, 1] that it was enlarged from, if any."""
    notes = PngInfo()
    if exact is not None:
        notes.add_text(_EXACT, base64.b64encode(exact.astype("<f4").tobytes()).decode())
    png = io.BytesIO()
    raster.save(png, "PNG", pnginfo=notes)
    _write("sketch.png", png.getvalue())


def _sane(value: Any) -> Any:
    """JSON without what a float cannot hold: NaN, infinity, an integer of hundreds of digits."""
    if isinstance(value, dict):
        return {key: _sane(inner) for key, inner in value.items() if not _is_beyond_floats(inner)}
    if isinstance(value, list):
        return [_sane(inner) for inner in value if not _is_beyond_floats(inner)]
    return value


def _is_beyond_floats(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not math.isfinite(value)
    except OverflowError:
        return True


def _write(name: str, content: bytes) -> None:
    try:
        paths.settings().mkdir(parents=True, exist_ok=True)
        write_whole(paths.settings() / name, content)
    except (OSError, AedeskError) as problem:
        logger.warning("%s was not kept: %s", name, problem)
