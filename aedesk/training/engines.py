"""The engine that a run asks for, on its device and with its threads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import threadpoolctl
import torch

from aedesk import heap
from aedesk.scratch.engine import NumpyEngine
from aedesk.storage.epochs import Snapshot
from aedesk.training.config import TrainingConfig
from aedesk.training.device import arithmetic, choose, describe
from aedesk.training.engine import Engine
from aedesk.training.torch_engine import TorchEngine


def engine_at(
    config: TrainingConfig, snapshot: Snapshot, images: np.ndarray, places: np.ndarray | None = None
) -> tuple[Engine, str]:
    """The engine as it was at the snapshot, with training images (N, 28, 28) uint8, and in words where it runs.

    places: (N, 2), where the codes of these images are led to, if anywhere.
    """
    recipe, architecture, weights = config.recipe, config.architecture, snapshot.weights
    engine: Engine
    if config.engine == "numpy":
        engine = NumpyEngine(architecture, recipe, weights, images)
        words = "CPU, NumPy alone, float32"
    else:
        device = choose(config.device)
        dtype = torch.bfloat16 if config.precision == "bfloat16" else torch.float32
        engine = TorchEngine(architecture, recipe, weights, images, device, dtype, places)
        words = describe(device, config.precision)
    if snapshot.optimiser:
        engine.load_optimiser_state(snapshot.optimiser)
    return engine, words


@contextlib.contextmanager
def computing(config: TrainingConfig, *, is_stepping: bool = False) -> Iterator[None]:
    """The run's threads, for torch and for the BLAS of NumPy, which torch's call does not reach, its precision, and
    memory that steps leave to each other.

    is_stepping: inside, steps take turns with a little linear algebra. Threads of both libraries wait for more work
    without rest: those of the one that does not take the steps would be in the way of the other's, 20 ms an epoch.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(config.threads)
    blas = 1 if is_stepping and config.engine != "numpy" else config.threads
    limits = {"openmp": config.threads, "blas": blas}
    try:
        with threadpoolctl.threadpool_limits(limits), arithmetic(config.precision), heap.kept():
            yield
    finally:
        torch.set_num_threads(before)
