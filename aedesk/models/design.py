"""A network of one's own, in the words of a form: checked field by field, and made into an `Architecture`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from math import prod
from typing import Any, Literal, get_args

from aedesk.errors import AedeskError
from aedesk.models.architecture import IMAGE_SHAPE, Architecture, Output
from aedesk.models.layers import (
    Activate,
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    Reshape,
    Shape,
    Upsample,
)

Layers = Literal["dense", "conv"]

MAX_WIDTH = 4096
MAX_WIDTHS = 8
MAX_FILTERS = 512
MAX_CONVOLUTIONS = 5
"""28 pixels can be halved so often: 14, 7, 4, 2, 1."""
MAX_CODE = 256
MAX_DROPOUT = 0.9
MAX_PARAMETERS = 40_000_000
"""With what Adam remembers of each, these fill the largest file that is read again (`storage.tensors`)."""


@dataclass(frozen=True)
class Design:
    """What a form about a network asks. A value that makes no sense raises AedeskError naming its field.

    widths: of the hidden layers of a dense network from the picture to the code, mirrored behind it; none of them
    leaves the code as the only hidden layer. filters: of each 3x3 convolution, each followed by 2x2 pooling, mirrored
    with upsampling. Of the two, the one that `layers` does not use is not looked at.
    activation: of every hidden layer. dropout: after every hidden layer, a probability.
    tied: the decoder of a dense network uses the encoder's weights.
    """

    layers: Layers = "dense"
    widths: tuple[int, ...] = (128,)
    filters: tuple[int, ...] = (32, 64)
    code: int = 32
    activation: Activation = "relu"
    code_activation: Activation = "linear"
    dropout: float = 0.0
    batch_norm: bool = False
    tied: bool = False
    output: Output = "sigmoid"

    def __post_init__(self) -> None:
        for problem in self.problems().values():
            raise AedeskError(problem)

    def problems(self) -> dict[str, str]:
        """Name of each field that makes no sense -> a sentence that says why; of values of any type."""
        return problems(asdict(self))

    def architecture(self) -> Architecture:
        """The network that this describes."""
        make = _dense if self.layers == "dense" else _convolutional
        encoder, decoder = make(self)
        return Architecture(encoder, decoder, tied=self.tied, output=self.output)

    @classmethod
    def of(cls, architecture: Architecture) -> Design | None:
        """The design of a network that one can describe, variational or not; None for any other."""
        filters = tuple(layer.filters for layer in architecture.encoder if isinstance(layer, Conv))
        if not any(isinstance(layer, Dense) for layer in architecture.encoder):
            return None
        *hidden, code = (layer for layer in architecture.encoder if isinstance(layer, Dense))
        inner = [layer for layer in architecture.encoder if layer is not code]
        functions = [layer.activation for layer in inner if isinstance(layer, Dense | Conv | Activate)]
        try:
            design = cls(
                layers="conv" if filters else "dense",
                widths=tuple(layer.outputs for layer in hidden) if not filters else cls.widths,
                filters=filters or cls.filters,
                code=code.outputs,
                activation=functions[-1] if functions else cls.activation,
                code_activation=code.activation,
                dropout=next((layer.rate for layer in inner if isinstance(layer, Dropout)), 0.0),
                batch_norm=any(isinstance(layer, BatchNorm) for layer in inner),
                tied=architecture.tied,
                output=architecture.output,
            )
        except AedeskError:
            return None
        return design if design.architecture() == replace(architecture, variational=False) else None

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe form that `from_json` reads back."""
        return {**asdict(self), "widths": list(self.widths), "filters": list(self.filters)}

    @classmethod
    def from_json(cls, plain: Any) -> Design:
        """Read what `to_json` wrote, fields left out being as usual; anything else raises AedeskError."""
        if not isinstance(plain, dict):
            raise AedeskError(f"A network is described by named fields, not by {plain!r}.")
        if unknown := plain.keys() - {field.name for field in fields(cls)}:
            raise AedeskError(f"A network has no {', '.join(sorted(map(str, unknown)))}.")
        lists = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}
        return cls(**{**plain, **lists})


def problems(values: dict[str, Any]) -> dict[str, str]:
    """As `Design.problems`, before there is a design: values of all its fields, some of them from a form."""
    found = {name: words for name, check in _CHECKS.items() if (words := check(values[name]))}
    layers = values["layers"]
    unused = {"dense": "filters", "conv": "widths"}.get(layers) if isinstance(layers, str) else None
    found.pop(unused or "", None)
    if "tied" not in found and values["tied"] and layers == "conv":
        found["tied"] = "Only a dense network can share its weights between encoder and decoder."
    if not found and (count := _parameters(values)) > MAX_PARAMETERS:
        name = "widths" if layers == "dense" else "filters"
        found[name] = (
            f"This network would have {count / 1e6:.0f} million numbers to learn, and a run's files hold "
            f"{MAX_PARAMETERS // 1_000_000} million at most; make its layers smaller."
        )
    return found


