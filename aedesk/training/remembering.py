"""How a network with a memory begins: with training images, and what it is to say of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from aedesk.models.architecture import Architecture, Dense, Memory
from aedesk.models.autoencoder import Autoencoder
from aedesk.training.lessons import Lessons

_CHUNK = 1000  # images per pass
_LOOKED_AT = 20_000  # images, for the directions in which features differ
_SHARPNESS = 50.0  # at the distance of the nearest key: the next few count as well


def remembering(
    architecture: Architecture, weights: dict[str, np.ndarray], lessons: Lessons, seed: int
) -> dict[str, np.ndarray]:
    """The first weights of a network whose encoder ends in a dense layer and a `Memory`; of others as they are.

    The encoder begins with the layers of the lessons' teacher, which must be the same; without one, the dense layer
    becomes the principal components of what comes into it. The memory then holds images drawn at random by `seed`,
    some of them twice where there are fewer than it has room for, with their places as its values, or else their first
    principal components.
    """
    if not (isinstance(architecture.encoder[-1], Memory) and isinstance(architecture.encoder[-2], Dense)):
        return weights
    memory, at = architecture.encoder[-1], len(architecture.encoder) - 1
    images = lessons.images.images
    order = np.random.default_rng(seed).permutation(len(images))
    if lessons.teacher is not None:
        taught = lessons.teacher.weights.items()
        weights = weights | {
            name: array for name, array in taught if name in weights and name.startswith("encoder.")
        }
    else:
        weights = weights | _components(architecture, weights, images[order[:_LOOKED_AT]])
    chosen = order[np.arange(memory.size) % len(order)]
    keys = _keys(architecture, weights, images[chosen])
    values = _padded(keys, memory.outputs) if lessons.places is None else lessons.places[chosen]
    sharpness = np.array([np.log(_SHARPNESS / _nearest(keys[: len(order)]))])
    kept = {"keys": keys, "values": values, "sharpness": sharpness}
    return weights | {
        f"encoder.{at}.{name}": np.ascontiguousarray(array, np.float32) for name, array in kept.items()
    }


def _components(
    architecture: Architecture, weights: dict[str, np.ndarray], images: np.ndarray
) -> dict[str, np.ndarray]:
    """A dense layer before the memory that gives principal components, all their variances together 1."""
    name = f"encoder.{len(architecture.encoder) - 2}"
    features = np.concatenate([*_features(architecture, weights, images)])
    mean = features.mean(0)
    spreads, directions = np.linalg.eigh((features - mean).T @ (features - mean) / len(features))
    width = weights[f"{name}.bias"].size
    directions = directions[:, ::-1][:, :width]
    directions = directions / np.sqrt(max(float(spreads[::-1][:width].sum()), 1e-12))
    made = {f"{name}.weight": directions.T, f"{name}.bias": -mean @ directions}
    return {name: np.ascontiguousarray(array, np.float32) for name, array in made.items()}


def _keys(architecture: Architecture, weights: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    """What the dense layer before the memory makes of images, (n, D) float32."""
    name = f"encoder.{len(architecture.encoder) - 2}"
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    # Chunk by chunk: there are fifty times as many features as keys.
    keys = [features @ weight.T + bias for features in _features(architecture, weights, images)]
    return np.asarray(np.concatenate(keys), np.float32)


def _features(
    architecture: Architecture, weights: dict[str, np.ndarray], images: np.ndarray
) -> Iterator[np.ndarray]:
    """What comes into that dense layer, (n, F) float32 for each chunk of the images."""
    network = Autoencoder(architecture)
    network.load_weights(weights)
    for start in range(0, len(images), _CHUNK):
        pixels = torch.from_numpy(images[start : start + _CHUNK]).unsqueeze(1).float() / 255
        with torch.inference_mode():
            features = network.features(pixels)
        yield features.numpy()


def _padded(keys: np.ndarray, outputs: int) -> np.ndarray:
    """The first `outputs` numbers of keys, zeros where there are fewer, each of variance 1 where it varies."""
    first = np.zeros((len(keys), outputs), np.float32)
    first[:, : min(outputs, keys.shape[1])] = keys[:, :outputs]
    spread = first.std(axis=0)
    return first / np.where(spread > 0, spread, 1)


def _nearest(keys: np.ndarray) -> float:
    """The median over some keys of different images of the squared distance to the nearest other; 1 where that is 0."""
    some = keys[:500]
    squares = (some**2).sum(1)[:, None] + (keys**2).sum(1) - 2 * some @ keys.T
    squares[np.arange(len(some)), np.arange(len(some))] = np.inf
    found = float(np.median(np.maximum(squares.min(1), 0))) if len(keys) > 1 else 0.0
    return found or 1.0
