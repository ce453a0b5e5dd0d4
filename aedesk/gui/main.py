"""Opens the window."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import tkinter as tk
from typing import Any

from aedesk.app import settings
from aedesk.errors import NoScreenError
from aedesk.gui.theme import Look
from aedesk.gui.window import Window

logger = logging.getLogger(__name__)


def run() -> int:
    """Show the window until it is closed. Raises NoScreenError where there is no screen for it."""
    logging.basicConfig(level=logging.DEBUG if os.environ.get("AEDESK_DEBUG") else logging.WARNING)
    remembered = settings.load()
    look = Look(str(remembered.get("theme", "light")))
    try:
        root = look.open_root()
    except tk.TclError as problem:
        reason = " ".join(str(problem).split())
        raise NoScreenError(
            f"there is no screen for the window ({reason}): start it from a desktop, with `ssh -X`, or under `xvfb-run`"
        ) from None
    window = Window(root, look, remembered)
    _report_errors(root, window)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Python runs this between two callbacks of the window; the tick then sees it.
        signal.signal(number, lambda *_: window.request_end())
    window.start()
    root.mainloop()
    return 0


def _report_errors(root: tk.Tk, window: Window) -> None:
    """Nothing dies silently: an error in a callback or a thread becomes a log line and a dialog."""

    def on_callback_error(kind: type[BaseException], problem: BaseException, traceback: Any) -> None:
        logger.error("error in the window", exc_info=(kind, problem, traceback))
        window.tell_problem(problem)

    def on_thread_error(args: threading.ExceptHookArgs) -> None:
        # Not a dialog: this runs in the thread, and Tk may not be called there.
        logger.error("error in %s", args.thread, exc_info=args.exc_value)

    root.report_callback_exception = on_callback_error
    threading.excepthook = on_thread_error
    sys.unraisablehook = lambda args: logger.error("unraisable error", exc_info=args.exc_value)
