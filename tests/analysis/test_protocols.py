"""The two protocols: a class held out of training, and another data set."""

from __future__ import annotations

import numpy as np
import pytest

from aedesk.analysis.anomaly import KINDS, Detector
from aedesk.analysis.detection import roc
from aedesk.analysis.protocols import (
    PUBLISHED,
    HeldOut,
    held_out_table,
    hold_out,
    mean_auc,
    other_set,
)
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.models.model import Model
from aedesk.sketch.scribbles import scribbles
from aedesk.storage.library import load_model
from aedesk.training.in_memory import trainer


def test_a_network_is_trained_without_the_class_and_judged_on_all_test_images(digits: DataSet) -> None:
    seen: list[ImageSet] = []
    train = trainer("dense-32", epochs=2)

    def watched(images: ImageSet, progress, cancelled) -> Model:
        seen.append(images)
        return train(images, progress, cancelled)

    found = list(hold_out(digits, [0, 7], watched))
    assert [(one.digit, one.name) for one in found] == [(0, "0"), (7, "7")]
    for images, one in zip(seen, found, strict=True):
        assert set(images.labels) == set(range(10)) - {one.digit}
        assert len(images) == (digits.train.labels != one.digit).sum()
    detector = Detector.fit(train(seen[1], lambda *step: None, lambda: False), seen[1])
    scores = detector.score(digits.test.images).combined
    is_odd = digits.test.labels == 7
    assert found[1].aucs["combined"] == pytest.approx(roc(scores[~is_odd], scores[is_odd]).auc)
    assert found[1].aucs["combined"] > 0.8


def test_a_class_that_cannot_be_held_out_is_refused(digits: DataSet) -> None:
    train = trainer("dense-32", epochs=1)
    few = DataSet("few", digits.train, digits.test[digits.test.labels != 3])
    with pytest.raises(AedeskError, match="few: class 3 cannot be held out"):
        list(hold_out(few, [3], train))


def test_the_table_has_a_row_for_each_class_and_the_mean_is_theirs() -> None:
    found = [HeldOut(digit, str(digit), dict.fromkeys(KINDS, auc)) for digit, auc in ((1, 0.5), (2, 0.9))]
    assert mean_auc(found) == pytest.approx(0.7)
    assert [row["held_out"] for row in held_out_table(found).records()] == ["1", "2"]


def test_published_figures_say_where_they_are_from_and_the_best_is_first() -> None:
    figures = [one.mean_auc for one in PUBLISHED]
    assert figures == sorted(figures, reverse=True)
    assert all(one.source and one.method for one in PUBLISHED)


def test_training_without_files_tells_its_steps_and_can_be_cancelled(digits: DataSet) -> None:
    told: list[tuple[str, int, int]] = []
    train = trainer("dense-2d", epochs=1)
    train(digits.train, lambda *step: told.append(step), lambda: False)
    assert told
    assert all(what == "training" and 0 < done <= total for what, done, total in told)
    with pytest.raises(Cancelled):
        train(digits.train, lambda *step: None, lambda: True)
    with pytest.raises(AedeskError):
        trainer("no-such-preset")


def test_too_few_images_to_train_on_are_not_told_as_those_of_another_data_set(digits: DataSet) -> None:
    with pytest.raises(AedeskError, match=r"^the training set has too few"):
        trainer("dense-2d", epochs=1)(digits.train[:2], lambda *step: None, lambda: False)


def test_two_trainings_by_one_seed_are_the_same(digits: DataSet) -> None:
    train = trainer("dense-2d", epochs=1, seed=3)
    one, other = (train(digits.train, lambda *step: None, lambda: False) for _ in range(2))
    picture = digits.test.pixels(slice(0, 1))
    assert np.array_equal(one.encode(picture), other.encode(picture))


def test_another_set_is_told_by_every_score(digits: DataSet) -> None:
    model = trainer("dense-32", epochs=1)(digits.train, lambda *_: None, lambda: False)
    detector = Detector.fit(model, digits.train, most_usual=0)
    told = other_set(detector, digits.test[:100], scribbles(40, 1))
    assert (len(told.usual), len(told.odd)) == (100, 40)
    for row, kind in zip(told.table.records(), KINDS, strict=True):
        assert row["auc"] == roc(told.usual.of(kind), told.odd.of(kind)).auc
        assert row["hits_at_5_percent"] == told.flagged(0.05, kind)
    assert told.roc["combined"].auc > 0.95


def test_scribbles_are_flagged_at_one_false_alarm_in_a_hundred(mnist: DataSet) -> None:
    """Judged on training images that the detector does not know, and that were used for no choice."""
    detector = Detector.fit(load_model("dense-32"), mnist.train[:30_000], most_usual=0)
    told = other_set(detector, mnist.train[50_000:51_000], scribbles(140, 2024))
    assert told.flagged(0.01) >= 0.9  # of a thousand pictures, ten say where the threshold lies
    assert told.roc["combined"].auc > 0.98
