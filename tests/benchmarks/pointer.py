"""A mouse of its own: moves the pointer of a virtual screen from another process, and says when.

Its events come from the X server like a person's, whatever the window is doing meanwhile. Needs libX11 and libXtst.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from typing import Literal

RATE = 60
"""Actions a second, as many as a usual screen shows frames."""
_START = 0.3  # seconds, for the process itself to come out of the way


@dataclass(frozen=True)
class Action:
    """Go to (x, y), and there press a button, release it, or neither. is_answered: whether the window shows it."""

    x: int
    y: int
    do: Literal["move", "press", "release"] = "move"
    button: int = 1
    is_answered: bool = False


def dragged(places: list[tuple[int, int]], button: int) -> list[Action]:
    """Along the places with the button pressed; all of them are answered."""
    ways = [Action(*place, is_answered=True) for place in places]
    return [
        Action(*places[0]),
        replace(ways[0], do="press", button=button),
        *ways[1:],
        Action(*places[-1], "release", button),
    ]


def clicked(places: list[tuple[int, int]]) -> list[Action]:
    """A click at each place, which is answered when the button goes down."""
    return [
        action
        for place in places
        for action in (
            Action(*place),
            Action(*place, "press", is_answered=True),
            Action(*place, "release"),
        )
    ]


class Player:
    """Plays `actions` in another process; `times()` once it `is_done`."""

    def __init__(self, actions: list[Action]) -> None:
        words = json.dumps([asdict(action) for action in actions])
        self._process = subprocess.Popen([sys.executable, __file__, words], stdout=subprocess.PIPE, text=True)

    @property
    def is_done(self) -> bool:
        return self._process.poll() is not None

    def times(self) -> list[float]:
        """When each action was done, in `time.perf_counter` seconds."""
        output, _ = self._process.communicate()
        found: list[float] = json.loads(output)
        return found


def play(actions: list[Action]) -> list[float]:
    """Do them, `RATE` a second; when each was done."""
    x11, xtst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    times = []
    start = time.perf_counter() + _START
    for number, action in enumerate(actions):
        time.sleep(max(0.0, start + number / RATE - time.perf_counter()))
        times.append(time.perf_counter())
        if action.do == "move":
            xtst.XTestFakeMotionEvent(display, -1, action.x, action.y, 0)
        else:
            xtst.XTestFakeButtonEvent(display, action.button, action.do == "press", 0)
        x11.XFlush(display)
    x11.XSync(display, False)
    return times


if __name__ == "__main__":
    print(json.dumps(play([Action(**words) for words in json.loads(sys.argv[1])])))
