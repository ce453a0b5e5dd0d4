"""A model in one safetensors file: weights, and all that is known about them. No torch in here."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture
from aedesk.models.checkpoint import Checkpoint
from aedesk.storage import tensors

_KIND = "model"
_MAX_LAYERS = 200
_MAX_ACTIVATION = 1 << 22  # numbers after one layer for one image; the largest preset has 200,704


def save(checkpoint: Checkpoint, path: str | os.PathLike[str], *, compact: bool = False) -> None:
    """Write the checkpoint, whole or not at all; the same checkpoint gives the same bytes.

    compact: in half the space, with half the digits; only for weights that `rounded` has been through, so that nothing
    is lost in the file.
    Raises AedeskError if its numbers are not finite, or if the file cannot be written.
    """
    path = Path(path)
    _check_weights(path, checkpoint.architecture, checkpoint.weights)
    weights = checkpoint.weights
    card = {
        "name": checkpoint.name,
        "architecture": checkpoint.architecture.to_json(),
        "config": checkpoint.config,
        "history": [_plain(row) for row in checkpoint.history],
        "metrics": _plain(checkpoint.metrics),
    }
    if compact:
        weights = {name: array.astype(np.float16) for name, array in weights.items()}
        if any(not np.array_equal(weights[name], array) for name, array in checkpoint.weights.items()):
            raise ValueError("only rounded weights can be saved in half precision")
        card["fingerprint"] = tensors.digest(checkpoint.weights)
    tensors.write(path, _KIND, weights, card)


def rounded(checkpoint: Checkpoint) -> Checkpoint:
    """The same with each weight at the nearest number of half precision (float16), still as float32."""
    halves = {name: array.astype(np.float16).astype(np.float32) for name, array in checkpoint.weights.items()}
    return replace(checkpoint, weights=halves)


def load(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint from a file that may come from anywhere.

    Raises AedeskError in one line that names the file, if it is not exactly what `save` wrote.
    """
    path = Path(path)
    card, weights = tensors.read(path, _KIND)
    checkpoint = _without_weights(path, card)
    if "fingerprint" in card:
        weights = {name: array.astype(np.float32) for name, array in weights.items()}
        if tensors.digest(weights) != card["fingerprint"]:
            raise AedeskError(f"{path}: damaged: its weights are not those that were saved; copy it again")
    _check_weights(path, checkpoint.architecture, weights)
    in_order = {name: weights[name] for name in checkpoint.architecture.tensor_shapes}
    return replace(checkpoint, weights=in_order)


def read_card(path: str | os.PathLike[str]) -> Checkpoint:
    """All but the weights (`weights` is empty), reading only the first bytes of the file."""
    path = Path(path)
    return _without_weights(path, tensors.read_card(path, _KIND))


def fingerprint(model: Checkpoint | str | os.PathLike[str]) -> str:
    """SHA-256 of the float32 weights, as hexadecimal: of a checkpoint, or as a file states it (`load` verifies)."""
    if isinstance(model, Checkpoint):
        return tensors.digest(model.weights)
    card = tensors.read_card(model, _KIND)
    return str(card.get("fingerprint", card["sha256"]))


def _without_weights(path: Path, card: dict[str, Any]) -> Checkpoint:
    try:
        architecture = Architecture.from_json(card["architecture"])
        _check_extent(architecture)
        name, config = card["name"], card["config"]
        if not (
            isinstance(name, str) and name and name == tensors.one_line(name) and isinstance(config, dict)
        ):
            raise ValueError("name or configuration of an unknown form")
        history = [_numbers(row) for row in card["history"]]
        return Checkpoint(name, architecture, {}, config, history, _numbers(card["metrics"]))
    except (ValueError, TypeError, LookupError, AttributeError) as problem:
        raise AedeskError(f"{path}: not a model that aedesk can use: {tensors.one_line(problem)}") from None


def _check_extent(architecture: Architecture) -> None:
    """A few bytes can describe a network that fills any memory without having many weights: refuse it."""
    steps = list(architecture.steps())
    if len(steps) > _MAX_LAYERS or max(math.prod(step.after) for step in steps) > _MAX_ACTIVATION:
        raise ValueError("the network is too large")


def _check_weights(path: Path, architecture: Architecture, weights: dict[str, np.ndarray]) -> None:
    expected = architecture.tensor_shapes
    if weights.keys() != expected.keys():
        odd = tensors.one_line(", ".join(sorted(weights.keys() ^ expected.keys())))
        raise AedeskError(f"{path}: its weights are not those of its network (missing or in excess: {odd})")
    for name, shape in expected.items():
        if weights[name].shape != shape or weights[name].dtype != np.float32:
            found = f"{weights[name].dtype} {weights[name].shape}"
            raise AedeskError(f"{path}: {name} is {found}, but the network has float32 {shape}")


def _plain(numbers: dict[str, float]) -> dict[str, float | None]:
    """JSON has no NaN and no infinity: both become null."""
    return {name: _plain_number(number) for name, number in numbers.items()}


def _plain_number(number: float) -> float | None:
    if isinstance(number, int):
        return number
    return float(number) if math.isfinite(number) else None


def _numbers(found: dict[str, float | None]) -> dict[str, float]:
    """What `_plain` made; null is read as NaN."""
    numbers = {name: math.nan if number is None else number for name, number in found.items()}
    if any(type(number) not in {int, float} for number in numbers.values()):
        raise ValueError("a history or metrics that are not numbers")
    return numbers
