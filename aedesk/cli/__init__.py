"""The command line: `main` runs one command and turns every expected problem into one line."""

from __future__ import annotations

import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from aedesk.errors import AedeskError

Command = Callable[[], int]

OK, BUG, BAD_INPUT, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `aedesk` with `arguments` (those of the process by default) and return its exit status.

    0: done. 2: bad input, told in one line on stderr. 130: interrupted. 1: a mistake of aedesk's own, whose
    traceback `AEDESK_DEBUG=1` shows.
    """
    _prepare_streams()
    words = list(sys.argv[1:] if arguments is None else arguments)
    return _guarded(lambda: _run(words))


def _prepare_streams() -> None:
    """Whatever can be printed: no name of a file, and no want of a console, may end work that has been done."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # pythonw on Windows
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for the life of the process
            setattr(sys, name, nowhere)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _run(words: list[str]) -> int:
    if not words:  # the window is to show at once: no parser for it
        from aedesk.cli.window import open_window

        return open_window()
    from aedesk.cli.parser import build

    chosen = build().parse_args(words)
    status: int = chosen.run(chosen)
    return status


def _guarded(command: Command) -> int:
    """The exit status of `command`, with every expected way to fail told in one line."""
    debugging = bool(os.environ.get("AEDESK_DEBUG"))
    if debugging:
        logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s: %(message)s")
    else:
        logging.getLogger("aedesk").addHandler(logging.NullHandler())
    try:
        with warnings.catch_warnings():
            if not debugging:  # those of libraries are for their users: us
                warnings.simplefilter("ignore")
            status = command()
            sys.stdout.flush()
            return status
    except SystemExit as end:  # --help and --version
        return end.code if isinstance(end.code, int) else OK
    except AedeskError as problem:
        return _fail(BAD_INPUT, str(problem))
    except KeyboardInterrupt:
        return _fail(INTERRUPTED, "interrupted")
    except BrokenPipeError:
        # Whoever read us has gone; stdout must not be flushed once more when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except MemoryError:
        return _fail(BAD_INPUT, "out of memory: close other programs, or ask for less at once")
    except OSError as problem:
        if debugging:
            raise
        place = f"{problem.filename}: " if problem.filename else ""
        return _fail(BAD_INPUT, f"{place}{problem.strerror or problem}".rstrip())
    except Exception as problem:
        if debugging:
            raise
        what = f"{type(problem).__name__}: {problem}".rstrip(": ")
        return _fail(
            BUG, f"internal error, not your fault ({what}); run again with AEDESK_DEBUG=1 to see where"
        )


def _fail(status: int, text: str) -> int:
    printable = "".join(character if character.isprintable() else " " for character in text)
    print(f"aedesk: {' '.join(printable.split())}", file=sys.stderr)
    return status
