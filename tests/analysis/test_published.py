"""What others have published, and which of it a model stands beside."""

import pytest

from aedesk.analysis.published import best_published, published_for
from aedesk.models.architecture import dense
from aedesk.models.presets import PRESETS

TWO = PRESETS["dense-2d"].architecture


def test_the_best_of_two_numbers_are_the_ones_to_beat():
    rows = published_for(TWO)
    best = {measure: best_published(rows, measure) for measure in ("mse", "knn_accuracy", "trustworthiness")}
    assert [getattr(one, measure) for measure, one in best.items()] == [0.0360, 0.961, 0.968]
    assert [row.mse for row in rows] == sorted(row.mse for row in rows)


def test_a_variational_model_stands_beside_variational_ones_and_pca():
    rows = published_for(TWO.as_variational())
    assert {row.kind for row in rows} == {"variational", "linear"}
    assert best_published(rows, "mse").mse == 0.0371
    assert best_published(rows, "knn_accuracy").knn_accuracy == 0.765


def test_32_numbers_stand_beside_the_30_of_the_first_deep_autoencoder():
    (row,) = published_for(PRESETS["dense-32"].architecture)
    assert (row.code_size, row.mse) == (30, 0.00383)
    assert best_published([row], "knn_accuracy") is None


@pytest.mark.parametrize("row", published_for(TWO) + published_for(PRESETS["vanilla-64"].architecture))
def test_every_published_figure_says_where_it_is_from(row):
    assert len(row.source) > 10
    assert row.source.isprintable()


def test_pca_is_the_least_that_is_asked_for_and_no_rival():
    rows = [row for row in published_for(TWO) if row.kind == "linear"]
    assert rows
    assert best_published(rows, "mse") is None


def test_nothing_is_published_of_other_data_or_other_sizes():
    assert published_for(TWO, "fashion-mnist") == ()
    assert published_for(dense(17)) == ()
