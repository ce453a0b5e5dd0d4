"""Figures of what is odd: that they can be drawn and saved, and that their numbers are the ones they show."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aedesk.analysis.anomaly import KINDS, Scores
from aedesk.analysis.detection import precision_recall, roc
from aedesk.analysis.protocols import HeldOut, Published, Told
from aedesk.gui.charts.anomalies import (
    bins_of,
    detection_chart,
    gallery_chart,
    scores_chart,
)
from aedesk.gui.charts.chart import figure_of, write_chart
from aedesk.gui.charts.hold_out import hold_out_chart
from aedesk.storage.table import Table


def scores(count, shift, seed):
    rng = np.random.default_rng(seed)
    return Scores(*(np.exp(rng.normal(shift, 1, count)) for _ in range(3)))


@pytest.fixture
def told():
    usual, odd = scores(300, 0, 0), scores(40, 2, 1)
    pairs = {kind: (usual.of(kind), odd.of(kind)) for kind in KINDS}
    return Told(
        usual,
        odd,
        {kind: roc(*pair) for kind, pair in pairs.items()},
        {kind: precision_recall(*pair) for kind, pair in pairs.items()},
    )


def held_out(count):
    return [HeldOut(digit, str(digit), dict.fromkeys(KINDS, 0.5 + digit / 20)) for digit in range(count)]


def words_of(chart):
    """All words of the figure."""
    figure = figure_of(chart)
    texts = [figure._suptitle] if figure._suptitle else []
    for axes in figure.axes:
        texts += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        texts += axes.get_legend().get_texts() if axes.get_legend() else []
        texts += axes.get_yticklabels()
    return " | ".join(text.get_text() for text in texts)


@example(np.array([5e-324]), [])
@example(np.array([1.0, np.nextafter(1.0, 2.0)]), [])
@given(
    arrays.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6)),
    st.lists(st.floats(-1e6, 1e6), max_size=3),
)
def test_every_score_has_a_bin(usual, others):
    edges, logarithmic = bins_of(usual, others)
    assert (np.diff(edges) > 0).all()
    assert np.histogram(usual, edges)[0].sum() == len(usual)
    assert logarithmic == bool(min([*usual, *others]) > 0)


def test_the_numbers_of_a_histogram_are_the_pictures_it_counts():
    usual = scores(300, 0, 0).code
    records = scores_chart(usual, "code", false_alarms=0.01, threshold=9.0, sketch=400.0).table.records()
    assert sum(record["known"] for record in records) == 300
    assert records[-1]["to"] == pytest.approx(400)
    assert {record["threshold"] for record in records} == {9.0}
    assert {record["drawing"] for record in records} == {400.0}


def test_a_histogram_says_what_is_odd_and_where_the_drawing_is():
    words = words_of(
        scores_chart(scores(300, 0, 0).code, "code", false_alarms=0.01, threshold=9.0, sketch=400.0)
    )
    assert "odd from here on (1.0% false alarms)" in words
    assert "the drawing" in words
    assert "300" in words


def test_curves_of_detection_tell_their_areas(told):
    chart = detection_chart(told, false_alarms=0.05, odd_name="scribbles")
    words = words_of(chart)
    for kind in KINDS:
        assert f"{told.roc[kind].auc:.3f}" in words
        assert f"{told.precision_recall[kind].auc:.3f}" in words
    records = chart.table.records()
    assert {(record["curve"], record["score"]) for record in records} == {
        (curve, kind) for curve in ("roc", "precision-recall") for kind in KINDS
    }
    first = next(record for record in records if record["curve"] == "roc")
    assert first["auc"] == pytest.approx(told.roc["combined"].auc)


def test_a_table_of_curves_stays_short_and_keeps_both_ends():
    usual, odd = scores(9000, 0, 0), scores(9000, 1, 1)
    curve, precision = roc(usual.code, odd.code), precision_recall(usual.code, odd.code)
    told = Told(usual, odd, {"code": curve}, {"code": precision})
    rows = [row for row in detection_chart(told, false_alarms=0.01).table.records() if row["curve"] == "roc"]
    assert len(rows) <= 500
    assert (rows[0]["x"], rows[-1]["x"]) == (0.0, 1.0)


def test_classes_held_out_have_a_mean_and_stand_beside_published_ones():
    chart = hold_out_chart(held_out(10), [Published("Somebody 2018", 0.9, "A paper")])
    records = {record["held_out"]: record for record in chart.table.records()}
    assert records["3"]["auc_combined"] == pytest.approx(0.65)
    assert records["mean"]["auc_code"] == pytest.approx(0.725)
    assert records["published mean"]["source"] == "A paper"
    words = words_of(chart)
    assert "Somebody 2018" in words
    assert "0.725" in words


def test_a_mean_of_few_classes_is_not_taken_for_a_published_one():
    published = [Published("Somebody 2018", 0.9, "A paper")]
    assert "this network: only 3 of 10" in words_of(hold_out_chart(held_out(3), published))
    assert "only" not in words_of(hold_out_chart(held_out(10), published))


def test_a_gallery_shows_every_picture_with_its_caption():
    pictures = np.random.default_rng(0).random((13, 28, 28))
    chart = gallery_chart(pictures, [f"no. {place}" for place in range(13)], Table(("rank",), ((1,),)))
    figure = figure_of(chart)
    assert [axes.get_xlabel() for axes in figure.axes] == [f"no. {place}" for place in range(13)]


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_each_of_them_can_be_saved(tmp_path, told, ending):
    charts = [
        scores_chart(told.usual.code, "code", false_alarms=0.01, threshold=3.0, odd=told.odd.code),
        detection_chart(told, false_alarms=0.01),
        hold_out_chart(held_out(1)),
        hold_out_chart([], [Published("Somebody", 0.9, "A paper")]),
        gallery_chart(np.zeros((3, 28, 28)), list("abc"), Table(("rank",), ())),
    ]
    for place, chart in enumerate(charts):
        write_chart(tmp_path / f"{place}{ending}", chart)
        assert (tmp_path / f"{place}{ending}").stat().st_size > 1000
