"""Pictures in and out of the window: the kinds of files, and the clipboard."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageGrab

from aedesk.errors import AedeskError
from aedesk.picture_file import open_picture, read_picture
from aedesk.storage.pictures import png

PICTURE_TYPES = (
    ("Pictures", "*.png *.jpg *.jpeg *.bmp *.gif *.tif *.tiff *.webp"),
    ("All files", "*"),
)
_PATIENCE = 5.0  # seconds for a program that copies or pastes; the window waits for it
_NO_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would flash one up
_SCRIPTED = {
    "darwin": [
        "osascript",
        *("-e", "on run argv"),
        *("-e", "set the clipboard to (read (POSIX file (item 1 of argv)) as «class PNGf»)"),
        *("-e", "end run"),
    ],
    "win32": [
        *("powershell", "-NoProfile", "-STA", "-Command"),
        "$ErrorActionPreference = 'Stop'; Add-Type -AssemblyName System.Windows.Forms, System.Drawing; "
        "[Windows.Forms.Clipboard]::SetImage([Drawing.Image]::FromFile($env:AEDESK_PICTURE))",
    ],
}
"""What copies the picture file `AEDESK_PICTURE`, which is also the last argument on macOS, by system."""


def from_clipboard() -> Image.Image:
    """The picture (or picture file) on the system's clipboard. Raises AedeskError if there is none."""
    try:
        found = _grab() if sys.platform in _SCRIPTED else _paste()
    except subprocess.CalledProcessError:  # a tool's way to say that it finds no picture
        found = None
    except subprocess.TimeoutExpired:
        raise AedeskError(
            "The program that holds the clipboard does not answer: copy the picture again, or open it as a file"
        ) from None
    except OSError:
        raise AedeskError(
            f"The clipboard cannot be read {_remedy()}, or open the picture as a file"
        ) from None
    if found is None:
        raise AedeskError("There is no picture on the clipboard; copy one first, or open it as a file")
    return found


def to_clipboard(picture: Image.Image) -> None:
    """Put a picture on the system's clipboard. Raises AedeskError where nothing can."""
    try:
        if sys.platform in _SCRIPTED:
            _copy_by_script(png(picture))
        else:
            _copy(png(picture))
    except FileNotFoundError:
        raise AedeskError(f"The clipboard cannot be written {_remedy()}, or save it as a file") from None
    except (OSError, subprocess.SubprocessError):
        raise AedeskError(
            "The clipboard cannot be written just now: try again, or save it as a file"
        ) from None


def _grab() -> Image.Image | None:
    """What Windows or macOS has on its clipboard, by Pillow."""
    try:
        found = ImageGrab.grabclipboard()
        if isinstance(found, Image.Image):
            found.load()
    except Exception as problem:  # another program's picture and the system raise nearly any type
        raise OSError(str(problem)) from problem
    if isinstance(found, list):
        return open_picture(found[0]) if found else None
    return found


def _paste() -> Image.Image:
    """What the clipboard of X11 or Wayland has, by a tool of the session.

    Pillow waits for ever for a program that holds the clipboard and does not answer, such as this very
    window, which cannot answer while it waits.
    """
    commands = [["xclip", "-selection", "clipboard", "-t", "image/png", "-o"]]
    if _on_wayland():
        commands.insert(0, ["wl-paste", "--type", "image"])
    content = _run_first(commands, stdin=subprocess.DEVNULL, capture_output=True)
    return read_picture(io.BytesIO(content), "the picture on the clipboard")


def _copy(png: bytes) -> None:
    commands = [["xclip", "-selection", "clipboard", "-t", "image/png"]]
    if _on_wayland():
        commands.insert(0, ["wl-copy", "--type", "image/png"])
    # The tool forks and holds the picture; its pipes must not keep us waiting.
    _run_first(commands, input=png, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _copy_by_script(png: bytes) -> None:
    """On Windows and macOS. The file's name goes beside the script, so that nothing in it needs quotes."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "aedesk.png"
        path.write_bytes(png)
        command = _SCRIPTED[sys.platform] + ([str(path)] if sys.platform == "darwin" else [])
        _run_first(
            [command],
            env={**os.environ, "AEDESK_PICTURE": str(path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _run_first(commands: list[list[str]], **options: Any) -> bytes:
    """What the first command that works says; FileNotFoundError where none is installed.

    Raises what the last one that is there has raised: OSError, CalledProcessError, TimeoutExpired.
    """
    problem: Exception = FileNotFoundError()
    for command in commands:
        try:
            content: bytes = subprocess.run(
                command, check=True, timeout=_PATIENCE, creationflags=_NO_CONSOLE, **options
            ).stdout
            return content
        except FileNotFoundError:
            continue
        except (OSError, subprocess.SubprocessError) as failure:
            problem = failure
    raise problem


def _on_wayland() -> bool:
    return bool(os.environ.get("WAYLAND_DISPLAY"))


def _remedy() -> str:
    """Where and what to do, as the words that follow what cannot be done."""
    if sys.platform in _SCRIPTED:
        return "just now: try again"
    return f"here: install {'wl-clipboard' if _on_wayland() else 'xclip'}"
