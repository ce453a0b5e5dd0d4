"""A fully connected autoencoder, assembled from its description."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aedesk.errors import AedeskError
from aedesk.models import layers as described
from aedesk.models.architecture import Architecture
from aedesk.models.layers import LOG_VARIANCE, Step
from aedesk.scratch.activations import FUNCTIONS
from aedesk.scratch.layers import Activate, BatchNorm, Dense, Dropout, Layer, Parameter, TiedDense
from aedesk.scratch.variational import Heads, Sample
from aedesk.scratch.vector import Arrays, length, parts


class Network:
    """A dense autoencoder for (N, 784) images in [0, 1], in the float type of its weights.

    weights: name -> array, named and shaped as `architecture.tensor_shapes`; copied. parameters: those of the network
    that training adjusts, in one vector; gradient: their slopes in the same order. An optimiser that changes
    `parameters` in place trains the network: its weights are views of them. A network with maps raises AedeskError.
    """

    def __init__(self, architecture: Architecture, weights: Arrays) -> None:
        if not architecture.is_dense:
            raise AedeskError("the NumPy engine runs dense networks only; choose the PyTorch engine (torch)")
        shapes = architecture.parameter_shapes
        self._dtype = next(iter(weights.values())).dtype
        self.parameters = np.empty(length(shapes), self._dtype)
        self.gradient = np.empty_like(self.parameters)
        self._gradients = parts(self.gradient, shapes)
        self.weights = parts(self.parameters, shapes)
        for name, array in weights.items():
            if name in shapes:
                self.weights[name][...] = array
            else:
                self.weights[name] = array.copy()
        self._code_size = architecture.code_size
        steps, size = list(architecture.steps()), len(architecture.encoder)
        shared = {step.tied_to for step in steps if step.tied_to}
        self._encoder = [layer for step in steps[:size] for layer in self._built(step, step.name in shared)]
        self._decoder = [layer for step in steps[size:] for layer in self._built(step)]
        if architecture.variational:
            self._decoder.insert(0, Sample())

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Images (N, 784) -> codes (N, D); their means where they are variational."""
        encoded = _apply(self._encoder, images.astype(self._dtype, copy=False))
        return encoded[:, : self._code_size]

    def apply(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Images (N, 784) -> what the encoder gives, and the last layer's outputs (N, 784), nothing left to chance.

        The encoder gives codes (N, D), or means and log-variances (N, 2D) where they are variational.
        """
        encoded = _apply(self._encoder, images.astype(self._dtype, copy=False))
        return encoded, _apply(self._decoder, encoded)

    def forward(self, images: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """The same while training; `rng` is what dropout and variational codes draw from, in their order."""
        encoded = images.astype(self._dtype, copy=False)
        for layer in self._encoder:
            encoded = layer.forward(encoded, rng)
        outputs = encoded
        for layer in self._decoder:
            outputs = layer.forward(outputs, rng)
        return encoded, outputs

    def backward(self, doutputs: np.ndarray, dencoded: np.ndarray | None = None) -> Arrays:
        """Gradients with respect to what the last `forward` gave -> the gradient of every parameter.

        doutputs: (N, 784), may be overwritten. dencoded: what a penalty on the code adds. The arrays returned are the
        network's own and are overwritten by the next call.
        """
        delta = doutputs
        for layer in reversed(self._decoder):
            layer.learn(delta)
            delta = layer.backward(delta)
        if dencoded is not None:
            delta += dencoded
        for layer in reversed(self._encoder):
            layer.learn(delta)
            if layer is self._encoder[0]:  # nobody needs the gradient with respect to the images
                break
            delta = layer.backward(delta)
        return self._gradients

    def _built(self, step: Step, is_shared: bool = False) -> Iterator[Layer]:
        """The layers that do what a step describes; is_shared: a layer of the decoder has its weight as well."""
        layer, name = step.layer, step.name
        if isinstance(layer, described.Dense):
            if step.tied_to:
                weight = self._parameter(f"{step.tied_to}.weight")
                yield TiedDense(weight, self._parameter(f"{name}.bias"))
            elif step.is_mean:
                yield Heads(self._dense(name), self._dense(LOG_VARIANCE))
            else:
                yield self._dense(name, is_shared)
        if isinstance(layer, described.Dense | described.Activate) and layer.activation != "linear":
            yield Activate(FUNCTIONS[layer.activation])
        if isinstance(layer, described.Dropout):
            yield Dropout(layer.rate)
        if isinstance(layer, described.BatchNorm):
            yield BatchNorm(
                self._parameter(f"{name}.weight"),
                self._parameter(f"{name}.bias"),
                self.weights[f"{name}.running_mean"],
                self.weights[f"{name}.running_variance"],
            )

    def _dense(self, name: str, is_shared: bool = False) -> Dense:
        return Dense(self._parameter(f"{name}.weight"), self._parameter(f"{name}.bias"), is_shared)

    def _parameter(self, name: str) -> Parameter:
        return Parameter(self.weights[name], self._gradients[name])


def _apply(layers: list[Layer], x: np.ndarray) -> np.ndarray:
    for layer in layers:
        x = layer.apply(x)
    return x
