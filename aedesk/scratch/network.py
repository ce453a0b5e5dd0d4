"""Forward and backward of a fully connected autoencoder, by hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture, Dense
from aedesk.scratch.losses import sigmoid


@dataclass(frozen=True, eq=False)
class _Layer:
    """One dense layer in its place. weight: (outputs, inputs); bias: (outputs,)."""

    name: str
    weight: np.ndarray
    bias: np.ndarray
    is_relu: bool

    def forward(self, x: np.ndarray) -> np.ndarray:
        """(N, inputs) -> (N, outputs): x W^T + b, then the ReLU where there is one."""
        x = np.dot(x, self.weight.T)
        x += self.bias
        return np.maximum(x, 0, out=x) if self.is_relu else x


class Network:
    """A dense autoencoder for (N, 784) images in [0, 1], in the float type of its weights.

    weights: name -> array, named and shaped as `architecture.parameter_shapes`. They are held, not copied:
    an optimiser that changes them in place trains this network.
    A network with maps raises AedeskError.
    """

    def __init__(self, architecture: Architecture, weights: dict[str, np.ndarray]) -> None:
        if not architecture.is_dense:
            raise AedeskError("the NumPy engine runs dense networks only; use --engine torch")
        self.weights = weights
        self._layers = [
            _Layer(
                step.name,
                weights[f"{step.name}.weight"],
                weights[f"{step.name}.bias"],
                step.layer.activation == "relu",
            )
            for step in architecture.steps()
            if isinstance(step.layer, Dense)
        ]
        self._encoder = [layer for layer in self._layers if layer.name.startswith("encoder.")]
        self._decoder = self._layers[len(self._encoder) :]
        self._dtype = self._layers[0].weight.dtype
        self._gradients = {name: np.empty_like(array) for name, array in weights.items()}
        self._inputs: list[np.ndarray] = []

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Images (N, 784) -> codes (N, D)."""
        x = images.astype(self._dtype, copy=False)
        for layer in self._encoder:
            x = layer.forward(x)
        return x

    def decode_logits(self, codes: np.ndarray) -> np.ndarray:
        """Codes (N, D) -> logits (N, 784); the picture is their sigmoid."""
        x = codes.astype(self._dtype, copy=False)
        for layer in self._decoder:
            x = layer.forward(x)
        return x

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes (N, D) -> images (N, 784) in [0, 1]."""
        return sigmoid(self.decode_logits(codes))

    def forward(self, images: np.ndarray) -> np.ndarray:
        """Images (N, 784) -> logits of their reconstructions (N, 784); keeps what `backward` needs."""
        x = images.astype(self._dtype, copy=False)
        self._inputs = []
        for layer in self._layers:
            self._inputs.append(x)
            x = layer.forward(x)
        return x

    def backward(self, dlogits: np.ndarray) -> dict[str, np.ndarray]:
        """Gradient with respect to the last `forward`'s logits (N, 784) -> gradient for every parameter.

        The arrays are the network's own and are overwritten by the next call.
        Back-propagation as in Rumelhart, Hinton & Williams 1986: with delta the gradient with respect to
        x W^T + b, that of W is delta^T x, that of b the sum of delta over the batch, that of x delta W.
        """
        delta = dlogits
        for place in reversed(range(len(self._layers))):
            layer, x = self._layers[place], self._inputs[place]
            np.dot(delta.T, x, out=self._gradients[f"{layer.name}.weight"])
            np.sum(delta, axis=0, out=self._gradients[f"{layer.name}.bias"])
            if place == 0:  # nobody needs the gradient with respect to the images
                break
            delta = np.dot(delta, layer.weight)
            if self._layers[place - 1].is_relu:  # x is that layer's output: 0 exactly where the ReLU was shut
                delta *= x > 0
        return self._gradients
