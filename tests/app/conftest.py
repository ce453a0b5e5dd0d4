"""An explorer without a window, a pen to draw with, and models trained for a moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from polling import poll_until

from aedesk.app.explorer import Explorer
from aedesk.app.ink import Ink
from aedesk.app.jobs import Jobs
from aedesk.app.loading import ActiveModel
from aedesk.data.imageset import DataSet
from aedesk.latent import atlas as atlases
from aedesk.storage.runs import ATLAS, MODEL, Run
from aedesk.training.config import TrainingConfig
from aedesk.training.session import run_training

DIGITS = {
    "0": [
        (280, 90),
        (180, 160),
        (160, 280),
        (200, 420),
        (290, 470),
        (390, 400),
        (400, 250),
        (360, 130),
        (280, 90),
    ],
    "1": [(290, 100), (280, 280), (270, 460)],
    "7": [(160, 120), (280, 120), (400, 120), (340, 280), (280, 460)],
}
"""The way of the pen, in raster pixels."""


class Bench:
    """An explorer with its jobs and an ink."""

    def __init__(self) -> None:
        self.jobs = Jobs()
        self.explorer = Explorer(self.jobs)
        self.ink = Ink()
        self.problems: list[BaseException] = []
        self.explorer.failed.connect(self.problems.append)

    def poll_until(self, condition: Callable[[], bool]) -> None:
        poll_until(self.jobs, condition, lambda: self.problems)

    def settle(self) -> None:
        """Wait until nothing works in the background."""
        self.poll_until(lambda: not self.jobs.are_running)

    def load(self, reference: Path | str) -> ActiveModel:
        self.explorer.load(str(reference))
        self.settle()
        assert self.explorer.active is not None, self.problems
        return self.explorer.active

    def read(self) -> None:
        """The window's tick: the model reads what is on the canvas."""
        self.explorer.set_drawing(self.ink)

    def stroke(self, *places: tuple[float, float], erase: bool = False) -> None:
        """Draw through places, read at each, and once more after the pen is lifted."""
        self.ink.press(*places[0], 40, erase=erase)
        self.read()
        for place in places[1:]:
            self.ink.drag(*place, 40, erase=erase)
            self.read()
        self.ink.release()
        self.read()

    def draw(self, digit: str = "1") -> None:
        """Draw a digit in one stroke; as many readings as DIGITS has places, less the first of a dot."""
        self.stroke(*DIGITS[digit])


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.jobs.stop_all()
    bench.settle()


def trained(folder: Path, preset: str, data: DataSet) -> Path:
    run = Run.create(folder / preset)
    for _ in run_training(TrainingConfig.of(preset, data="digits", epochs=3, device="cpu"), data, run):
        pass
    return run.path


@pytest.fixture(scope="session")
def flat(digits: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with codes of two numbers. Not to be written to, as those below."""
    return trained(tmp_path_factory.mktemp("runs"), "dense-2d", digits)


@pytest.fixture(scope="session")
def run(digits: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with codes of 32 numbers."""
    return trained(tmp_path_factory.mktemp("runs"), "dense-32", digits)


@pytest.fixture(scope="session")
def deep(digits: DataSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with codes of 64 numbers."""
    return trained(tmp_path_factory.mktemp("runs"), "vanilla-64", digits)


@pytest.fixture
def with_atlas(run: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes a copy of `run` with changes in its atlas."""

    def make(**changes: Any) -> Path:
        other = tmp_path / "other"
        other.mkdir()
        (other / MODEL).write_bytes((run / MODEL).read_bytes())
        atlases.save(dataclasses.replace(atlases.load(run / ATLAS), **changes), other / ATLAS)
        return other

    return make


@pytest.fixture
def without_data(with_atlas: Callable[..., Path]) -> Path:
    """The run with an atlas that does not say of what its codes are."""
    return with_atlas(data="", images=None)
