"""One description of a network, read by every engine: torch (`models`) and NumPy alone (`scratch`).

A description is a list of layers for the encoder and one for the decoder. It knows the shape after each
layer, the number of parameters, and how to be written as JSON. It holds no weights and imports no torch.

The last decoder layer gives logits; every engine applies the sigmoid itself, so that a loss may work on
logits where that is more exact. Names of parameters follow from the place of a layer:
`encoder.0.weight`, `encoder.0.bias`, `decoder.2.weight` and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import prod
from typing import Any, Literal

Shape = tuple[int, ...]
Activation = Literal["linear", "relu"]

IMAGE_SHAPE: Shape = (1, 28, 28)


@dataclass(frozen=True)
class Dense:
    """Fully connected: (D,) -> (outputs,). Weight (outputs, D), bias (outputs,)."""

    outputs: int
    activation: Activation = "relu"

    def shape_after(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ValueError(f"a dense layer needs a flat input, not {shape}")
        return (self.outputs,)

    def weight_shape(self, shape: Shape) -> Shape:
        return (self.outputs, shape[0])


@dataclass(frozen=True)
class Conv:
    """Convolution with stride 1: (C, H, W) -> (filters, H', W'). Weight (filters, C, kernel, kernel).

    `same` pads with zeros and keeps H and W; `valid` pads nothing and loses kernel - 1.
    """

    filters: int
    kernel: int = 3
    padding: Literal["same", "valid"] = "same"
    activation: Activation = "relu"

    def shape_after(self, shape: Shape) -> Shape:
        _, height, width = _maps(shape)
        lost = 0 if self.padding == "same" else self.kernel - 1
        if height <= lost or width <= lost:
            raise ValueError(
                f"a {self.kernel}x{self.kernel} kernel without padding does not fit into {shape}"
            )
        return (self.filters, height - lost, width - lost)

    def weight_shape(self, shape: Shape) -> Shape:
        return (self.filters, shape[0], self.kernel, self.kernel)


@dataclass(frozen=True)
class MaxPool:
    """The maximum of each 2x2 block: (C, H, W) -> (C, ceil(H / 2), ceil(W / 2))."""

    def shape_after(self, shape: Shape) -> Shape:
        channels, height, width = _maps(shape)
        return (channels, -(-height // 2), -(-width // 2))


@dataclass(frozen=True)
class Upsample:
    """Each pixel becomes a 2x2 block of itself: (C, H, W) -> (C, 2H, 2W)."""

    def shape_after(self, shape: Shape) -> Shape:
        channels, height, width = _maps(shape)
        return (channels, 2 * height, 2 * width)


@dataclass(frozen=True)
class Flatten:
    """(C, H, W) -> (C * H * W,)."""

    def shape_after(self, shape: Shape) -> Shape:
        return (prod(shape),)


@dataclass(frozen=True)
class Reshape:
    """(D,) -> `shape`."""

    shape: Shape

    def shape_after(self, shape: Shape) -> Shape:
        if prod(shape) != prod(self.shape):
            raise ValueError(f"{shape} does not fill {self.shape}")
        return self.shape


Layer = Dense | Conv | MaxPool | Upsample | Flatten | Reshape
_KINDS: dict[str, type[Any]] = {
    "dense": Dense,
    "conv": Conv,
    "max-pool": MaxPool,
    "upsample": Upsample,
    "flatten": Flatten,
    "reshape": Reshape,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True)
class Step:
    """A layer in its place: the name its parameters carry, and the shapes around it."""

    name: str
    layer: Layer
    before: Shape
    after: Shape

    @property
    def parameter_shapes(self) -> dict[str, Shape]:
        """Empty for a layer without parameters."""
        if isinstance(self.layer, Dense | Conv):
            weight = self.layer.weight_shape(self.before)
            return {f"{self.name}.weight": weight, f"{self.name}.bias": (weight[0],)}
        return {}


@dataclass(frozen=True)
class Architecture:
    """An autoencoder for (1, 28, 28) images. A description that does not fit together raises ValueError."""

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.decoder:
            raise ValueError("the decoder has no layers")
        steps = list(self.steps())
        code = steps[len(self.encoder) - 1].after if self.encoder else IMAGE_SHAPE
        if len(code) != 1:
            raise ValueError(f"the encoder must end in a flat code, not {code}")
        if prod(steps[-1].after) != prod(IMAGE_SHAPE):
            raise ValueError(f"the decoder ends in {steps[-1].after}, which is no 28x28 picture")
        last = self.decoder[-1]
        if not isinstance(last, Dense | Conv) or last.activation != "linear":
            raise ValueError("the decoder must end in a linear layer: it gives logits")

    def steps(self) -> Iterator[Step]:
        """Every layer in order, encoder first."""
        shape = IMAGE_SHAPE
        for part, layers in (("encoder", self.encoder), ("decoder", self.decoder)):
            for place, layer in enumerate(layers):
                after = layer.shape_after(shape)
                yield Step(f"{part}.{place}", layer, shape, after)
                shape = after

    @property
    def code_size(self) -> int:
        """How many numbers a code has."""
        return next(step.before for step in self.steps() if step.name == "decoder.0")[0]

    @property
    def code_activation(self) -> Activation:
        """What the code has gone through; a `relu` code cannot be negative."""
        for layer in reversed(self.encoder):
            if isinstance(layer, Dense | Conv):
                return layer.activation
        return "linear"

    @property
    def parameter_shapes(self) -> dict[str, Shape]:
        """Name -> shape of every parameter, in order."""
        return {name: shape for step in self.steps() for name, shape in step.parameter_shapes.items()}

    @property
    def parameters(self) -> int:
        """How many numbers training adjusts."""
        return sum(prod(shape) for shape in self.parameter_shapes.values())

    @property
    def is_dense(self) -> bool:
        """Only fully connected layers: what the NumPy engine can run."""
        return all(isinstance(layer, Dense | Flatten) for layer in (*self.encoder, *self.decoder))

    def summary(self) -> str:
        """One line for people: `784-128-2-128-784` or `conv 64-128-64, code 64x4x4, conv 64-128-256-1`."""
        if self.is_dense:
            widths = [layer.outputs for layer in (*self.encoder, *self.decoder) if isinstance(layer, Dense)]
            return "-".join(map(str, [prod(IMAGE_SHAPE), *widths]))
        filters = [
            "-".join(str(layer.filters) for layer in layers if isinstance(layer, Conv))
            for layers in (self.encoder, self.decoder)
        ]
        last = list(self.steps())[len(self.encoder) - 1]
        code = last.before if isinstance(last.layer, Flatten) else last.after
        return f"conv {filters[0]}, code {'x'.join(map(str, code))}, conv {filters[1]}"

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe form that `from_json` reads back."""
        return {
            part: [{"kind": _NAMES[type(layer)], **asdict(layer)} for layer in layers]
            for part, layers in (("encoder", self.encoder), ("decoder", self.decoder))
        }

    @classmethod
    def from_json(cls, description: Any) -> Architecture:
        """Read what `to_json` wrote; anything else raises ValueError in words."""
        try:
            return cls(*(tuple(map(_layer, description[part])) for part in ("encoder", "decoder")))
        except (LookupError, TypeError, ArithmeticError, RecursionError) as problem:
            raise ValueError(f"not the description of a network: {problem}") from None


