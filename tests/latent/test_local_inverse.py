"""What a place on a t-SNE map shows of real digits that the map was not made from.

The whole measurement, with a better judge and more models, is `tests/benchmarks/local_inverse.py`.
"""

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from aedesk.data.imageset import DataSet
from aedesk.latent.atlas import Atlas, atlas_for
from aedesk.latent.projection import project
from aedesk.latent.tsne import TSne
from aedesk.models.model import Model
from aedesk.storage.library import load_model, resolve

# Held out, a digit is to keep its class 0.97 times as often as its code itself does, by the judge of the benchmark.
# The judge here is weaker and reads the mean of several codes more easily than one code: with atlases of a half and a
# quarter of the codes, which fell short of that, it still found 0.988 and 0.975, and with the shipped 0.999 and 0.995.
BARS = {"dense-32": 0.993, "vanilla-64": 0.985}

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # eight epochs are enough


@pytest.fixture(scope="module")
def judge(mnist: DataSet) -> MLPClassifier:
    """Names digits by their pixels; it has seen no code and no decoded picture."""
    some = mnist.train[np.arange(0, len(mnist.train), 2)]
    network = MLPClassifier((128,), learning_rate_init=2e-3, batch_size=200, max_iter=8, random_state=0)
    return network.fit(flat(some.images / 255), some.labels)


def shipped(name: str) -> tuple[Model, Atlas]:
    path = resolve(name)
    atlas = atlas_for(path)
    assert atlas is not None
    return load_model(path), atlas


def flat(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(len(pictures), -1).astype(np.float32)


@pytest.mark.parametrize("name", BARS)
def test_a_digit_keeps_its_class_on_the_way_to_the_map_and_back(
    mnist: DataSet, judge: MLPClassifier, name: str
) -> None:
    model, atlas = shipped(name)
    digits = mnist.test[np.arange(0, 10_000, 10)]
    assert judge.score(flat(digits.images / 255), digits.labels) > 0.96
    codes = model.encode(digits.images)
    projection = project("tsne", atlas)
    assert isinstance(projection, TSne)

    def share(codes: np.ndarray) -> float:
        return float(judge.score(flat(model.decode(codes)), digits.labels[: len(codes)]))

    some = codes[:500]
    settled = np.stack([projection.settle(code) for code in some])
    assert share(projection.to_codes(settled)) >= BARS[name] * share(some)
    assert share(projection.to_codes(projection.to_points(codes))) >= 0.98 * share(codes)


def test_between_the_codes_of_one_class_the_picture_is_of_that_class(judge: MLPClassifier) -> None:
    model, atlas = shipped("dense-32")
    projection = project("tsne", atlas)
    ones = projection.points[atlas.labels == 1]
    middle = np.median(ones, axis=0)
    around = ones[np.linalg.norm(ones - middle, axis=1) < 0.3 * ones.std()]
    places = (around[:-1] + around[1:]) / 2
    assert len(places) > 50
    assert (judge.predict(flat(model.decode(projection.to_codes(places)))) == 1).mean() > 0.95
