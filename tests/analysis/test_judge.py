"""The judge that is shipped, how far its confidence can be believed, and how one is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aedesk.analysis import judge as judges
from aedesk.analysis.judge import Judge
from aedesk.analysis.judge_training import JudgeRecipe, best_temperature, distorted, nothing, train
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage import tensors

QUICK = JudgeRecipe(widths=(16, 16, 16, 16, 32), epochs=3, batch=64)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.load()


@pytest.fixture(scope="module")
def pupil(digits: DataSet) -> Judge:
    """A judge trained in two seconds."""
    return train(digits.train, QUICK)


def test_the_shipped_judge_is_right_and_knows_how_often(judge: Judge, mnist: DataSet) -> None:
    figures = judge.measure(mnist.test.at_most(5000))
    assert figures["accuracy"] >= 0.993
    assert figures["calibration_error"] <= 0.005
    assert judge.parameters <= 400_000
    assert judges.shipped().stat().st_size <= 800_000
    assert judge.made["command"] == "aedesk judge --train judge.safetensors --data mnist"


def test_what_is_no_digit_leaves_the_judge_unsure(judge: Judge) -> None:
    rng = np.random.default_rng(0)
    even = np.repeat([0.0, 0.02, 0.3, 1.0], 28 * 28).reshape(4, 28, 28)
    noise = rng.random((50, 28, 28))
    chequered = np.kron(np.indices((7, 7)).sum(axis=0) % 2, np.ones((4, 4)))[None]
    assert not judge.sure(np.concatenate([even, noise, chequered])).any()


def test_a_picture_is_judged_alike_alone_and_among_others(judge: Judge, mnist: DataSet) -> None:
    pictures = mnist.test.pixels(slice(600))
    together = judge.probabilities(pictures)
    assert together.shape == (600, 10)
    assert together.sum(axis=1) == pytest.approx(1, abs=1e-5)
    for index in (0, 511, 512, 599):
        assert judge.probabilities(pictures[index : index + 1])[0] == pytest.approx(together[index], abs=1e-4)
    assert np.array_equal(judge.sure(pictures), together.max(axis=1) > 0.9)


def test_ink_beyond_what_a_screen_shows_changes_nothing(judge: Judge, mnist: DataSet) -> None:
    pictures = mnist.test.pixels(slice(20)).astype(np.float64)
    louder = np.where(pictures > 0.99, 1.7, np.where(pictures == 0, -0.4, pictures))
    shown = np.clip(louder, 0, 1)
    assert np.array_equal(judge.scores(louder), judge.scores(shown))


def test_no_pictures_get_no_verdicts(judge: Judge) -> None:
    assert judge.probabilities(np.empty((0, 28, 28))).shape == (0, 10)
    assert judge.sure(np.empty((0, 28, 28))).shape == (0,)


def test_pictures_of_another_shape_are_refused(judge: Judge) -> None:
    with pytest.raises(ValueError, match="28"):
        judge.probabilities(np.zeros((28, 28)))


def test_only_images_of_the_ten_digits_are_measured(judge: Judge, digits: DataSet) -> None:
    clothes = replace(digits.test, classes=tuple("abcdefghij"))
    with pytest.raises(AedeskError, match="digits 0 to 9"):
        judge.measure(clothes)
    with pytest.raises(AedeskError, match="no images"):
        judge.measure(digits.test[:0])
    with pytest.raises(AedeskError, match="digits 0 to 9"):
        train(clothes, QUICK)


def test_a_judge_is_the_same_after_writing_and_reading(pupil: Judge, digits: DataSet, tmp_path: Path) -> None:
    path = tmp_path / "judge.safetensors"
    pupil.save(path)
    again = Judge.load(path)
    pictures = digits.test.pixels()
    assert np.array_equal(again.probabilities(pictures), pupil.probabilities(pictures))
    assert dict(again.made) == dict(pupil.made)


@pytest.mark.parametrize("fault", ["layer", "shape", "temperature", "kind", "cut"])
def test_a_file_that_is_no_judge_is_refused_by_name(pupil: Judge, tmp_path: Path, fault: str) -> None:
    path = tmp_path / "other.safetensors"
    arrays = dict(pupil.arrays)
    card: tensors.Card = {"temperature": pupil.temperature, "made": {}}
    if fault == "layer":
        del arrays["bias3"]
    if fault == "shape":
        arrays["kernel2"] = arrays["kernel2"][:, :3]
    if fault == "temperature":
        card["temperature"] = 0
    tensors.write(path, "atlas" if fault == "kind" else "judge", arrays, card)
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(AedeskError, match=r"other\.safetensors"):
        Judge.load(path)


# --- Calibration ---


def believed(confidences: list[float]) -> np.ndarray:
    """Probabilities (N, 10) of class 3, the rest spread evenly."""
    shares = np.array(confidences)
    probabilities = np.repeat((1 - shares)[:, None] / 9, 10, axis=1)
    probabilities[:, 3] = shares
    return probabilities


@given(st.lists(st.tuples(st.floats(0.11, 1), st.booleans()), min_size=1, max_size=60))
def test_the_calibration_error_is_that_of_its_definition(answers: list[tuple[float, bool]]) -> None:
    probabilities = believed([confidence for confidence, _ in answers])
    labels = np.array([3 if right else 4 for _, right in answers])
    expected = 0.0
    for number in range(15):
        inside = [
            (share, label == 3)
            for share, label in zip(probabilities[:, 3], labels, strict=True)
            if number < share * 15 <= number + 1
        ]
        if inside:
            confidence, accuracy = (sum(values) / len(inside) for values in zip(*inside, strict=True))
            expected += len(inside) / len(answers) * abs(accuracy - confidence)
    assert judges.calibration_error(probabilities, labels) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("exaggeration", [0.5, 1.0, 3.0])
def test_the_temperature_takes_back_what_scores_exaggerate(exaggeration: float) -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, (20_000, 10))
    labels = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)  # a draw by the softmax of the scores
    assert best_temperature(scores * exaggeration, labels) == pytest.approx(exaggeration, rel=0.03)


def test_a_temperature_changes_no_verdict_only_how_sure_it_is(judge: Judge, mnist: DataSet) -> None:
    pictures = mnist.test.pixels(slice(300))
    cooler = replace(judge, temperature=judge.temperature * 3)
    assert np.array_equal(
        cooler.probabilities(pictures).argmax(axis=1), judge.probabilities(pictures).argmax(axis=1)
    )
    assert cooler.sure(pictures).sum() < judge.sure(pictures).sum()


# --- Training ---


def test_a_judge_learns_the_digits_in_seconds(pupil: Judge, digits: DataSet) -> None:
    assert pupil.measure(digits.test)["accuracy"] > 0.8
    assert pupil.made["images"] + pupil.made["held_out"] == len(digits.train)


def test_the_same_seed_makes_the_same_judge_and_another_one_another(digits: DataSet) -> None:
    few, recipe = digits.train[:200], replace(QUICK, epochs=1)
    first, again, other = (train(few, each) for each in (recipe, recipe, replace(recipe, seed=1)))
    assert tensors.digest(first.arrays) == tensors.digest(again.arrays) != tensors.digest(other.arrays)


def test_training_ends_when_it_is_not_wanted_any_more(digits: DataSet) -> None:
    told: list[int] = []
    with pytest.raises(Cancelled):
        train(
            digits.train[:200],
            QUICK,
            progress=lambda what, done, total: told.append(done),
            cancelled=lambda: len(told) > 3,
        )
    assert told == [0, 1, 2, 3]


def test_too_few_images_are_refused(digits: DataSet) -> None:
    with pytest.raises(AedeskError, match="too few"):
        train(digits.train[:20], QUICK)


def test_distorted_pictures_keep_their_ink_and_are_all_different(mnist: DataSet) -> None:
    digit: ImageSet = mnist.train[:1]
    pictures = torch.from_numpy(digit.pixels())[None].repeat(200, 1, 1, 1)
    drawn = distorted(pictures, torch.Generator().manual_seed(0)).numpy()
    assert drawn.min() >= 0
    assert drawn.max() <= 1 + 1e-6
    assert len(np.unique(drawn.reshape(200, -1), axis=0)) == 200
    ink = drawn.sum(axis=(1, 2, 3)) / digit.pixels().sum()
    assert ink.mean() == pytest.approx(1, abs=0.1)
    assert ink.min() > 0.4


def test_pictures_of_nothing_are_blank_grey_clouds_and_noise() -> None:
    drawn = nothing(60, torch.Generator().manual_seed(0)).numpy()[:, 0]
    assert drawn.shape == (60, 28, 28)
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert any(not picture.any() for picture in drawn)
    even, clouds, noise = drawn[::3], drawn[1::3], drawn[2::3]
    assert (np.ptp(even, axis=(1, 2)) == 0).all()
    assert len(np.unique(even[:, 0, 0])) > 5
    assert (np.ptp(clouds, axis=(1, 2)) > 0).all()
    steps_of_clouds, steps_of_noise = (np.abs(np.diff(kind, axis=2)).mean() for kind in (clouds, noise))
    assert steps_of_clouds < steps_of_noise
