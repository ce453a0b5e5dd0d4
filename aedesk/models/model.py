"""A trained network in use: frozen, private, NumPy in and NumPy out."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.checkpoint import Checkpoint

_CHUNK = 500  # images at once, fewer where the layers are so large that memory counts
# `conv` then runs 20 at once and stays in the cache: 0.66 s for 500 images, 1.6 s at 500 at once.
_CHUNK_NUMBERS = 1 << 22
# Noise that is not clipped overshoots [0, 1] by several of its deviations; pictures in [0, 255] are far outside.
_FAR_OUTSIDE = 10.0


class Model:
    """A private copy of a checkpoint's network: training elsewhere never changes what this one answers.

    A picture is (28, 28), a set (N, 28, 28), ink = 1; answers are sets always. Wrong input raises ValueError, a
    device that is not there AedeskError.
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "cpu") -> None:
        self.checkpoint = checkpoint
        self._device = _device(device)
        network = Autoencoder(checkpoint.architecture)
        network.load_weights(checkpoint.weights)
        self._network = network.to(self._device)
        if not checkpoint.architecture.is_dense:
            self._network.to(memory_format=torch.channels_last)
        self._network.freeze()
        largest = max(math.prod(step.after) for step in checkpoint.architecture.steps())
        self._chunk = max(1, min(_CHUNK, _CHUNK_NUMBERS // largest))

    @property
    def name(self) -> str:
        return self.checkpoint.name

    @property
    def architecture(self) -> Architecture:
        return self.checkpoint.architecture

    @property
    def code_size(self) -> int:
        """How many numbers a code has."""
        return self.architecture.code_size

    def encode(self, images: npt.ArrayLike) -> np.ndarray:
        """(N, 28, 28) or (28, 28), floats in [0, 1] or uint8 to 255, ink bright -> codes (N, D) float32."""
        return self._apply(self._network.encode, _pictures(images), (self.code_size,))

    def decode(self, codes: npt.ArrayLike) -> np.ndarray:
        """Codes (N, D) or (D,) -> images (N, 28, 28) float32 in [0, 1]."""
        return self._apply(self._network.decode, self._codes(codes), (28, 28))

    def reconstruct(self, images: npt.ArrayLike) -> np.ndarray:
        """Images as for `encode` -> (N, 28, 28) float32 in [0, 1]: what is left after the code."""
        return self._apply(
            lambda x: self._network.decode(self._network.encode(x)), _pictures(images), (28, 28)
        )

    def _apply(
        self, function: Callable[[torch.Tensor], torch.Tensor], inputs: np.ndarray, shape: tuple[int, ...]
    ) -> np.ndarray:
        """`function` of the inputs, a chunk at a time: (N, ...) -> (N, *shape) float32."""
        outputs = np.empty((len(inputs), *shape), np.float32)
        with torch.inference_mode():
            for start in range(0, len(inputs), self._chunk):
                chunk = torch.from_numpy(inputs[start : start + self._chunk]).to(self._device)
                answer = function(chunk).cpu().numpy()
                outputs[start : start + self._chunk] = answer.reshape(-1, *shape)
        return outputs

    def _codes(self, codes: npt.ArrayLike) -> np.ndarray:
        array = np.asarray(codes)
        if array.ndim not in {1, 2} or array.shape[-1] != self.code_size or array.dtype.kind not in "fiu":
            raise ValueError(
                f"codes of {self.name} are numbers of shape (N, {self.code_size}) or ({self.code_size},), "
                f"not {array.dtype} {array.shape}"
            )
        if not np.isfinite(array).all():
            raise ValueError("codes must be finite numbers")
        return _writable(array.reshape(-1, self.code_size))


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as problem:  # the second where torch was built for the CPU alone
        reason = next(iter(str(problem).splitlines()), "")
        raise AedeskError(f'A model cannot run on the device {name!r} here ({reason}); use "cpu".') from None
    return device


def _pictures(images: npt.ArrayLike) -> np.ndarray:
    """Images as the network takes them: (N, 1, 28, 28) float32."""
    array = np.asarray(images)
    if array.ndim not in {2, 3} or array.shape[-2:] != (28, 28):
        raise ValueError(f"images must have the shape (N, 28, 28) or (28, 28), not {array.shape}")
    pictures = array.reshape(-1, 1, 28, 28)
    if array.dtype == np.uint8:
        return pictures.astype(np.float32) / 255
    if array.dtype.kind != "f":
        raise ValueError(f"images must be floats in [0, 1] or uint8, not {array.dtype}")
    # Written so that NaN fails as well.
    if pictures.size and not (pictures.min() >= -_FAR_OUTSIDE and pictures.max() <= 1 + _FAR_OUTSIDE):
        raise ValueError(f"images must be within [0, 1], not {pictures.min():.3g} to {pictures.max():.3g}")
    return _writable(pictures)


def _writable(array: np.ndarray) -> np.ndarray:
    """Contiguous float32 that torch wraps without a warning, which it gives for read-only memory."""
    return np.require(array, np.float32, ["C", "W"])
