"""How a model copes with sketches: what is measured, of which sketches, and against what."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aedesk.analysis.sketch_test import ALL_KINDS, KIND_WORDS, SketchReport, sketch_test
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.gui.charts.chart import figure_of
from aedesk.gui.charts.sketches import sketches_chart
from aedesk.latent.neighbours import Neighbours
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS
from aedesk.sketch.hand import HELD_OUT, KINDS
from aedesk.storage.library import load_checkpoint
from aedesk.storage.sketched import sketches_by


@pytest.fixture(scope="module")
def model() -> Model:
    architecture = PRESETS["dense-32"].architecture
    return Model(Checkpoint("untrained", architecture, initial_weights(architecture, 0)))


@pytest.fixture(scope="module")
def report(model: Model, digits: DataSet) -> SketchReport:
    return sketch_test(model, digits, kinds=("thin", "rotated", "uneven"), limit=30, seed=4)


def test_figures_are_those_of_the_same_sketches_by_hand(
    report: SketchReport, model: Model, digits: DataSet
) -> None:
    test = digits.test.at_most(30)
    known = Neighbours(model.encode(digits.train.pixels()), digits.train.labels)
    drawn = sketches_by(test, ("thin", "rotated", "uneven"), 4) / np.float32(255)
    scans = test.pixels()
    assert report.digits == 30
    assert report.scan_accuracy == (known.predict(model.encode(scans)) == test.labels).mean()
    assert report.scan_mse == pytest.approx(((model.reconstruct(scans) - scans) ** 2).mean(), rel=1e-5)
    for row, sketches in zip(report.rows, drawn, strict=True):
        assert row.accuracy == (known.predict(model.encode(sketches)) == test.labels).mean()
        assert row.mse == pytest.approx(((model.reconstruct(sketches) - sketches) ** 2).mean(), rel=1e-5)
        for (sketch, rebuilt), (scan, _) in zip(row.examples, report.examples, strict=True):
            number = int(np.flatnonzero((scans == scan).all(axis=(1, 2)))[0])
            assert np.array_equal(sketch, sketches[number])
            assert np.allclose(rebuilt, model.reconstruct(sketches[number : number + 1])[0], atol=1e-5)


def test_usual_and_unusual_hands_are_told_apart(report: SketchReport) -> None:
    thin, rotated, uneven = report.rows
    assert report.sketch_accuracy == thin.accuracy
    assert report.sketch_ratio == thin.mse / report.scan_mse
    assert report.held_out_accuracy == pytest.approx((rotated.accuracy + uneven.accuracy) / 2)
    assert report.held_out_ratio == pytest.approx((rotated.mse + uneven.mse) / 2 / report.scan_mse)
    assert [row["hand"] for row in report.table().records()] == ["usual", "unusual", "unusual"]


def test_without_hands_of_a_sort_there_are_no_figures_of_it(model: Model, digits: DataSet) -> None:
    only = sketch_test(model, digits, kinds=("plain",), limit=3)
    assert only.held_out_accuracy is None
    assert only.held_out_ratio is None
    assert only.sketch_ratio is not None


def test_neighbours_that_are_there_are_not_sought_again(model: Model, digits: DataSet) -> None:
    told: list[str] = []
    known = Neighbours(np.zeros((1, 32), np.float32), np.array([6]))
    found = sketch_test(
        model,
        digits,
        kinds=("plain",),
        limit=20,
        neighbours=known,
        progress=lambda what, *_: told.append(what),
    )
    assert found.scan_accuracy == (digits.test.at_most(20).labels == 6).mean()
    assert set(told) == {"drawing sketches", "rebuilding the sketches"}


def test_every_kind_has_words() -> None:
    assert list(KIND_WORDS) == list(ALL_KINDS) == [*KINDS, *HELD_OUT]


@pytest.mark.parametrize("part", ["train", "test"])
def test_an_empty_part_is_told(model: Model, digits: DataSet, part: str) -> None:
    parts = {"train": digits.train, "test": digits.test, part: digits.test[:0]}
    with pytest.raises(AedeskError, match="hollow needs"):
        sketch_test(model, DataSet("hollow", **parts))


def test_the_work_ends_when_it_is_not_wanted(model: Model, digits: DataSet) -> None:
    for end in range(3):
        seen: list[Any] = []
        with pytest.raises(Cancelled):
            sketch_test(
                model,
                digits,
                kinds=("plain",),
                limit=3,
                seed=end,
                progress=lambda *news: seen.append(news),  # noqa: B023
                cancelled=lambda: len(seen) > end,  # noqa: B023
            )


def test_a_shipped_model_knows_mnist_sketches_nearly_as_well_as_scans(mnist: DataSet) -> None:
    some = DataSet("mnist", mnist.train.at_most(6_000), mnist.test)
    kinds = ("plain", "slow", "rotated", "overshoot")
    found = sketch_test(Model(load_checkpoint("dense-32")), some, kinds=kinds, limit=100)
    assert found.scan_accuracy > 0.9
    assert found.sketch_accuracy is not None
    assert found.sketch_accuracy >= found.scan_accuracy - 0.04
    assert found.held_out_ratio is not None
    assert found.held_out_ratio <= 1.3


def test_the_figure_shows_each_kind_with_its_figures(report: SketchReport) -> None:
    chart = sketches_chart(report)
    figure = figure_of(chart)
    known, error, examples = figure.axes
    names = [label.get_text() for label in known.get_yticklabels()]
    assert names == ["Scans", "Thin pen", "Rotated", "Uneven pen"]
    told = [text.get_text() for text in error.texts]
    assert told == [f"{ratio:.2f}" for ratio in [1, *(report.ratio(row.mse) for row in report.rows)]]
    (mosaic,) = examples.images
    assert mosaic.get_array().shape == (4 * 30, len(report.examples) * 2 * 30)
    assert chart.table == report.table()
