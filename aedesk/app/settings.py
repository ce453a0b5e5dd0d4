"""What the window remembers between starts. A missing, broken or unwritable file never stops anything."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import numpy as np
from PIL import Image

from aedesk import paths
from aedesk.errors import AedeskError
from aedesk.storage.files import write_whole

logger = logging.getLogger(__name__)


def load() -> dict[str, Any]:
    """The settings as last saved, or none."""
    try:
        settings = json.loads((paths.settings() / "settings.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return settings if isinstance(settings, dict) else {}


def save(settings: dict[str, Any]) -> None:
    """Write the settings whole; the last window to close wins."""
    _write("settings.json", json.dumps(settings, indent=1).encode())


def load_sketch() -> np.ndarray | None:
    """The last drawing as a 2-D uint8 raster, ink = 255; None if there is none to read."""
    try:
        with Image.open(paths.settings() / "sketch.png") as picture:
            return np.array(picture.convert("L"))
    except Exception:  # Pillow has many words for a broken picture: SyntaxError, DecompressionBombError ...
        return None


def save_sketch(raster: Image.Image) -> None:
    png = io.BytesIO()
    raster.save(png, "PNG")
    _write("sketch.png", png.getvalue())


def _write(name: str, content: bytes) -> None:
    try:
        paths.settings().mkdir(parents=True, exist_ok=True)
        write_whole(paths.settings() / name, content)
    except (OSError, AedeskError) as problem:
        logger.warning("%s was not kept: %s", name, problem)
