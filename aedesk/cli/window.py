"""`aedesk` without a command: the window, or one line that says what it lacks."""

from __future__ import annotations

import importlib
import sys

from aedesk.errors import AedeskError

_REMEDIES = {
    "darwin": "`brew install python-tk`, or use the installer of python.org",
    "win32": "run the installer of python.org again, choose Modify, and tick tcl/tk",
}
_ON_LINUX = "`sudo apt install python3-tk`, or your distribution's package of that kind"
_WITHOUT_SCREEN = (
    "models, train, evaluate, reconstruct, generate, map and fetch need no screen (`aedesk --help`)"
)


def open_window() -> int:
    """Open the window and return when it is closed. Without Tk or without a display: AedeskError."""
    try:
        tkinter = importlib.import_module("tkinter")
    except ImportError:
        remedy = _REMEDIES.get(sys.platform, _ON_LINUX)
        raise AedeskError(
            f"the window needs Tk, which this Python lacks: {remedy}; {_WITHOUT_SCREEN}"
        ) from None
    from aedesk.gui.main import run

    try:
        status: int = run()
    except tkinter.TclError as problem:
        if "display" not in str(problem):
            raise
        raise AedeskError(
            f"there is no screen for the window ({problem}): start it from a desktop, with `ssh -X`, or under"
            f" `xvfb-run`; {_WITHOUT_SCREEN}"
        ) from None
    return status
