"""One description of a network, read by every engine: torch (`models`) and NumPy alone (`scratch`).

A description is a list of layers for the encoder and one for the decoder. It knows the shape after each
layer, the number of parameters, and how to be written as JSON. It holds no weights and imports no torch.

The last decoder layer gives logits; every engine applies the sigmoid itself (or, of a linear output, clips), so
that a loss may work on logits where that is more exact. Names of parameters follow from the place of a layer:
`encoder.0.weight`, `encoder.0.bias`, `decoder.2.weight` and so on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, Literal, get_args

from aedesk.models import layers
from aedesk.models.layers import (
    Activate,
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Fourier,
    Layer,
    MaxPool,
    Memory,
    Reshape,
    Shape,
    Step,
    Upsample,
)

__all__ = [
    "IMAGE_SHAPE",
    "Activate",
    "Activation",
    "Architecture",
    "BatchNorm",
    "Conv",
    "Dense",
    "Dropout",
    "Flatten",
    "Fourier",
    "Layer",
    "MaxPool",
    "Memory",
    "Output",
    "Reshape",
    "Shape",
    "Step",
    "Upsample",
    "compressing",
    "convolutional",
    "denoising",
    "dense",
    "mapping",
    "plane",
]

Output = Literal["sigmoid", "linear"]

IMAGE_SHAPE: Shape = (1, 28, 28)


@dataclass(frozen=True)
class Architecture:
    """An autoencoder for (1, 28, 28) images. A description that does not fit together raises ValueError.

    variational: the encoder's last layer gives the mean of a code, and a second one of the same shape its log-variance.
    tied: a dense decoder uses the encoder's weights, transposed; biases are its own.
    output: the picture is the sigmoid of the last layer, or the last layer itself, clipped to [0, 1].
    """

    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    variational: bool = False
    tied: bool = False
    output: Output = "sigmoid"

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
        if self.variational and not (self.encoder and self.encoder[-1] == Dense(code[0], "linear")):
            raise ValueError("a variational code needs an encoder that ends in a dense, linear layer")
        if self.tied:
            self._check_mirror(steps)

    def steps(self) -> Iterator[Step]:
        """Every layer in order, encoder first."""
        shape = IMAGE_SHAPE
        weights: list[
            str
        ] = []  # names of the encoder's dense layers: the decoder's use them from the last on
        for part, list_of_layers in (("encoder", self.encoder), ("decoder", self.decoder)):
            for place, layer in enumerate(list_of_layers):
                name, after = f"{part}.{place}", layer.shape_after(shape)
                tied_to, is_mean = None, False
                if isinstance(layer, Dense) and self.tied and part == "decoder":
                    tied_to = weights.pop() if weights else None
                elif isinstance(layer, Dense) and part == "encoder":
                    weights.append(name)
                    is_mean = self.variational and place == len(self.encoder) - 1
                yield Step(name, layer, shape, after, tied_to, is_mean)
                shape = after

    @cached_property
    def code_size(self) -> int:
        """How many numbers a code has."""
        return next(step.before for step in self.steps() if step.name == "decoder.0")[0]

    @property
    def code_activation(self) -> Activation:
        """What the code has gone through; a `relu` code cannot be negative."""
        for layer in reversed(self.encoder):
            if isinstance(layer, Dense | Conv | Activate):
                return layer.activation
            if isinstance(layer, BatchNorm):  # shifts whatever came before
                break
        return "linear"

    @property
    def parameter_shapes(self) -> dict[str, Shape]:
        """Name -> shape of every array that training adjusts, in order."""
        return {name: shape for step in self.steps() for name, shape in step.parameter_shapes.items()}

    @property
    def tensor_shapes(self) -> dict[str, Shape]:
        """Name -> shape of everything that a file of the network holds, in order: running statistics as well."""
        return {name: shape for step in self.steps() for name, shape in step.tensor_shapes.items()}

    @property
    def parameters(self) -> int:
        """How many numbers training adjusts."""
        return sum(step.parameters for step in self.steps())

    @property
    def is_dense(self) -> bool:
        """Fully connected layers and what may stand between them: what the NumPy engine can run."""
        return not any(
            isinstance(layer, Conv | MaxPool | Upsample | Reshape | Fourier | Memory)
            for layer in self._layers
        )

    def as_variational(self) -> Architecture:
        """The same network with a variational code, its mean linear; ValueError in words where that cannot be."""
        mean = self.encoder[-1] if self.encoder else None
        if not isinstance(mean, Dense):
            raise ValueError("a variational code needs an encoder that ends in a dense layer")
        mean = replace(mean, activation="linear")
        return replace(self, encoder=(*self.encoder[:-1], mean), variational=True)

    def summary(self) -> str:
        """One line for people: `784-128-2-128-784` or `conv 64-128-64, code 64x4x4, conv 64-128-256-1`.

        What is not plain follows: `784-128-2-128-784, tanh, batch norm, dropout 0.2, variational`.
        """
        return ", ".join([self._sizes(), *self._remarks()])

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe form that `from_json` reads back; what is as usual is left out."""
        plain: dict[str, Any] = {
            "encoder": list(map(layers.to_json, self.encoder)),
            "decoder": list(map(layers.to_json, self.decoder)),
        }
        if self.variational:
            plain["variational"] = True
        if self.tied:
            plain["tied"] = True
        if self.output != "sigmoid":
            plain["output"] = self.output
        return plain

    @classmethod
    def from_json(cls, description: Any) -> Architecture:
        """Read what `to_json` wrote; anything else raises ValueError in words."""
        try:
            encoder, decoder = (
                tuple(map(layers.from_json, description[part])) for part in ("encoder", "decoder")
            )
            variational, tied = (description.get(name, False) for name in ("variational", "tied"))
            output = description.get("output", "sigmoid")
            if not (type(variational) is type(tied) is bool and output in get_args(Output)):
                raise ValueError("variational and tied must be true or false, output sigmoid or linear")
            return cls(encoder, decoder, variational, tied, output)
        except (LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as problem:
            raise ValueError(f"not the description of a network: {problem}") from None

    @property
    def _layers(self) -> tuple[Layer, ...]:
        return (*self.encoder, *self.decoder)

    def _check_mirror(self, steps: list[Step]) -> None:
        if not self.is_dense:
            raise ValueError("tied weights are for dense networks only")
        if self.variational:
            raise ValueError("tied weights do not go with a variational code")
        encoder, decoder = (
            [(*step.before, *step.after) for step in part if isinstance(step.layer, Dense)]
            for part in (steps[: len(self.encoder)], steps[len(self.encoder) :])
        )
        if decoder != [pair[::-1] for pair in reversed(encoder)]:
            raise ValueError("tied weights need a decoder whose dense layers mirror the encoder's")

    def _sizes(self) -> str:
        if self.is_dense:
            widths = [layer.outputs for layer in self._layers if isinstance(layer, Dense)]
            return "-".join(map(str, [prod(IMAGE_SHAPE), *widths]))
        last = list(self.steps())[len(self.encoder) - 1]
        code = last.before if isinstance(last.layer, Flatten) else last.after
        encoder = self.encoder[:-1] if isinstance(last.layer, Dense) else self.encoder
        return ", ".join([*_runs(encoder), f"code {'x'.join(map(str, code))}", *_runs(self.decoder)])

    def _remarks(self) -> Iterator[str]:
        activations = [
            layer.activation for layer in self._layers if isinstance(layer, Dense | Conv | Activate)
        ]
        yield from dict.fromkeys(name for name in activations if name not in {"linear", "relu"})
        if any(isinstance(layer, BatchNorm) for layer in self._layers):
            yield "batch norm"
        rates = [layer.rate for layer in self._layers if isinstance(layer, Dropout)]
        yield from (f"dropout {rate:g}" for rate in dict.fromkeys(rates))
        if self.variational:
            yield "variational"
        if self.tied:
            yield "tied"
        if self.output == "linear":
            yield "linear output"


def _runs(part: tuple[Layer, ...]) -> list[str]:
    """Neighbouring layers of one kind as words: `conv 32-64`, `dense 512-256`, `waves`."""
    runs: list[tuple[str, list[str]]] = []
    for layer in part:
        if isinstance(layer, Fourier):
            runs.append(("waves", []))
        elif isinstance(layer, Memory):
            runs.append(("memory", [f"{layer.size:,}"]))
        elif isinstance(layer, Dense | Conv):
            kind, size = ("dense", layer.outputs) if isinstance(layer, Dense) else ("conv", layer.filters)
            if not runs or runs[-1][0] != kind:
                runs.append((kind, []))
            runs[-1][1].append(str(size))
    return [" ".join([kind, "-".join(sizes)]).strip() for kind, sizes in runs]


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


def denoising() -> Architecture:
    """Convolutions with two poolings to a code of 8 maps of 7x7, half as large as the picture, and back.

    Its code is wide, so that little is lost but the noise; what a stroke must look like is learnt at 7x7, where each
    place sees most of a digit.
    """
    encoder: list[Layer] = [Conv(32), MaxPool(), Conv(64), MaxPool(), Conv(64), Conv(8), Flatten()]
    decoder: list[Layer] = [
        Reshape((8, 7, 7)),
        Conv(64),
        Conv(64),
        Upsample(),
        Conv(64),
        Upsample(),
        Conv(32),
    ]
    return Architecture(tuple(encoder), (*decoder, Conv(1, activation="linear")))


def compressing(code: int) -> Architecture:
    """Convolutions with batch norm to 64 maps of 7x7, a flat code, and back.

    No layer but the last is at full size, which would take most of the time and tell little.
    """
    encoder = [
        *_normed(Conv(32, 5, activation="linear", stride=2)),
        *_normed(Conv(64, activation="linear", stride=2)),
        *_normed(Conv(64, activation="linear")),
    ]
    decoder = [
        Dense(64 * 7 * 7, "linear"),
        Reshape((64, 7, 7)),
        *_normed(Conv(64, activation="linear")),
        Upsample(),
        *_normed(Conv(48, activation="linear")),
        *_normed(Conv(32, activation="linear")),
        Upsample(),
        Conv(1, activation="linear"),
    ]
    return Architecture((*encoder, Flatten(), Dense(code, "linear")), tuple(decoder))


def _normed(layer: Conv) -> tuple[Layer, ...]:
    return (layer, BatchNorm(), Activate("relu"))


def mapping(remembered: int) -> Architecture:
    """The encoder of `compressing(32)`, a memory that says where on a map such a code lies, and waves on it back.

    Two numbers then tell more than a smooth function of the picture could say, or a smooth function of them.
    """
    return Architecture((*compressing(32).encoder, Memory(remembered)), _from_map(6, 6, 768))


def plane() -> Architecture:
    """Three convolutions of stride 2 to a code of 2 numbers, variational, and waves on its plane back to a picture."""
    encoder = [Conv(filters, activation="gelu", stride=2) for filters in (32, 64, 128)]
    decoder = _from_map(5, 4, 512)
    return Architecture(
        (*encoder, Flatten(), Dense(256, "gelu"), Dense(2, "linear")), decoder, variational=True
    )


def _from_map(octaves: int, directions: int, width: int) -> tuple[Layer, ...]:
    wide = Dense(width, "gelu")
    return (Fourier(octaves, directions), wide, wide, Dense(prod(IMAGE_SHAPE), "linear"))


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