def dense(*widths: int, code_activation: Activation = "relu") -> Architecture:
    """A fully connected autoencoder: `dense(128, 32, 128)` is 784-128-32-128-784.

    The code is the narrowest layer, the first one of them if there are several.
    """
    if not widths or min(widths) < 1:
        raise ValueError("give at least one width, each of 1 or more")
    code = widths.index(min(widths))
    encoder = [Dense(width) for width in widths[:code]] + [Dense(widths[code], code_activation)]
    decoder = [Dense(width) for width in widths[code + 1 :]] + [Dense(prod(IMAGE_SHAPE), "linear")]
    return Architecture((Flatten(), *encoder), tuple(decoder))


def convolutional() -> Architecture:
    """Three convolutions with pooling to a code of 64 maps of 4x4; three with upsampling back; one to a picture."""
    encoder: list[Layer] = []
    for filters in (64, 128, 64):
        encoder += [Conv(filters), MaxPool()]
    decoder: list[Layer] = [Reshape((64, 4, 4))]
    for filters, padding in ((64, "same"), (128, "same"), (256, "valid")):
        decoder += [Conv(filters, padding="same" if padding == "same" else "valid"), Upsample()]
    decoder.append(Conv(1, activation="linear"))
    return Architecture((*encoder, Flatten()), tuple(decoder))


def _maps(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ValueError(f"a layer of maps needs (channels, height, width), not {shape}")
    return shape[0], shape[1], shape[2]


def _layer(description: dict[str, Any]) -> Layer:
    fields = dict(description)
    kind = _KINDS.get(fields.pop("kind"))
    if kind is None:
        raise ValueError(f"unknown kind of layer: {description['kind']!r}")
    if "shape" in fields:
        fields["shape"] = tuple(fields["shape"])
        if not all(map(_is_size, fields["shape"])):
            raise ValueError(f"a shape must be whole numbers of 1 or more, not {fields['shape']!r}")
    for name, number in fields.items():
        if name in {"outputs", "filters", "kernel"} and not _is_size(number):
            raise ValueError(f"{name} must be a whole number of 1 or more, not {number!r}")
        if name == "activation" and number not in {"linear", "relu"}:
            raise ValueError(f"unknown activation: {number!r}")
        if name == "padding" and number not in {"same", "valid"}:
            raise ValueError(f"unknown padding: {number!r}")
    layer: Layer = kind(**fields)
    return layer


def _is_size(number: object) -> bool:
    """A count that JSON may hold; True is no number here, though Python thinks so."""
    return type(number) is int and 0 < number <= 1 << 20
