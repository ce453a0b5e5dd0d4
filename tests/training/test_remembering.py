"""A network with a memory begins with training images: it knows places before its first step."""

import numpy as np
import pytest
import torch

from aedesk.data.imageset import DataSet, ImageSet
from aedesk.latent.guide import places
from aedesk.models.architecture import Architecture, Conv, Dense, Flatten, Fourier, Memory, dense
from aedesk.models.autoencoder import Autoencoder
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.training.lessons import Lessons
from aedesk.training.remembering import remembering

SIZE = 150
SMALL = Architecture(
    (
        Conv(6, 5, activation="gelu", stride=2),
        Conv(8, stride=2),
        Flatten(),
        Dense(20, "linear"),
        Memory(SIZE),
    ),
    (Fourier(2, 2), Dense(784, "linear")),
)


@pytest.fixture(scope="module")
def known(digits: DataSet) -> ImageSet:
    return digits.train[:200]


@pytest.fixture(scope="module")
def map_of_all(digits: DataSet) -> np.ndarray:
    """Where the 200 known images and 50 others lie on the map of all of them."""
    return places(digits.train.images[:250])


def begun(
    known: ImageSet, map_of_all: np.ndarray | None, size: int = SIZE, seed: int = 0
) -> dict[str, np.ndarray]:
    architecture = sized(size)
    led_to = None if map_of_all is None else map_of_all[: len(known)]
    return remembering(architecture, initial_weights(architecture, 0, "he"), Lessons(known, led_to), seed)


def sized(size: int) -> Architecture:
    return Architecture((*SMALL.encoder[:-1], Memory(size)), SMALL.decoder)


def test_images_it_never_saw_lie_near_their_places_before_the_first_step(
    digits: DataSet, known: ImageSet, map_of_all: np.ndarray
) -> None:
    model = Model(Checkpoint("begun", SMALL, begun(known, map_of_all)))
    others = digits.train[200:250]
    codes, there = model.encode(others.images), map_of_all[200:]
    missed = np.linalg.norm(codes - there, axis=1)
    by_chance = np.linalg.norm(np.random.default_rng(0).permutation(there) - there, axis=1)
    assert np.median(missed) < 0.25 * np.median(by_chance)
    nearest = ((codes[:, None] - map_of_all[:200]) ** 2).sum(2).argmin(1)
    assert (known.labels[nearest] == others.labels).mean() > 0.7  # 0.1 by chance


def test_what_is_remembered_are_images_with_their_places(known: ImageSet, map_of_all: np.ndarray) -> None:
    weights = begun(known, map_of_all)
    network = Autoencoder(SMALL)
    network.load_weights(weights)
    with torch.no_grad():
        features = network.features(torch.from_numpy(known.pixels())[:, None]).numpy()
    keys = features @ weights["encoder.3.weight"].T + weights["encoder.3.bias"]
    found = ((weights["encoder.4.keys"][:, None] - keys) ** 2).sum(2).argmin(1)
    np.testing.assert_allclose(weights["encoder.4.keys"], keys[found], atol=1e-4)
    np.testing.assert_array_equal(weights["encoder.4.values"], map_of_all[found])
    assert len(set(found)) == SIZE  # each once


def test_features_are_compared_along_their_principal_components(
    known: ImageSet, map_of_all: np.ndarray
) -> None:
    keys = begun(known, map_of_all, size=len(known))["encoder.4.keys"]
    covariance = np.cov(keys.T, bias=True)
    variances = np.diag(covariance)
    np.testing.assert_allclose(keys.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(covariance, np.diag(variances), atol=1e-4)
    assert (np.diff(variances) <= 1e-5).all()  # the largest first
    assert variances.sum() == pytest.approx(1, abs=1e-3)


def test_the_same_seed_remembers_the_same(known: ImageSet, map_of_all: np.ndarray) -> None:
    first, same, other = (begun(known, map_of_all, seed=seed) for seed in (1, 1, 2))
    assert all(np.array_equal(array, same[name]) for name, array in first.items())
    assert not np.array_equal(first["encoder.4.keys"], other["encoder.4.keys"])
    for name, array in initial_weights(SMALL, 0, "he").items():  # the rest is as it was drawn
        assert first[name].dtype == np.float32
        assert np.array_equal(array, first[name]) == (not name.startswith(("encoder.3", "encoder.4")))


def test_of_fewer_images_than_it_has_room_for_some_are_remembered_twice(known: ImageSet) -> None:
    values = np.arange(20, dtype=np.float32).reshape(10, 2)
    weights = remembering(sized(25), initial_weights(sized(25), 0), Lessons(known[:10], values), 0)
    counts = np.unique(weights["encoder.4.values"], axis=0, return_counts=True)[1]
    assert sorted(counts) == [2] * 5 + [3] * 5
    assert all(np.isfinite(array).all() for array in weights.values())


@pytest.mark.parametrize("count", [1, 2, 30])
def test_equal_images_are_remembered_as_well_as_can_be(count: int) -> None:
    images = np.full((count, 28, 28), 7, np.uint8)
    lessons = Lessons(ImageSet(images, np.zeros(count, np.int64), ("7",)))
    weights = remembering(SMALL, initial_weights(SMALL, 0), lessons, 0)
    assert all(np.isfinite(array).all() for array in weights.values())
    codes = Model(Checkpoint("begun", SMALL, weights)).encode(images)
    assert np.isfinite(codes).all()


def test_without_places_principal_components_stand_in(known: ImageSet) -> None:
    weights = begun(known, None)
    keys, values = weights["encoder.4.keys"], weights["encoder.4.values"]
    np.testing.assert_allclose(values.std(axis=0), 1, rtol=1e-3)
    for number in range(2):
        assert abs(np.corrcoef(values[:, number], keys[:, number])[0, 1]) > 0.999


def test_a_network_without_a_memory_begins_as_it_would(known: ImageSet) -> None:
    weights = initial_weights(dense(8, 2, 8), 0)
    assert remembering(dense(8, 2, 8), weights, Lessons(known), 0) is weights


def test_with_a_teacher_the_memory_goes_by_its_encoder(known: ImageSet, map_of_all: np.ndarray) -> None:
    architecture = Architecture((Flatten(), Dense(6, "gelu"), Dense(4, "linear")), (Dense(784, "linear"),))
    learnt = initial_weights(architecture, 9)
    teacher = Checkpoint("teacher", architecture, learnt)
    pupil = Architecture((*architecture.encoder, Memory(SIZE)), SMALL.decoder)
    lessons = Lessons(known, map_of_all[:200], teacher)
    weights = remembering(pupil, initial_weights(pupil, 0), lessons, 0)
    assert weights.keys() == pupil.tensor_shapes.keys()
    for name, array in learnt.items():
        if name.startswith("encoder"):
            np.testing.assert_array_equal(array, weights[name])
    codes = Model(teacher).encode(known.images)
    found = ((weights["encoder.3.keys"][:, None] - codes) ** 2).sum(2).argmin(1)
    np.testing.assert_allclose(weights["encoder.3.keys"], codes[found], atol=1e-5)
    np.testing.assert_array_equal(weights["encoder.3.values"], map_of_all[found])
