"""The cards that ship: each is of the weights beside it, and says what is measured anew from the files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial import cKDTree

from aedesk.analysis import fidelity, quality
from aedesk.analysis.card import Card, card_of
from aedesk.data.imageset import DataSet
from aedesk.latent.atlas import atlas_for
from aedesk.latent.neighbours import Neighbours
from aedesk.models.model import Model
from aedesk.storage.library import load_model, resolve, shipped

NAMES = shipped()
PART = 300  # of the test images, where all would take too long: `tests/benchmarks/cards.py` takes everything anew
SOME = 1500  # of dense models, for what takes longer


@dataclass(frozen=True)
class Measured:
    """What a shipped model makes of test images. which: of them. rebuilt: (n, 28, 28)."""

    model: Model
    card: Card
    which: np.ndarray
    codes: np.ndarray
    rebuilt: np.ndarray


@pytest.fixture(scope="module", params=NAMES)
def measured(request: pytest.FixtureRequest, mnist: DataSet) -> Measured:
    """One shipped model after the other; of dense ones all test images."""
    path = resolve(request.param)
    model, card = load_model(request.param), card_of(path)
    assert card is not None, (
        f"{path.parent}: no card of these weights; aedesk evaluate {request.param} --save"
    )
    step = 1 if model.architecture.is_dense else len(mnist.test) // PART
    which = np.arange(0, len(mnist.test), step)
    codes = model.encode(mnist.test.images[which])
    return Measured(model, card, which, codes, model.decode(codes))


def agrees(figure: float | None, measured: np.ndarray, whole: int, slack: float = 0.0) -> bool:
    """Whether a figure is the mean of what was measured, or may be that of the whole it was drawn from."""
    assert figure is not None
    left = max(0.0, 1 - len(measured) / whole)
    error = 4 * float(np.std(measured)) * (left / len(measured)) ** 0.5
    return abs(figure - float(np.mean(measured))) <= error + slack + 1e-4 * abs(figure)


def test_a_shipped_card_says_how_its_model_was_made(measured: Measured) -> None:
    card, checkpoint = measured.card, measured.model.checkpoint
    assert card.network == checkpoint.architecture.summary()
    assert (card.code_size, card.parameters) == (measured.model.code_size, checkpoint.architecture.parameters)
    assert card.command == checkpoint.config["command"]
    assert card.epochs == len(checkpoint.history)
    assert card.seconds == pytest.approx(sum(row["seconds"] for row in checkpoint.history), rel=1e-3)
    assert card.device
    assert card.trained_on == card.data == "mnist"
    assert (card.train_images, card.test_images, card.sketches) == (60_000, 10_000, 500)


def test_a_shipped_card_says_what_the_model_rebuilds(measured: Measured, mnist: DataSet) -> None:
    originals = mnist.test.pixels(measured.which)
    whole = len(mnist.test)
    squares = (measured.rebuilt - originals) ** 2
    assert agrees(measured.card.mse, squares.mean(axis=(1, 2)), whole)
    assert agrees(measured.card.psnr, fidelity.psnr(measured.rebuilt, originals), whole)
    some = slice(None, None, 1 if measured.card.code_size == 2 else max(1, len(originals) // SOME))
    assert agrees(measured.card.ssim, fidelity.ssim(measured.rebuilt[some], originals[some]), whole)


def test_a_shipped_card_says_which_numbers_are_in_use(measured: Measured) -> None:
    found = quality.active_dimensions(measured.codes, measured.model.architecture.variational)
    part = len(measured.which) < measured.card.test_images
    assert found == pytest.approx(measured.card.active_dimensions, rel=0.1 if part else 0)


def test_a_shipped_card_says_what_neighbours_tell(measured: Measured, mnist: DataSet) -> None:
    model, card = measured.model, measured.card
    queries = np.arange(len(measured.codes))
    slack = 1e-3  # some are as far as others
    if not model.architecture.is_dense:  # what is shipped stands in for all training codes, which take long
        atlas = atlas_for(resolve(model.name))
        assert atlas is not None
        codes, labels, slack = atlas.codes, atlas.labels, 180 / len(atlas)
    else:
        codes, labels = model.encode(mnist.train.images), mnist.train.labels
    if model.code_size == 2:
        nearest = cKDTree(codes).query(measured.codes, 5)[1]
    else:
        queries = queries[:: max(1, len(queries) // SOME)]
        nearest = Neighbours(codes).nearest(measured.codes[queries], 5)[0]
    votes, truth = labels[nearest], mnist.test.labels[measured.which[queries]]
    most = np.array([Counter(row).most_common(1)[0][0] for row in votes.tolist()])
    assert agrees(card.knn_accuracy, most == truth, len(mnist.test), slack)
    assert agrees(card.nn_accuracy, votes[:, 0] == truth, len(mnist.test), slack)


def test_a_shipped_map_is_as_true_to_pictures_as_its_card_says(measured: Measured, mnist: DataSet) -> None:
    """Of codes of two numbers, where it is what one sees; the others take a second each."""
    if measured.card.code_size == 2 and measured.model.architecture.is_dense:
        images = mnist.test.pixels(slice(quality.TRUSTED))
        found = quality.trustworthiness(images, measured.codes[: quality.TRUSTED])
        assert found == pytest.approx(measured.card.trustworthiness, abs=1e-5)
    assert 0.5 < (measured.card.trustworthiness or 0) <= 1


def test_pca_of_a_size_is_the_same_on_every_card() -> None:
    found: dict[int, set[float | None]] = {}
    for name in NAMES:
        card = card_of(resolve(name))
        assert card is not None
        found.setdefault(card.code_size, set()).add(None if card.pca_mse is None else round(card.pca_mse, 7))
    published = {2: 0.0557, 32: 0.0168, 64: 0.0090, 128: 0.0042, 1024: None}
    for size, errors in found.items():
        (error,) = errors
        assert size not in published or error == pytest.approx(published[size], abs=5e-5)
