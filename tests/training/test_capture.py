"""Steps as a CUDA graph: which of them are taken how. Its arithmetic is tested where there is a GPU (test_device)."""

import contextlib
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch

from aedesk.models.presets import Recipe
from aedesk.models.step import StepLoss, StepSettings
from aedesk.training.capture import Captured

CPU = torch.device("cpu")
AT = StepSettings.of(Recipe(), (0, 1, 0))


class Graph:
    """A CUDA graph of one function: what is called while it is captured is called again at every replay."""

    def __init__(self, learner: "Learner") -> None:
        self.learner = learner

    def replay(self) -> None:
        self.learner.steps.append("replayed")


class Learner:
    """Counts steps; while a graph is captured nothing is computed."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.seen: list[list[int]] = []
        self.is_capturing = False
        self.fails = False

    def __call__(self, chosen: torch.Tensor, settings: StepSettings) -> StepLoss:
        if self.is_capturing:
            if self.fails:
                raise RuntimeError("operation not permitted when stream is capturing")
            self.buffer = chosen
        else:
            self.steps.append("taken")
            self.seen.append(chosen.tolist())
        return StepLoss(0.5, 0.0)


@pytest.fixture
def learner(monkeypatch: pytest.MonkeyPatch) -> Learner:
    learner = Learner()

    @contextlib.contextmanager
    def capturing(graph: Graph, stream: object) -> Iterator[None]:
        learner.is_capturing = True
        try:
            yield
        finally:
            learner.is_capturing = False

    stream = SimpleNamespace(wait_stream=lambda other: None)
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: Graph(learner))
    monkeypatch.setattr(torch.cuda, "graph", capturing)
    return learner


def batch(step: int) -> torch.Tensor:
    return torch.arange(4) + step


def test_the_first_steps_are_taken_as_usual_and_every_later_one_by_one_order(learner: Learner) -> None:
    captured = Captured(4, CPU)
    for step in range(8):
        assert captured(learner, batch(step), AT) == StepLoss(0.5, 0.0)
        if learner.steps[-1] == "replayed":
            assert learner.buffer.tolist() == batch(step).tolist()
    assert learner.steps == ["taken"] * 3 + ["replayed"] * 5
    assert learner.seen == [batch(step).tolist() for step in range(3)]


def test_where_no_step_can_be_captured_none_is_lost_and_the_log_says_so(
    learner: Learner, caplog: pytest.LogCaptureFixture
) -> None:
    learner.fails = True
    captured = Captured(4, CPU)
    with caplog.at_level(logging.WARNING):
        for step in range(6):
            captured(learner, batch(step), AT)
    assert learner.steps == ["taken"] * 6
    assert learner.seen == [batch(step).tolist() for step in range(6)]
    assert caplog.text.count("without a CUDA graph") == 1
