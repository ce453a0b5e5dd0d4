"""What the picture of a network shows: a column for each layer that has numbers of its own, in words and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Literal

from aedesk.models.architecture import (
    IMAGE_SHAPE,
    Activate,
    Architecture,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Fourier,
    MaxPool,
    Memory,
    Shape,
    Step,
    Upsample,
)

Role = Literal["input", "hidden", "memory", "moments", "code", "output"]

ACTIVATIONS = {
    "linear": "linear",
    "relu": "ReLU",
    "leaky-relu": "leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
}
"""Activations as people write them."""
CODE = "code"
SAMPLED = "sampled"


@dataclass(frozen=True)
class Column:
    """One layer with what follows it: pooling, batch norm, activation, dropout.

    role: `moments` are the mean and the log-variance of a variational code, each of `shape`. shape: of what comes out,
    (n,) or (maps, height, width); of a `memory`, how much is remembered. tied_to: the place of the column whose
    weights, transposed, are this one's.
    """

    role: Role
    shape: Shape
    parameters: int = 0
    words: tuple[str, ...] = field(default=())
    tied_to: int | None = None

    @property
    def numbers(self) -> int:
        """How many numbers come out."""
        return prod(self.shape)

    @property
    def is_maps(self) -> bool:
        return len(self.shape) == 3

    @property
    def size(self) -> tuple[str, ...]:
        """The shape in one or two short lines."""
        if self.role in {"input", "output"}:
            square = "\u00d7".join(map(str, IMAGE_SHAPE[1:]))
            return (square,) if self.is_maps else (f"{self.numbers:,}", square)
        if self.is_maps:
            maps, height, width = self.shape
            return ("1 map" if maps == 1 else f"{maps:,} maps", f"{height}\u00d7{width}")
        return (f"{self.numbers:,}",)


def columns(architecture: Architecture) -> list[Column]:
    """The input, every layer with weights of its own, waves, and the code where another column gives it."""
    steps = list(architecture.steps())
    flat_input = isinstance(steps[0].layer, Flatten)
    made = [Column("input", steps[0].after if flat_input else IMAGE_SHAPE)]
    places: dict[str, int] = {}
    for part, layers in (("encoder", architecture.encoder), ("decoder", architecture.decoder)):
        for group in _groups([step for step in steps if step.name.startswith(part)]):
            place = places.get(group[0].tied_to or "")
            places[group[0].name] = len(made)
            if isinstance(group[0].layer, Memory):
                made.append(_memory(group[0]))
            made.append(_column(group, place))
        if part == "encoder":
            if len(made) > 1 and made[-1].is_maps and isinstance(layers[-1], Flatten):
                made.append(Column("code", steps[len(layers) - 1].after, words=(CODE,)))
            else:
                made += _code(made.pop(), architecture.variational)
    last = made.pop()
    output = ACTIVATIONS[architecture.output]
    made.append(Column("output", last.shape, last.parameters, (output,), last.tied_to))
    return made


def _groups(steps: list[Step]) -> list[list[Step]]:
    """Each layer with weights or waves, and what follows it up to the next one."""
    groups: list[list[Step]] = []
    for step in steps:
        if isinstance(step.layer, Dense | Conv | Fourier | Memory):
            groups.append([step])
        elif groups:
            groups[-1].append(step)
    return groups


def _column(group: list[Step], tied_to: int | None) -> Column:
    said: dict[str, str] = {}
    for layer in (step.layer for step in group):
        if isinstance(layer, Dense | Conv | Activate):  # one of its own is the one that counts
            said["activation"] = ACTIVATIONS[layer.activation]
        if isinstance(layer, Conv) and layer.stride > 1:
            said["stride"] = f"stride {layer.stride}"
        elif isinstance(layer, Fourier):
            said["activation"] = "waves"
        elif isinstance(layer, MaxPool):
            said["size"] = "pool 2\u00d72"
        elif isinstance(layer, Upsample):
            said["size"] = "grow 2\u00d72"
        elif isinstance(layer, BatchNorm):
            said["norm"] = "batch norm"
        elif isinstance(layer, Dropout):
            said["dropout"] = f"dropout {layer.rate:g}"
    # What matters most comes first: a low picture leaves out the last words.
    words = [said[name] for name in ("activation", "stride", "size", "norm", "dropout") if name in said]
    # Flattened maps are drawn as the maps that they are.
    shape = next(step.after for step in reversed(group) if not isinstance(step.layer, Flatten))
    parameters = sum(step.parameters for step in group if not isinstance(step.layer, Memory))
    return Column("hidden", shape, parameters, tuple(words), tied_to)


def _memory(step: Step) -> Column:
    """What a memory holds; what it says of it is a column of its own."""
    assert isinstance(step.layer, Memory)
    return Column("memory", (step.layer.size,), step.parameters, ("remembered",))


def _code(last: Column, variational: bool) -> list[Column]:
    """The last column of an encoder as its code."""
    if variational:
        moments = Column("moments", last.shape, last.parameters, ("mean,", "log-variance"))
        return [moments, Column("code", last.shape, words=(CODE, SAMPLED))]
    return [Column("code", last.shape, last.parameters, (CODE, *last.words))]


def totals(architecture: Architecture) -> list[str]:
    """The whole network in a line, the longest form first."""
    held = 4 * sum(map(prod, architecture.tensor_shapes.values())) / 1e6
    code, parameters = architecture.code_size, architecture.parameters
    size = f"{held:.1f} MB" if held >= 0.05 else f"{held * 1000:.0f} kB"
    figures = f"{parameters:,} parameters, {size}"
    return [
        f"{architecture.summary()}, code of {code:,}, {figures}",
        f"Code of {code:,}, {figures}",
        f"{parameters:,} parameters",
    ]


def caption(architecture: Architecture) -> str:
    """The picture in words, for those who cannot see it."""
    parts = []
    for column in columns(architecture):
        size = " of ".join(column.size) if column.is_maps else column.size[0]
        name = {"input": "picture ", "moments": "mean and log-variance of ", "output": "picture "}.get(
            column.role, ""
        )
        details = ", ".join(word.rstrip(",") for word in column.words if column.role != "moments")
        tied = ", tied weights" if column.tied_to is not None else ""
        parts.append(f"{name}{size}" + (f" ({details}{tied})" if details else tied))
    return f"The network: {'; '.join(parts)}. {totals(architecture)[1]}."
