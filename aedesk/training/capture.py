"""A training step as one CUDA graph: the processor sends one order per step, not one per kernel.

https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs, "whole network capture".
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch

from aedesk.models.step import StepLoss, StepSettings

Learn = Callable[[torch.Tensor, StepSettings], StepLoss]

_WARM_UP = 3  # steps as usual, in which libraries choose their kernels and optimisers make their state

_log = logging.getLogger(__name__)


class Captured:
    """Takes steps of one size, the largest there is, each like the others but for the images and what lies on the GPU.

    Where a step cannot be captured, it is taken as usual, and the log says so.
    """

    def __init__(self, size: int, device: torch.device) -> None:
        self.size = size
        self._chosen = torch.zeros(size, dtype=torch.int64, device=device)
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._steps_to_capture = _WARM_UP
        self._graph: torch.cuda.CUDAGraph | None = None
        self._loss = StepLoss(0.0, 0.0)

    def __call__(self, learn: Learn, chosen: torch.Tensor, settings: StepSettings) -> StepLoss:
        """As `learn`, which is always the same: indices (size,) of images on the device -> the loss before the step,
        in tensors that the next step uses again."""
        if self._steps_to_capture < 0:
            return learn(chosen, settings)
        self._chosen.copy_(chosen)
        if self._graph is None:
            if self._steps_to_capture > 0:
                return self._warmed_up(learn, settings)
            try:
                self._graph = self._capture(learn, settings)
            except RuntimeError as problem:
                _log.warning("training goes on without a CUDA graph: %s", problem, exc_info=True)
                self._steps_to_capture = -1
                return learn(chosen, settings)
        self._graph.replay()
        return self._loss

    def _warmed_up(self, learn: Learn, settings: StepSettings) -> StepLoss:
        self._steps_to_capture -= 1
        here = torch.cuda.current_stream(self._chosen.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            loss = learn(self._chosen, settings)
        here.wait_stream(self._stream)
        return loss

    def _capture(self, learn: Learn, settings: StepSettings) -> torch.cuda.CUDAGraph:
        """Nothing is computed here: the first replay is the step."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self._stream):
            self._loss = learn(self._chosen, settings)
        return graph
