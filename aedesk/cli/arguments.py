"""What the arguments of several commands have in common: how they are read, and how mistakes are told."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, NoReturn

from aedesk.errors import AedeskError

_FARTHEST = 1e9  # of a place, in any direction: farther, sums in float32 overflow, and no map is that large


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help texts in one column wide enough that no name of a command or an option stands alone."""

    def __init__(self, prog: str, **settings: Any) -> None:
        super().__init__(prog, max_help_position=30, **settings)
        self._action_max_length = 16  # what argparse measures leaves out the indentation of commands


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake is an AedeskError, and `-1e-3` is a number and `-1,2` a place, not options."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Help, **settings)
        self._negative_number_matcher = re.compile(r"^-(\d+\.?|\.\d)\d*(e[+-]?\d+)?(,\S*)?$", re.IGNORECASE)

    def error(self, message: str) -> NoReturn:
        raise AedeskError(f"{message}; see `{self.prog} --help`")


def finite(text: str) -> float:
    """A number that a model can calculate with, for argparse."""
    number = float(text)
    if not abs(number) <= _FARTHEST:  # nor is it NaN
        raise argparse.ArgumentTypeError(f"{text} is no number on a map")
    return number


def count(text: str) -> int:
    """A whole number from 1, for argparse."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return number


def count_of_images(text: str) -> int:
    """How many images, in digits alone, for argparse."""
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of images; give 1 or more")
    return int(text)


def user_path(text: str) -> Path:
    """A path with `~` put in full, for argparse."""
    try:
        if text:
            return Path(text).expanduser()
    except RuntimeError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no path on this machine")


def add_model(parser: argparse.ArgumentParser) -> None:
    """The MODEL that most commands begin with."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a shipped name (see `aedesk models`), a run folder or a .safetensors file",
    )
