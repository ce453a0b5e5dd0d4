"""Opens the window."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import tkinter as tk
from typing import Any

from aedesk.app import settings
from aedesk.gui.dialogs import show_problem
from aedesk.gui.theme import Look
from aedesk.gui.window import Window

logger = logging.getLogger(__name__)


def run() -> int:
    """Show the window until it is closed. Raises tkinter.TclError where there is no display."""
    logging.basicConfig(level=logging.DEBUG if os.environ.get("AEDESK_DEBUG") else logging.WARNING)
    remembered = settings.load()
    look = Look(str(remembered.get("theme", "light")))
    root = look.open_root()
    _report_errors(root)
    window = Window(root, look, remembered)
    gc.collect()
    gc.freeze()  # a full collection with torch and Matplotlib loaded would stall the pen for 60 ms and more
    window.start()
    root.mainloop()
    return 0


def _report_errors(root: tk.Tk) -> None:
    """Nothing dies silently: an error in a callback or a thread becomes a log line and a dialog."""

    def on_callback_error(kind: type[BaseException], problem: BaseException, traceback: Any) -> None:
        logger.error("error in the window", exc_info=(kind, problem, traceback))
        show_problem(root, problem)

    def on_thread_error(args: threading.ExceptHookArgs) -> None:
        # Not a dialog: this runs in the thread, and Tk may not be called there.
        logger.error("error in %s", args.thread, exc_info=args.exc_value)

    root.report_callback_exception = on_callback_error
    threading.excepthook = on_thread_error
    sys.unraisablehook = lambda args: logger.error("unraisable error", exc_info=args.exc_value)
