"""How odd a drawing is: what is usual is found out once a model, from its own data; and how odd whole sets are."""

import dataclasses

import numpy as np
import pytest

from aedesk.app import odd_one as odd_ones
from aedesk.app.odd_one import OddOne, data_for
from aedesk.app.odd_sets import SCRIBBLES, contest, holding_out, ranking_of, reordered
from aedesk.errors import AedeskError, Cancelled
from aedesk.sketch.scribbles import scribbles

pytestmark = pytest.mark.usefixtures("quick_detectors")


def quietly(work):
    """Do a work here and now."""
    return work(lambda *_: None, lambda: False)


@pytest.fixture
def odd_one(bench):
    return OddOne(bench.jobs)


@pytest.fixture
def known(bench, odd_one, run):
    """What is usual to a network that was trained on digits."""
    odd_one.watch(bench.load(run))
    bench.settle()
    return odd_one.known


@pytest.fixture
def absent(monkeypatch):
    """Data sets that are not on this machine, whatever is; all but the digits at first."""
    away = {"mnist", "fashion-mnist"}
    monkeypatch.setattr(odd_ones, "is_present", lambda name: name not in away)
    return away


class Named:
    """As much of a model as says what it was trained on."""

    def __init__(self, data):
        self.name = "mine"
        self.checkpoint = self
        self.config = {} if data is None else {"data": data}


def test_what_is_usual_is_found_out_from_the_model_s_own_training_images(known, odd_one):
    assert (known.data, known.note) == ("digits", "")
    assert len(known.detector.usual) == round(0.2 * 400)
    assert odd_one.problem is None


def test_a_scribble_is_odder_than_a_digit(bench, odd_one, known, digits):
    shares = []
    for image in (digits.test.pixels(slice(0, 1))[0], scribbles(1, 5)[0]):
        odd_one.judge(image)
        bench.settle()
        assert odd_one.judgement.image is image
        assert odd_one.judgement.heat.shape == odd_one.judgement.nearest.shape == (28, 28)
        shares.append(odd_one.judgement.verdict.share)
    assert shares[0] < shares[1]


def test_a_drawing_that_was_there_before_the_model_is_judged_once_the_model_is_known(bench, odd_one, run):
    heard = []
    odd_one.judged.connect(heard.append)
    image = scribbles(1, 0)[0]
    odd_one.judge(image)
    assert heard == []
    odd_one.watch(bench.load(run))
    bench.settle()
    assert [judgement.image is image for judgement in heard] == [True]


def test_while_the_pen_moves_the_last_picture_is_judged_at_last_and_not_every_one(bench, odd_one, known):
    heard = []
    odd_one.judged.connect(heard.append)
    pictures = scribbles(12, 0)
    for picture in pictures:
        odd_one.judge(picture)
    bench.settle()
    np.testing.assert_array_equal(heard[0].image, pictures[0])
    np.testing.assert_array_equal(heard[-1].image, pictures[-1])
    assert len(heard) == 2


def test_a_blank_canvas_has_no_judgement_even_if_one_was_on_its_way(bench, odd_one, known):
    heard = []
    odd_one.judged.connect(heard.append)
    odd_one.judge(scribbles(1, 0)[0])
    odd_one.judge(None)
    bench.settle()
    assert heard == [None]
    assert odd_one.judgement is None


def test_what_is_known_of_a_model_is_kept_for_when_it_comes_back(bench, odd_one, known, run, flat):
    odd_one.watch(bench.load(flat))
    bench.settle()
    assert odd_one.known is not known
    odd_one.watch(bench.load(run))
    assert odd_one.known is known
    assert not odd_one.fitting.is_running


def test_the_judgement_of_one_model_is_not_shown_for_the_next(bench, odd_one, known, flat):
    odd_one.judge(scribbles(1, 0)[0])
    bench.settle()
    before = odd_one.judgement
    odd_one.watch(bench.load(flat))
    assert odd_one.judgement is None
    bench.settle()
    assert odd_one.judgement is not None
    assert odd_one.judgement is not before


