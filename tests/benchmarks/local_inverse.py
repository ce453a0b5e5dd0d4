"""How often a digit keeps its class on the way to a map and back, against decoding its code as it is. Prints JSON.

    AEDESK_DATA_DIR=... python tests/benchmarks/local_inverse.py [MODEL ...] [--digits 10000] [--split test|held-out]

Each digit of the split is encoded; its place on the map is found, at once (`to_points`) and, on t-SNE, settled
(`settle`); the code of that place (`to_codes`) is decoded, and a judge that has seen training pixels only names the
digit in the picture. `ratio` is how often that is the true class, divided by how often it is for the code itself.
`knowable` is what any inverse could hope for: the class voted for by the 20 nearest codes of the atlas, on the map
and, as `knowable_from_codes`, before it is flattened. The split `held-out`, training images that are not in the atlas,
is there to choose by; `test` is for the last word.
"""

import argparse
import json
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from aedesk.data.imageset import DataSet, ImageSet
from aedesk.data.sources import load
from aedesk.latent.atlas import Atlas, atlas_for
from aedesk.latent.neighbours import Neighbours
from aedesk.latent.projection import Projection, project
from aedesk.models.model import Model
from aedesk.storage.library import load_model, resolve

MODELS = ("dense-32", "vanilla-64", "deep-64")
EPOCHS, BATCH, HIGHEST_RATE = 4, 256, 4e-3


class Judge:
    """A small convolutional classifier of pictures (n, 28, 28) in [0, 1], trained on raw pixels."""

    def __init__(self, training: ImageSet) -> None:
        torch.manual_seed(0)
        self._network = nn.Sequential(
            *(nn.Conv2d(1, 16, 5, 2, 2), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Conv2d(16, 32, 3, 2, 1), nn.BatchNorm2d(32), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(32 * 49, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10)),
        )
        labels = torch.from_numpy(training.labels.astype(np.int64))
        steps = EPOCHS * -(-len(labels) // BATCH)
        optimiser = torch.optim.Adam(self._network.parameters())
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, HIGHEST_RATE, total_steps=steps)
        for _ in range(EPOCHS):
            for batch in torch.randperm(len(labels)).split(BATCH):
                pictures = torch.from_numpy(training.images[batch.numpy()] / np.float32(255))
                optimiser.zero_grad()
                functional.cross_entropy(self._network(pictures[:, None]), labels[batch]).backward()
                optimiser.step()
                schedule.step()
        self._network.eval()

    def share(self, pictures: np.ndarray, labels: np.ndarray) -> float:
        """How many of the pictures it takes for digits of these classes."""
        with torch.inference_mode():
            named = self._network(torch.from_numpy(pictures.astype(np.float32))[:, None]).argmax(1).numpy()
        return float((named == labels).mean())


def split(name: str, data: DataSet, atlas: Atlas, digits: int) -> ImageSet:
    if name == "test":
        return data.test[np.arange(min(digits, len(data.test)))]
    others = np.setdiff1d(np.arange(len(data.train)), atlas.images)
    return data.train[np.random.default_rng(0).choice(others, min(digits, len(others)), replace=False)]


def measure(model: Model, atlas: Atlas, digits: ImageSet, judge: Judge) -> dict[str, object]:
    codes = model.encode(digits.images)
    true = judge.share(model.decode(codes), digits.labels)
    before = Neighbours(atlas.codes, atlas.labels).predict(codes, 20)
    found: dict[str, object] = {
        "codes of the atlas": len(atlas),
        "digits": len(digits),
        "right by the true code": true,
        "knowable_from_codes": float((before == digits.labels).mean()) / true,
    }
    for kind in ("tsne", "pca"):
        projection = project(kind, atlas)
        places = {"at once": projection.to_points(codes)}
        if kind == "tsne":
            start = time.perf_counter()
            places["settled"] = np.stack([projection.settle(code) for code in codes])
            found["milliseconds to settle"] = 1000 * (time.perf_counter() - start) / len(codes)
        for how, there in places.items():
            found[f"{kind}, {how}"] = ratios(model, atlas, projection, there, digits.labels, judge, true)
    return found


def ratios(
    model: Model,
    atlas: Atlas,
    projection: Projection,
    places: np.ndarray,
    labels: np.ndarray,
    judge: Judge,
    true: float,
) -> dict[str, float]:
    voted = Neighbours(projection.points, atlas.labels).predict(places, 20)
    return {
        "ratio": judge.share(model.decode(projection.to_codes(places)), labels) / true,
        "knowable": float((voted == labels).mean()) / true,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="How often a digit keeps its class on a map, as JSON.")
    parser.add_argument("models", nargs="*", default=MODELS, metavar="MODEL")
    parser.add_argument("--digits", type=int, default=10_000)
    parser.add_argument("--split", choices=("test", "held-out"), default="test")
    arguments = parser.parse_args()
    data = load("mnist", offline=True)
    judge = Judge(data.train)
    report: dict[str, object] = {"judge": judge.share(data.test.images / 255, data.test.labels)}
    for name in arguments.models:
        path = resolve(name)
        atlas = atlas_for(path)
        if atlas is None or atlas.images is None:
            sys.exit(f"{name}: no atlas that says which images it is of")
        digits = split(arguments.split, data, atlas, arguments.digits)
        report[name] = measure(load_model(path), atlas, digits, judge)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
