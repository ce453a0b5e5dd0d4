"""Principal components of pictures: the best linear code of every size, to hold a network against."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aedesk.analysis.watch import IsCancelled, Progress, Watch
from aedesk.data.imageset import ImageSet

PIXELS = 28 * 28

# So many products of two bytes add up exactly in float32, which is twice as quick as float64.
_EXACT_ROWS = (1 << 24) // 255**2


@dataclass(frozen=True, eq=False)
class PixelPca:
    """The directions of largest variance of pictures, the largest first.

    mean: (784,) float64. components: (S, 784) float64, orthonormal; the largest entry of each is positive.
    """

    mean: np.ndarray
    components: np.ndarray

    @classmethod
    def fit(
        cls,
        images: ImageSet,
        size: int = PIXELS,
        *,
        progress: Progress | None = None,
        cancelled: IsCancelled | None = None,
    ) -> PixelPca:
        """The leading `size` eigenvectors of the 784x784 covariance, in float64, of which n images have at most n - 1.

        Raises Cancelled.
        """
        watch = Watch(progress, cancelled)
        total = np.zeros(PIXELS)
        moment = np.zeros((PIXELS, PIXELS))
        for chunk in watch.chunks("fitting PCA", len(images)):
            levels = images.images[chunk].reshape(-1, PIXELS)
            total += levels.sum(axis=0, dtype=np.int64)
            for start in range(0, len(levels), _EXACT_ROWS):
                rows = levels[start : start + _EXACT_ROWS].astype(np.float32)
                moment += rows.T @ rows
        count = len(images)
        mean = total / count / 255
        covariance = moment / count / 255**2 - np.outer(mean, mean)
        components = np.linalg.eigh(covariance)[1][:, ::-1].T[: max(0, min(size, count - 1))]
        largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
        return cls(mean, components * np.where(largest < 0, -1, 1))

    @property
    def size(self) -> int:
        """How many numbers a code has."""
        return len(self.components)

    def truncated(self, size: int) -> PixelPca:
        """The same with codes of `size` numbers, or fewer where it has no more."""
        return replace(self, components=self.components[:size])

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Images (N, 28, 28) in [0, 1] -> codes (N, S) float64."""
        codes: np.ndarray = (images.reshape(-1, PIXELS) - self.mean) @ self.components.T
        return codes

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Codes (N, S) -> images (N, 28, 28) float64; not clipped, they may pass [0, 1] a little."""
        images: np.ndarray = codes @ self.components + self.mean
        return images.reshape(-1, 28, 28)

    def errors(
        self, images: ImageSet, *, progress: Progress | None = None, cancelled: IsCancelled | None = None
    ) -> np.ndarray:
        """The mean squared error per pixel with the first 0, 1 ... S components: (S + 1,) float64. Raises Cancelled.

        The components are orthonormal, so that each takes away just the square of its own number of the code.
        """
        watch = Watch(progress, cancelled)
        whole, explained = 0.0, np.zeros(self.size)
        for chunk in watch.chunks("measuring PCA", len(images)):
            pictures = images.images[chunk].astype(np.float64) / 255
            whole += float(((pictures.reshape(-1, PIXELS) - self.mean) ** 2).sum())
            explained += (self.encode(pictures) ** 2).sum(axis=0)
        left = whole - np.concatenate([[0.0], explained.cumsum()])
        # Where nothing is left, rounding leaves a little, on either side of 0.
        errors: np.ndarray = left.clip(min=0) / (len(images) * PIXELS)
        return errors