def test_without_mnist_the_built_in_digits_stand_for_it_and_that_is_said(absent):
    data, note = data_for(Named("mnist"))
    assert data == "digits"
    assert "mnist is not on this machine" in note
    absent.clear()
    assert data_for(Named("mnist")) == ("mnist", "")


def test_digits_do_not_stand_for_clothes(bench, odd_one, run, digits, monkeypatch, absent):
    active = bench.load(run)
    active.model.checkpoint.config["data"] = "fashion-mnist"
    odd_one.watch(active)
    bench.settle()
    assert odd_one.known is None
    assert isinstance(odd_one.problem, AedeskError)
    assert "fashion-mnist" in str(odd_one.problem)
    absent.clear()
    monkeypatch.setattr(odd_ones, "load", lambda name, offline: digits)
    odd_one.retry()
    bench.settle()
    assert odd_one.problem is None
    assert odd_one.known.data == "fashion-mnist"


@pytest.mark.parametrize(("here", "expected"), [(True, "mnist"), (False, "digits")])
def test_a_model_that_does_not_say_what_it_knows_is_judged_by_digits(absent, here, expected):
    if here:
        absent.clear()
    data, note = data_for(Named(None))
    assert data == expected
    assert "not known" in note


def test_a_set_that_is_not_here_is_told_in_one_line(known, absent):
    with pytest.raises(AedeskError, match="fashion-mnist is not on this machine"):
        quietly(ranking_of(known, "fashion-mnist", "combined"))


def test_a_ranking_has_the_oddest_first_by_any_kind_of_score(known, few_digits):
    ranking = quietly(ranking_of(known, "digits", "combined"))
    assert sorted(ranking.order) == list(range(len(few_digits.test)))
    assert (np.diff(ranking.scores.combined[ranking.order]) <= 0).all()
    other = reordered(ranking, known, "code")
    assert (np.diff(other.scores.code[other.order]) <= 0).all()
    direct = quietly(ranking_of(known, "digits", "code"))
    np.testing.assert_array_equal(other.order, direct.order)
    np.testing.assert_allclose(other.shares, direct.shares)
    assert reordered(other, known, "code") is other


def test_scribbles_are_told_from_digits(known, few_digits):
    result = quietly(contest(known, SCRIBBLES))
    assert (len(result.told.usual), len(result.told.odd)) == (len(few_digits.test), 200)
    assert result.told.roc["combined"].auc > 0.8


def test_some_classes_of_the_known_set_can_be_the_odd_ones(known, few_digits):
    result = quietly(contest(known, "digits", " 3, 5 "))
    many = int(np.isin(few_digits.test.labels, [3, 5]).sum())
    assert (len(result.told.odd), len(result.told.usual)) == (many, len(few_digits.test) - many)


@pytest.mark.parametrize("classes", ["", "0,1,2,3,4,5,6,7,8,9"])
def test_the_known_set_is_not_odd_beside_itself(known, classes):
    with pytest.raises(AedeskError, match="name the classes"):
        quietly(contest(known, "digits", classes))


def test_a_class_that_is_not_there_is_told_with_those_that_are(known):
    with pytest.raises(AedeskError, match=r"no class 'eleven': the classes are 0, 1"):
        quietly(contest(known, "digits", "eleven"))


def test_each_class_held_out_is_told_as_soon_as_it_is_done():
    told = []
    found = quietly(holding_out("digits", "7, 0", "dense-2d", 1, told.append))
    assert [one.name for one in found] == ["7", "0"]
    assert told == found


def test_a_work_that_is_not_wanted_ends(known):
    for work in (
        ranking_of(known, "digits", "combined"),
        contest(known, SCRIBBLES),
        holding_out("digits", "0", "dense-2d", 1, print),
    ):
        with pytest.raises(Cancelled):
            work(lambda *_: None, lambda: True)


def test_only_a_few_detectors_are_kept(bench, odd_one, run, monkeypatch, known):
    monkeypatch.setattr(odd_ones, "_KEPT", 2)
    active = bench.load(run)
    for name in "ab":
        atlas = dataclasses.replace(active.atlas, fingerprint=name)
        odd_one.watch(dataclasses.replace(active, atlas=atlas))
        bench.settle()
    assert odd_one.known is not None
    odd_one.watch(active)
    assert odd_one.known is None
