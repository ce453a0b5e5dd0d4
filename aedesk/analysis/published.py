"""What others have published of autoencoders of MNIST, to hold a model's figures against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from aedesk.models.architecture import Architecture

Measure = Literal["mse", "knn_accuracy", "nn_accuracy", "trustworthiness"]

DATA = "mnist"
"""The data set that all of these were taken on."""

_UMAP = (
    "Sainburg, McInnes & Gentner 2021, Parametric UMAP (Neural Computation 33); "
    "notebooks of github.com/timsainb/ParametricUMAP_paper"
)
_EXPLAINER = "github.com/xnought/vae-explainer: its shipped weights, measured"
_HINTON = "Hinton & Salakhutdinov 2006, Science 313: a squared error of 3.00 a picture"


@dataclass(frozen=True)
class Published:
    """The figures of one model on the 10,000 test images of MNIST, as `Card` has them; None where none is published.

    kind: `linear` is PCA; `map` is an autoencoder that is also taught to lay out a map.
    """

    name: str
    code_size: int
    kind: Literal["linear", "plain", "variational", "map"]
    mse: float
    source: str
    knn_accuracy: float | None = None
    nn_accuracy: float | None = None
    trustworthiness: float | None = None


_ALL = (
    Published("PCA", 2, "linear", 0.0557, _UMAP, 0.420, 0.377, 0.743),
    Published("convolutional autoencoder", 2, "plain", 0.0369, _UMAP, 0.793, 0.765, 0.966),
    Published("convolutional VAE", 2, "variational", 0.0371, _UMAP, 0.765, 0.724, 0.951),
    Published("UMAP with an autoencoder's loss", 2, "map", 0.0360, _UMAP, 0.954, 0.940, 0.968),
    Published("Parametric UMAP", 2, "map", 0.0374, _UMAP, 0.961, 0.940, 0.957),
    Published("VAE Explainer", 2, "variational", 0.0398, _EXPLAINER, 0.711, 0.667),
    Published("deep autoencoder", 30, "plain", 0.00383, _HINTON),
    Published("PCA", 64, "linear", 0.0090, _UMAP, 0.973, 0.971),
    Published("convolutional autoencoder", 64, "plain", 0.0016, _UMAP, 0.976, 0.975, 0.9997),
    Published("convolutional VAE", 64, "variational", 0.0024, _UMAP, 0.979, 0.979, 0.9994),
)
_NEXT_TO = {32: 30}  # code sizes of ours that nobody has published, and the nearest that somebody has


def published_for(architecture: Architecture, data: str = DATA) -> tuple[Published, ...]:
    """What is published of codes of this size, the lowest error first; nothing for other data or other sizes.

    Beside a variational network stand variational ones and PCA; beside any other, all of them.
    """
    if data != DATA:
        return ()
    size = _NEXT_TO.get(architecture.code_size, architecture.code_size)
    kinds = {"linear", "variational"} if architecture.variational else {each.kind for each in _ALL}
    found = (each for each in _ALL if each.code_size == size and each.kind in kinds)
    return tuple(sorted(found, key=lambda each: each.mse))


def best_published(rows: Iterable[Published], measure: Measure) -> Published | None:
    """The one with the best figure, of those that have it; PCA, the least that is asked for, is none of them."""
    known = [each for each in rows if each.kind != "linear" and getattr(each, measure) is not None]
    if not known:
        return None
    return (min if measure == "mse" else max)(known, key=lambda each: float(getattr(each, measure)))
