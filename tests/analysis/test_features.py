"""What codes are worth beside pixels and PCA: an honest contest, and figures as others would measure them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from aedesk.analysis import features
from aedesk.analysis.feature_measures import Part, vote
from aedesk.analysis.feature_report import METHODS, FeatureReport
from aedesk.analysis.linear_probe import fit_path
from aedesk.analysis.watch import Watch
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.neighbours import Neighbours
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS


def encoding(encode: Callable[[np.ndarray], np.ndarray], size: int) -> SimpleNamespace:
    """Something with codes, as far as a comparison looks."""
    return SimpleNamespace(
        name="made up", code_size=size, encode=encode, checkpoint=SimpleNamespace(config={"data": "digits"})
    )


def flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32)


def with_answer(data: DataSet) -> DataSet:
    """The same with the class of each image written into its first pixel."""

    def marked(images: ImageSet) -> ImageSet:
        pixels = images.images.copy()
        pixels[:, 0, 0] = images.labels * 20
        return ImageSet(pixels, images.labels, images.classes)

    return DataSet(data.name, marked(data.train), marked(data.test))


def answer(images: np.ndarray) -> np.ndarray:
    return np.eye(10, dtype=np.float32)[np.rint(images[:, 0, 0] * 255 / 20).astype(int)]


def small(data: DataSet) -> DataSet:
    return DataSet(data.name, data.train[:500], data.test[:150])


@pytest.fixture(scope="module")
def report(digits: DataSet) -> FeatureReport:
    """Of a code that is the picture itself."""
    return features.compare(encoding(flat, 784), small(digits), draws=3)


# --- the probe and the votes, held against others' ---


def test_the_probe_is_scikit_learns_logistic_regression(digits: DataSet) -> None:
    images, labels = flat(digits.train.pixels(slice(300))), digits.train.labels[:300]
    tests = flat(digits.test.pixels())
    for strength, probe in zip((0.01, 0.1), fit_path(images, labels, 10, (0.01, 0.1)), strict=True):
        other = LogisticRegression(C=strength, tol=1e-6, max_iter=2000).fit(images, labels)
        np.testing.assert_allclose(probe.shares(tests), other.predict_proba(tests), atol=0.02)
        assert (probe.predict(tests) == other.predict(tests)).mean() > 0.99


def test_a_probe_that_has_seen_one_class_tells_that_one() -> None:
    (probe,) = fit_path(np.ones((3, 2), np.float32), np.array([1, 1, 1]), 4, (1.0,))
    assert probe.predict(np.zeros((2, 2), np.float32)).tolist() == [1, 1]


@given(st.integers(0, 1000))
def test_votes_of_several_k_at_once_are_those_of_each(seed: int) -> None:
    random = np.random.default_rng(seed)
    codes = random.standard_normal((30, 2)).astype(np.float32)
    known = Part(codes, random.integers(0, 3, 30))
    queries = random.standard_normal((20, 2)).astype(np.float32)
    which = random.permutation(30)[:12]
    for k, labels in zip((1, 3, 4, 10), vote(known, which, queries, (1, 3, 4, 10), Watch()), strict=True):
        expected = Neighbours(codes[which], known.labels[which]).predict(queries, k)
        np.testing.assert_array_equal(labels, expected)


def test_pca_keeps_what_scikit_learns_does(digits: DataSet) -> None:
    images = digits.test.pixels()
    made = features.encoders(encoding(flat, 8), digits)["pca"](images)
    other = (
        PCA(8, svd_solver="full").fit(flat(digits.train.pixels()).astype(np.float64)).transform(flat(images))
    )
    np.testing.assert_allclose(np.abs(made), np.abs(other), atol=1e-3)


# --- fairness ---


@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=60).map(np.array),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_labels_are_drawn_as_evenly_as_can_be(labels: np.ndarray, share: float, seed: int) -> None:
    count = max(1, round(share * len(labels)))
    chosen = features.draw(labels, count, np.random.default_rng(seed))
    assert len(set(chosen.tolist())) == len(chosen) == count
    there = np.bincount(labels, minlength=5)
    drawn = np.bincount(labels[chosen], minlength=5)
    largest = drawn.max()
    assert all(got >= min(largest - 1, most) for got, most in zip(drawn, there, strict=True))


def test_no_image_serves_two_purposes(digits: DataSet) -> None:
    numbered = np.zeros((1438, 28, 28), np.uint8)
    numbered[:, 0, 0], numbered[:, 0, 1] = np.divmod(np.arange(1438), 256)
    data = DataSet("numbered", ImageSet(numbered, digits.train.labels, digits.train.classes), digits.test)
    images = features.choose(data, None, None, 0)
    known, validation = (
        {(int(picture[0, 0]), int(picture[0, 1])) for picture in part.images}
        for part in (images.known, images.validation)
    )
    assert not known & validation
    assert len(known) + len(validation) == 1438
    np.testing.assert_array_equal(images.test.images, digits.test.images)


def test_the_same_numbers_get_the_same_figures_under_another_name(report: FeatureReport) -> None:
    """Labels, settings and test images are the same for pixels and for codes."""
    for labels in report.labels:
        for method in METHODS:
            pixels, codes = (report.score(name, method, labels) for name in ("pixels", "codes"))
            assert codes.accuracies == pixels.accuracies
            assert codes.setting == pixels.setting
        assert " level: " in report.verdict(labels) or "behind" in report.verdict(labels)


def test_codes_that_know_the_answer_win_with_a_label_of_each_class(digits: DataSet) -> None:
    report = features.compare(encoding(answer, 10), with_answer(small(digits)), labels=[10], draws=4)
    assert report.score("codes", "linear probe", 10).accuracies == (1.0,) * 4
    assert report.score("codes", "k-NN", 10).accuracies == (1.0,) * 4
    assert next(found for found in report.groups if found.representation == "codes").purity == 1.0
    assert report.verdict(10).startswith("With 10 labels codes are ahead: 100.0%")


def test_codes_that_know_nothing_are_behind(digits: DataSet) -> None:
    nothing = encoding(lambda images: np.zeros((len(images), 3), np.float32), 3)
    report = features.compare(nothing, small(digits), labels=[100, None], draws=3)
    assert report.score("codes", "linear probe", 100).accuracy < 0.3
    groups = next(found for found in report.groups if found.representation == "codes")
    assert (groups.groups, groups.silhouette) == (1, None)
    for labels in report.labels:
        assert "codes are behind" in report.verdict(labels)


def test_a_classifier_tells_single_pictures_as_it_told_the_test_images(digits: DataSet) -> None:
    data = small(digits)
    report = features.compare(encoding(flat, 784), data, labels=[None])
    for classifier in report.classifiers:
        right = [
            classifier.guess(image)[0] == label
            for image, label in zip(data.test.pixels(), data.test.labels, strict=True)
        ]
        score = report.score(classifier.representation, classifier.method, classifier.labels)
        assert np.mean(right) == pytest.approx(score.accuracy, abs=0.01)
        assert 0 < classifier.guess(data.test.pixels()[0])[1] <= 1


# --- what is told ---


def test_the_table_has_every_figure_and_is_the_same_each_time(digits: DataSet, report: FeatureReport) -> None:
    records = report.table().records()
    assert len(records) == 3 * 2 * len(report.labels) + 3
    assert report.labels == (10, 100, 400)
    again = features.compare(encoding(flat, 784), small(digits), draws=3).table().records()
    for one, other in zip(records, again, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}


def test_only_one_draw_is_made_of_all_labels_which_have_no_spread(report: FeatureReport) -> None:
    assert len(report.score("pca", "k-NN", 100).accuracies) == 3
    assert report.score("pca", "k-NN", 100).spread > 0
    assert len(report.score("pca", "k-NN", 400).accuracies) == 1
    assert report.score("pca", "k-NN", 400).spread is None


def test_it_says_how_the_figures_were_made(report: FeatureReport) -> None:
    for words in ("150 test images", "400 training images", "100 other training images", "3 draws"):
        assert words in report.how()


def test_progress_stays_within_its_bounds_and_cancelling_ends_the_work(digits: DataSet) -> None:
    told: list[tuple[str, int, int]] = []

    def cancelled() -> bool:
        return len(told) > 40

    with pytest.raises(Cancelled):
        features.compare(
            encoding(flat, 784),
            small(digits),
            progress=lambda *stage: told.append(stage),
            cancelled=cancelled,
        )
    assert len(told) < 45
    assert all(0 <= done <= total for _, done, total in told)


@pytest.mark.parametrize(
    ("labels", "words"),
    [([401], "400 labelled images"), ([0], "1 or more"), ([-3], "1 or more")],
)
def test_labels_that_are_not_there_are_refused(digits: DataSet, labels: list[int], words: str) -> None:
    with pytest.raises(AedeskError, match=words):
        features.compare(encoding(flat, 784), small(digits), labels=labels)


def test_data_of_one_class_or_without_test_images_is_refused(digits: DataSet) -> None:
    ones = digits.train[digits.train.labels == 1]
    with pytest.raises(AedeskError, match="two or more"):
        features.compare(encoding(flat, 784), DataSet("ones", ones, digits.test))
    with pytest.raises(AedeskError, match="no test images"):
        features.compare(encoding(flat, 784), DataSet("untested", digits.train, digits.test[:0]))
    with pytest.raises(AedeskError, match="too few"):
        features.compare(encoding(flat, 784), DataSet("two", digits.train[:2], digits.test))
    with pytest.raises(AedeskError, match="test image"):
        features.compare(encoding(flat, 784), small(digits), limit=1)


# --- codes to take elsewhere ---


def test_codes_are_those_of_the_model_for_each_image_of_each_part(digits: DataSet) -> None:
    architecture = PRESETS["vanilla-64"].architecture
    model = Model(Checkpoint("vanilla-64", architecture, initial_weights(architecture, 0)))
    codes = features.codes_of(model, digits)
    assert len(codes) == 1797
    assert (codes.parts == "train").sum() == 1438
    for place in (0, 1437, 1438, 1796):
        part = getattr(digits, codes.parts[place])
        image = int(codes.images[place])
        np.testing.assert_allclose(codes.codes[place], model.encode(part.pixels()[image])[0], atol=1e-5)
        assert codes.labels[place] == part.labels[image]
    few = features.codes_of(model, digits, "test", limit=5)
    assert few.images.tolist() == [0, 1, 2, 3, 4]
    assert set(few.parts) == {"test"}
    with pytest.raises(AedeskError, match="no images"):
        features.codes_of(model, DataSet("untested", digits.train, digits.test[:0]), "test")
