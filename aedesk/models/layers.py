"""The layers that a network is described by: shapes, parameters, and their JSON form. No torch in here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import cos, pi, prod, sin
from typing import Any, Literal, get_args

Shape = tuple[int, ...]
Activation = Literal["linear", "relu", "leaky-relu", "elu", "gelu", "silu", "tanh", "sigmoid"]
"""What follows a layer's sum; every engine computes the same: `leaky-relu` has the slope 0.01 below zero, `elu` is
exp(x) - 1 there, `gelu` is the tanh form x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks & Gimpel 2016),
which needs no error function, and `silu` is x sigmoid(x)."""

MOMENTUM = 0.1
"""The share of a batch's mean and variance in the running ones of `BatchNorm`."""
EPSILON = 1e-5
"""What `BatchNorm` adds to a variance before the root."""

LOG_VARIANCE = "encoder.log_variance"
"""The name that the parameters of a variational code's second half carry."""

_MAX_SIZE = 1 << 20
_MOST_OCTAVES = 12


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
    """Convolution: (C, H, W) -> (filters, H', W'). Weight (filters, C, kernel, kernel).

    `same` pads with zeros and keeps H and W; `valid` pads nothing and loses kernel - 1. With `stride` 2 only every
    second row and column is computed, from the first on, (H', W') = (ceil(H / 2), ceil(W / 2)) of them: a quarter of
    the work, and no pooling after it; it needs `same` and an odd kernel.
    """

    filters: int
    kernel: int = 3
    padding: Literal["same", "valid"] = "same"
    activation: Activation = "relu"
    stride: int = 1

    def __post_init__(self) -> None:
        if not _is_size(self.stride) or self.stride > 2:
            raise ValueError(f"the stride of a convolution must be 1 or 2, not {self.stride!r}")
        if self.stride == 2 and (self.padding != "same" or self.kernel % 2 == 0):
            raise ValueError("a convolution with stride 2 needs an odd kernel and `same` padding")

    def shape_after(self, shape: Shape) -> Shape:
        _, height, width = _maps(shape)
        if self.stride == 2:
            return (self.filters, -(-height // 2), -(-width // 2))
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


@dataclass(frozen=True)
class Fourier:
    """A point of a map and the waves it lies on: (2,) -> (2 + 2 * octaves * directions,); no parameters.

    The point itself, then sin and cos of f (x cos t + y sin t) for frequencies f = 1, 2, 4 ... radians per unit and
    angles t spread evenly over half a turn: from two smooth numbers a dense layer learns nothing finer than a blur
    (Tancik et al. 2020, Fourier features).
    """

    octaves: int = 5
    directions: int = 4

    def __post_init__(self) -> None:
        if not (_is_size(self.octaves) and self.octaves <= _MOST_OCTAVES and _is_size(self.directions)):
            raise ValueError(
                f"Fourier features need 1 to {_MOST_OCTAVES} octaves and 1 direction or more, "
                f"not {self.octaves!r} and {self.directions!r}"
            )

    @property
    def waves(self) -> tuple[tuple[float, float], ...]:
        """How much the phase of each wave grows with x and with y."""
        angles = [pi * place / self.directions for place in range(self.directions)]
        return tuple(
            (2**octave * cos(angle), 2**octave * sin(angle))
            for octave in range(self.octaves)
            for angle in angles
        )

    def shape_after(self, shape: Shape) -> Shape:
        if shape != (2,):
            raise ValueError(f"Fourier features are of a code of 2 numbers, not of {shape}")
        return (2 + 2 * self.octaves * self.directions,)


@dataclass(frozen=True)
class Memory:
    """Attention over what is remembered: (D,) -> (outputs,). Keys (size, D), values (size, outputs), sharpness (1,).

    What comes in is compared with every key; out comes the mean of the values, each weighted by the softmax of minus
    its squared distance times exp(sharpness) (Nadaraya 1964, Watson 1964; as a layer, attention: Vaswani et al. 2017).
    It begins with training images and their places, and knows at once what a small network would learn in many hours:
    that a digit belongs where its likes are. While training each step looks at a random half of it, so that an image
    has to find its place among others, not by itself.
    """

    size: int
    outputs: int = 2

    def shape_after(self, shape: Shape) -> Shape:
        if len(shape) != 1:
            raise ValueError(f"a memory needs a flat input, not {shape}")
        return (self.outputs,)

    def parameter_shapes(self, shape: Shape) -> dict[str, Shape]:
        """Name -> shape of its parameters, after an input of this shape."""
        return {"keys": (self.size, shape[0]), "values": (self.size, self.outputs), "sharpness": (1,)}


@dataclass(frozen=True)
class Dropout:
    """While training, each number becomes 0 with probability `rate`, in [0, 1), and the others are divided by
    1 - rate (Srivastava et al. 2014); otherwise nothing."""

    rate: float

    def __post_init__(self) -> None:
        if not _is_number(self.rate) or not 0 <= self.rate < 1:
            raise ValueError(f"the rate of a dropout must be at least 0 and below 1, not {self.rate!r}")

    def shape_after(self, shape: Shape) -> Shape:
        return shape


@dataclass(frozen=True)
class BatchNorm:
    """Each feature (D,), or each channel (C, H, W), is normalised, then scaled by a weight and shifted by a bias
    (Ioffe & Szegedy 2015).

    While training by the mean and variance of the batch, otherwise by running ones, to which a batch adds its share
    of `MOMENTUM`; the variance that is kept running is the unbiased one, as in torch. A batch that has one number of a
    feature has no variance: the running ones serve it too.
    """

    def shape_after(self, shape: Shape) -> Shape:
        return shape


@dataclass(frozen=True)
class Activate:
    """An activation on its own, after a `BatchNorm`; any shape."""

    activation: Activation

    def shape_after(self, shape: Shape) -> Shape:
        return shape


Layer = (
    Dense | Conv | MaxPool | Upsample | Flatten | Reshape | Fourier | Memory | Dropout | BatchNorm | Activate
)
_KINDS: dict[str, type[Any]] = {
    "dense": Dense,
    "conv": Conv,
    "max-pool": MaxPool,
    "upsample": Upsample,
    "flatten": Flatten,
    "reshape": Reshape,
    "fourier": Fourier,
    "memory": Memory,
    "dropout": Dropout,
    "batch-norm": BatchNorm,
    "activate": Activate,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True)
class Step:
    """A layer in its place: the name its parameters carry, and the shapes around it.

    tied_to: the name of the dense step whose weight, transposed, is this one's. is_mean: the layer that gives the
    mean of a variational code; a sibling of the same shape, counted here, gives the log-variance from the same input.
    """

    name: str
    layer: Layer
    before: Shape
    after: Shape
    tied_to: str | None = None
    is_mean: bool = False

    @property
    def parameter_shapes(self) -> dict[str, Shape]:
        """Name -> shape of what training adjusts; empty for a layer without parameters."""
        shapes: dict[str, Shape] = {}
        if isinstance(self.layer, BatchNorm):
            return {f"{self.name}.weight": self.before[:1], f"{self.name}.bias": self.before[:1]}
        if isinstance(self.layer, Memory):
            inner = self.layer.parameter_shapes(self.before)
            return {f"{self.name}.{name}": shape for name, shape in inner.items()}
        if isinstance(self.layer, Dense | Conv):
            weight = self.layer.weight_shape(self.before)
            for name in (self.name, LOG_VARIANCE) if self.is_mean else (self.name,):
                if self.tied_to is None:
                    shapes[f"{name}.weight"] = weight
                shapes[f"{name}.bias"] = weight[:1]
        return shapes

    @property
    def tensor_shapes(self) -> dict[str, Shape]:
        """The same, and running statistics."""
        if isinstance(self.layer, BatchNorm):
            statistics = ("running_mean", "running_variance")
            return self.parameter_shapes | {f"{self.name}.{name}": self.before[:1] for name in statistics}
        return self.parameter_shapes

    @property
    def parameters(self) -> int:
        """How many numbers of this layer training adjusts; a tied weight counts where it was first."""
        return sum(map(prod, self.parameter_shapes.values()))


def to_json(layer: Layer) -> dict[str, Any]:
    """A JSON-safe form that `from_json` reads back."""
    fields = asdict(layer)
    if fields.get("stride") == 1:  # as it was before there were others
        del fields["stride"]
    return {"kind": _NAMES[type(layer)], **fields}


def from_json(description: dict[str, Any]) -> Layer:
    """Read what `to_json` wrote; anything else raises ValueError, LookupError or TypeError."""
    fields = dict(description)
    kind = _KINDS.get(fields.pop("kind"))
    if kind is None:
        raise ValueError(f"unknown kind of layer: {description['kind']!r}")
    if "shape" in fields:
        fields["shape"] = tuple(fields["shape"])
        if not all(map(_is_size, fields["shape"])):
            raise ValueError(f"a shape must be whole numbers of 1 or more, not {fields['shape']!r}")
    for name, value in fields.items():
        if name in {"outputs", "filters", "kernel", "size"} and not _is_size(value):
            raise ValueError(f"{name} must be a whole number of 1 or more, not {value!r}")
        if name == "activation" and value not in get_args(Activation):
            raise ValueError(f"unknown activation: {value!r}")
        if name == "padding" and value not in {"same", "valid"}:
            raise ValueError(f"unknown padding: {value!r}")
    layer: Layer = kind(**fields)
    return layer


def _maps(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise ValueError(f"a layer of maps needs (channels, height, width), not {shape}")
    return shape[0], shape[1], shape[2]


def _is_size(number: object) -> bool:
    """A count that JSON may hold; True is no number here, though Python thinks so."""
    return type(number) is int and 0 < number <= _MAX_SIZE


def _is_number(number: object) -> bool:
    return type(number) in {int, float}
