"""`aedesk` without a command: the window, or one line that says what it lacks."""

from __future__ import annotations

import sys

from aedesk.errors import AedeskError, NoScreenError

_REMEDIES = {
    "darwin": "`brew install python-tk`, or use the installer of python.org",
    "win32": "run the installer of python.org again, choose Modify, and tick tcl/tk",
}
_ON_LINUX = "`sudo apt install python3-tk`, or your distribution's package of that kind"
_WITHOUT_SCREEN = (
    "models, train, evaluate, reconstruct, generate, map and fetch need no screen (`aedesk --help`)"
)


def open_window() -> int:
    """Open the window and return when it is closed. Without Tk or without a screen: AedeskError."""
    try:
        from aedesk.gui.main import run
    except ImportError as problem:
        if problem.name not in {"tkinter", "_tkinter"}:
            raise
        remedy = _REMEDIES.get(sys.platform, _ON_LINUX)
        raise AedeskError(
            f"the window needs Tk, which this Python lacks: {remedy}; {_WITHOUT_SCREEN}"
        ) from None
    try:
        return run()
    except NoScreenError as problem:
        raise AedeskError(f"{problem}; {_WITHOUT_SCREEN}") from None