def _parameters(values: dict[str, Any]) -> int:
    """How many numbers the network of good values has, without a `Design`, which would ask again."""
    design = object.__new__(Design)
    design.__dict__.update(values)
    return design.architecture().parameters


def _choice(name: str, choices: tuple[str, ...]) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        if isinstance(value, str) and value in choices:
            return None
        return f"The {name} {value!r} is not known; choose one of: {', '.join(choices)}."

    return check


def _switch(name: str) -> Callable[[object], str | None]:
    return lambda value: None if type(value) is bool else f"The {name} is on or off, not {value!r}."


def _counts(name: str, fewest: int, most: int, largest: int) -> Callable[[object], str | None]:
    def check(value: object) -> str | None:
        if not isinstance(value, tuple):
            return f"The {name} are whole numbers, such as 128, 64, not {value!r}."
        if not fewest <= len(value) <= most:
            return f"Give {fewest} to {most} {name}, not {len(value)}."
        for number in value:
            if type(number) is not int or not 1 <= number <= largest:
                return f"The {name} must be whole numbers between 1 and {largest}, not {number!r}."
        return None

    return check


def _code(value: object) -> str | None:
    if type(value) is int and 1 <= value <= MAX_CODE:
        return None
    return f"The code size must be a whole number between 1 and {MAX_CODE}, not {value!r}."


def _dropout(value: object) -> str | None:
    if isinstance(value, int | float) and type(value) is not bool and 0 <= value <= MAX_DROPOUT:
        return None
    return f"The dropout must be between 0 and {MAX_DROPOUT}, not {value!r}."


_CHECKS: dict[str, Callable[[object], str | None]] = {
    "layers": _choice("kind of layers", get_args(Layers)),
    "widths": _counts("widths", 0, MAX_WIDTHS, MAX_WIDTH),
    "filters": _counts("filters", 1, MAX_CONVOLUTIONS, MAX_FILTERS),
    "code": _code,
    "activation": _choice("activation", get_args(Activation)),
    "code_activation": _choice("activation of the code", get_args(Activation)),
    "dropout": _dropout,
    "batch_norm": _switch("batch norm"),
    "tied": _switch("tying of weights"),
    "output": _choice("output", get_args(Output)),
}


def _hidden(design: Design, layer: Dense | Conv) -> list[Layer]:
    """A hidden layer with all that comes after it; batch norm stands between the sum and the activation."""
    after: list[Layer] = [Dropout(float(design.dropout))] if design.dropout else []
    if not design.batch_norm:
        return [layer, *after]
    activate: list[Layer] = [Activate(layer.activation)] if layer.activation != "linear" else []
    return [replace(layer, activation="linear"), BatchNorm(), *activate, *after]


def _dense(design: Design) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    encoder: list[Layer] = [Flatten()]
    decoder: list[Layer] = []
    for width in design.widths:
        encoder += _hidden(design, Dense(width, design.activation))
    for width in reversed(design.widths):
        decoder += _hidden(design, Dense(width, design.activation))
    encoder.append(Dense(design.code, design.code_activation))
    decoder.append(Dense(prod(IMAGE_SHAPE), "linear"))
    return tuple(encoder), tuple(decoder)


def _convolutional(design: Design) -> tuple[tuple[Layer, ...], tuple[Layer, ...]]:
    shape: Shape = IMAGE_SHAPE
    encoder: list[Layer] = []
    for filters in design.filters:
        encoder += [*_hidden(design, Conv(filters, activation=design.activation)), MaxPool()]
        shape = MaxPool().shape_after((filters, *shape[1:]))
    encoder += [Flatten(), Dense(design.code, design.code_activation)]
    decoder = [*_hidden(design, Dense(prod(shape), design.activation)), Reshape(shape)]
    size = shape[1]
    for filters in reversed(design.filters):
        # The way back doubles 4 to 16, and 28 is twice 14: the convolution there goes without padding.
        conv = Conv(filters, padding="valid" if size == 16 else "same", activation=design.activation)
        decoder += [*_hidden(design, conv), Upsample()]
        size = 2 * (14 if size == 16 else size)
    decoder.append(Conv(1, activation="linear"))
    return tuple(encoder), tuple(decoder)
