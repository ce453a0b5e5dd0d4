"""Pictures in and out of the window: files and the clipboard."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageGrab

from aedesk.errors import AedeskError
from aedesk.storage.files import write_whole

PICTURE_TYPES = (
    ("Pictures", "*.png *.jpg *.jpeg *.bmp *.gif *.tif *.tiff *.webp"),
    ("All files", "*"),
)
_SCALE = 10  # screen pixels for each of a saved 28x28 picture


def save_png(picture: Image.Image, path: str) -> None:
    """Write a picture as PNG, whole or not at all. Raises AedeskError."""
    write_whole(path, _png(picture))


def enlarged(image: np.ndarray) -> Image.Image:
    """(28, 28) in [0, 1] -> a grey picture with hard pixels, large enough to look at; ink is bright."""
    small = Image.fromarray((image * 255).round().astype(np.uint8))
    return small.resize((28 * _SCALE, 28 * _SCALE), Image.Resampling.NEAREST)


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Pictures of one height in a row."""
    gap = 10
    width = sum(picture.width for picture in pictures) + gap * (len(pictures) - 1)
    sheet = Image.new("L", (width, max(picture.height for picture in pictures)), 128)
    x = 0
    for picture in pictures:
        sheet.paste(picture, (x, 0))
        x += picture.width + gap
    return sheet


def from_clipboard() -> Image.Image:
    """The picture (or picture file) on the system's clipboard. Raises AedeskError if there is none."""
    from aedesk.sketch import open_picture

    try:
        found = ImageGrab.grabclipboard()
    except (OSError, NotImplementedError, subprocess.SubprocessError):
        raise AedeskError(
            "The clipboard cannot be read here: install xclip (or wl-clipboard), or open the picture as a file"
        ) from None
    if isinstance(found, list) and found:
        return open_picture(found[0])
    if isinstance(found, Image.Image):
        return found
    raise AedeskError("There is no picture on the clipboard; copy one first, or open it as a file")


def to_clipboard(picture: Image.Image) -> None:
    """Put a picture on the system's clipboard. Raises AedeskError where nothing can."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "aedesk.png"
        path.write_bytes(_png(picture))
        for command in _copy_commands(path):
            try:
                # The tool forks and holds the picture; its pipes must not keep us waiting.
                with path.open("rb") as content:
                    subprocess.run(
                        command,
                        stdin=content,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        check=True,
                        timeout=10,
                    )
                return
            except (OSError, subprocess.SubprocessError):
                continue
    raise AedeskError("The clipboard cannot be written here: install xclip (or wl-clipboard), or save a file")


def _copy_commands(path: Path) -> list[list[str]]:
    """What may copy a PNG file here, the likeliest first."""
    if sys.platform == "darwin":
        script = f'set the clipboard to (read (POSIX file "{path}") as «class PNGf»)'
        return [["osascript", "-e", script]]
    if sys.platform == "win32":
        script = (
            "Add-Type -AssemblyName System.Windows.Forms, System.Drawing; "
            f"[Windows.Forms.Clipboard]::SetImage([Drawing.Image]::FromFile('{path}'))"
        )
        return [["powershell", "-NoProfile", "-STA", "-Command", script]]
    return [["wl-copy", "--type", "image/png"], ["xclip", "-selection", "clipboard", "-t", "image/png"]]


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
