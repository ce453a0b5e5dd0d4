"""The drawing damaged and mended live, without a window, and the holes that an eraser knocks into it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk.analysis import denoising, fidelity
from aedesk.app import denoiser as denoisers
from aedesk.app.denoiser import Damage, Denoiser, Measuring, Mending, measure
from aedesk.app.holes import Holes
from aedesk.app.ink import Ink
from aedesk.data.corruption import corrupt
from aedesk.errors import AedeskError


class Desk:
    """A denoiser on a bench, and everything that it has told."""

    def __init__(self, bench: Any) -> None:
        self.bench, self.denoiser = bench, Denoiser(bench.jobs)
        self.told: list[Mending | None] = []
        self.problems: list[BaseException] = []
        self.denoiser.changed.connect(self.told.append)
        self.denoiser.failed.connect(self.problems.append)

    def settle(self) -> Mending:
        self.bench.poll_until(lambda: not self.denoiser.is_busy)
        mending = self.denoiser.mending
        assert mending is not None, self.problems
        return mending


@pytest.fixture
def desk(bench: Any) -> Desk:
    return Desk(bench)


@pytest.fixture
def model(bench: Any, run: Any) -> Any:
    return bench.load(run).model


@pytest.fixture
def clean(digits: Any) -> np.ndarray:
    image: np.ndarray = digits.test.pixels(slice(5, 6))[0]
    return image


def test_a_picture_is_damaged_and_mended_by_each_method(desk: Desk, model: Any, clean: np.ndarray) -> None:
    desk.denoiser.damage(clean, Damage("gaussian", 0.5, 3), model)
    mending = desk.settle()
    damaged = corrupt(clean[None], "gaussian", 0.5, np.random.default_rng(3))
    results = {one.method: one for one in mending.results}
    assert next(iter(results)) == "damaged"
    assert {"model", "median", "tv"} < set(results)
    assert np.array_equal(results["damaged"].image, damaged[0])
    assert np.array_equal(results["model"].image, denoising.denoise(model, damaged)[0])
    for result in results.values():
        assert result.psnr == pytest.approx(fidelity.psnr(result.image[None], clean[None])[0])
        assert result.ssim == pytest.approx(fidelity.ssim(result.image[None], clean[None])[0])


def test_each_filter_has_the_setting_that_is_best_for_the_picture(
    desk: Desk, model: Any, clean: np.ndarray
) -> None:
    desk.denoiser.damage(clean, Damage("gaussian", 0.5, 3), model)
    results = {one.method: one for one in desk.settle().results}
    damaged = results["damaged"].image[None]
    for method in denoising.FILTERS:
        best = max(
            fidelity.psnr(denoising.filtered(method, damaged, setting), clean[None])[0]
            for setting in denoising.SETTINGS[method]
        )
        assert results[method].psnr == pytest.approx(best)


def test_the_shipped_denoiser_is_beside_the_model_in_use_where_there_is_one(
    desk: Desk, model: Any, clean: np.ndarray, deep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aedesk.storage.library import load_model

    asked: list[str] = []

    def shipped() -> Any:
        asked.append("denoiser")
        return load_model(deep)

    monkeypatch.setattr(denoisers, "shipped_denoiser", shipped)
    for seed in (1, 2):
        desk.denoiser.damage(clean, Damage(seed=seed), model)
        results = {one.method: one for one in desk.settle().results}
        assert results["denoiser"].words == "vanilla-64"
        assert results["denoiser"].image.shape == (28, 28)
    assert asked == ["denoiser"]  # it is loaded once


def test_without_a_shipped_denoiser_the_others_go_on(
    desk: Desk, model: Any, clean: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(denoisers, "shipped_denoiser", lambda: None)
    desk.denoiser.damage(clean, Damage(), model)
    assert [one.method for one in desk.settle().results] == ["damaged", "model", "median", "tv"]


def test_while_the_pen_moves_something_is_shown_all_along_and_the_last_wish_in_the_end(
    desk: Desk, model: Any, digits: Any
) -> None:
    pictures = digits.test.pixels(slice(40))
    for picture in pictures:
        desk.denoiser.damage(picture, Damage("blur", 0.2), model)
        desk.bench.poll_until(lambda: True)
        desk.bench.jobs.poll()
    mending = desk.settle()
    assert mending.clean is not None
    assert np.array_equal(mending.clean, pictures[-1])
    assert np.array_equal(desk.told[0].clean, pictures[0])  # the first was not overtaken


def test_a_blank_canvas_has_nothing_to_mend_whatever_was_on_its_way(
    desk: Desk, model: Any, clean: np.ndarray
) -> None:
    desk.denoiser.damage(clean, Damage(), model)
    desk.denoiser.damage(clean, Damage(seed=1), model)
    desk.denoiser.clear()
    desk.bench.settle()
    assert desk.told == [None]
    desk.denoiser.damage(clean, Damage(), model)
    assert desk.settle().clean is clean


def test_of_a_drawing_that_is_damaged_as_it_is_nobody_knows_how_near_the_mended_comes(
    desk: Desk, model: Any, clean: np.ndarray
) -> None:
    desk.denoiser.mend(clean, None, model)
    mending = desk.settle()
    assert mending.clean is None
    assert all(one.psnr is None and one.ssim is None for one in mending.results)
    desk.denoiser.mend(clean * 0.5, clean, model)
    assert all(one.psnr is not None for one in desk.settle().results)


def test_what_fails_is_told_and_the_next_wish_is_granted(desk: Desk, model: Any, clean: np.ndarray) -> None:
    desk.denoiser.damage(clean, Damage("gaussian", 99.0), model)
    desk.denoiser.damage(clean, Damage(), model)
    desk.settle()
    assert [type(problem) for problem in desk.problems] == [ValueError]
    assert desk.told[0] is None


def test_test_images_are_measured_with_the_model_in_use(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(denoising, "_TUNED_ON", 10)
    wish = Measuring("digits", Damage("speckle", 0.4, 2), 12)
    (comparison,) = measure(wish, model, lambda *_: None, lambda: False)
    assert (comparison.kind, comparison.strength, comparison.seed) == ("speckle", 0.4, 2)
    assert comparison.images == 12
    assert comparison.outcomes[-1].name == model.name


def test_data_that_is_not_here_is_told(model: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEDESK_DATA_DIR", str(tmp_path))
    with pytest.raises(AedeskError, match="kmnist"):
        measure(Measuring("kmnist", Damage()), model, lambda *_: None, lambda: False)


# --- holes ---

SEVEN = [(160.0, 120.0), (280.0, 120.0), (400.0, 120.0), (340.0, 280.0), (280.0, 460.0)]


def draw(ink: Ink, places: list[tuple[float, float]], width: float = 40, *, erase: bool = False) -> None:
    ink.press(*places[0], width, erase=erase)
    for place in places[1:]:
        ink.drag(*place, width, erase=erase)
    ink.release()


@pytest.fixture
def seven() -> Ink:
    ink = Ink()
    draw(ink, SEVEN)
    return ink


def test_a_drawing_that_nobody_erased_has_no_clean_picture(seven: Ink) -> None:
    damaged, clean = Holes().look(seven)
    assert clean is None
    assert np.array_equal(damaged, seven.seen)


@pytest.mark.parametrize("width", [14, 40, 80])
def test_a_hole_is_where_the_eraser_went_and_nowhere_else(width: float) -> None:
    ink, holes = Ink(), Holes()
    draw(ink, [(280, 80), (280, 480)], width)
    whole = ink.seen
    holes.look(ink)
    draw(ink, [(180, 280), (380, 280)], 80, erase=True)
    damaged, clean = holes.look(ink)
    assert clean is not None
    assert np.array_equal(clean, whole)
    kept = damaged.sum(axis=1) / np.maximum(whole.sum(axis=1), 1e-6)
    inked = np.flatnonzero(whole.sum(axis=1) > 0.5)
    middle = round(inked.mean())
    assert kept[middle] < 0.1
    assert np.all(kept[inked[:4]] > 0.98)  # the drawing is neither moved nor enlarged
    assert np.all(kept[inked[-4:]] > 0.98)
    assert 0.1 < 1 - damaged.sum() / whole.sum() < 0.35


def test_a_hole_grows_while_the_eraser_moves(seven: Ink) -> None:
    holes = Holes()
    holes.look(seven)
    seven.press(160, 120, 40, erase=True)
    left = [holes.look(seven)[0].sum()]
    for place in ((280, 120), (400, 120)):
        seven.drag(*place, 40, erase=True)
        damaged, clean = holes.look(seven)
        assert clean is not None
        left.append(damaged.sum())
    assert left == sorted(left, reverse=True)
    assert left[-1] < 0.8 * left[0]


def test_an_undone_hole_is_whole_again(seven: Ink) -> None:
    holes = Holes()
    whole, _ = holes.look(seven)
    draw(seven, [(280, 120)], 60, erase=True)
    assert holes.look(seven)[1] is not None
    seven.undo()
    damaged, clean = holes.look(seven)
    assert clean is None
    assert np.array_equal(damaged, whole)


def test_an_undone_stroke_of_the_pen_is_no_hole(seven: Ink) -> None:
    holes = Holes()
    draw(seven, [(200, 300), (400, 300)])
    holes.look(seven)
    seven.undo()
    assert holes.look(seven)[1] is None


def test_new_ink_makes_another_whole(seven: Ink) -> None:
    holes = Holes()
    holes.look(seven)
    draw(seven, [(280, 120)], 60, erase=True)
    draw(seven, [(200, 300), (400, 300)])
    assert holes.look(seven)[1] is None
    whole = seven.seen
    draw(seven, [(400, 300)], 60, erase=True)
    _, clean = holes.look(seven)
    assert clean is not None
    assert np.array_equal(clean, whole)


def test_a_picture_on_the_canvas_keeps_its_pixels_where_it_was_not_erased(clean: np.ndarray) -> None:
    ink, holes = Ink(), Holes()
    ink.show_picture(clean)
    holes.look(ink)
    draw(ink, [(0, 0), (560, 0)], 560, erase=True)  # the upper half
    damaged, before = holes.look(ink)
    assert before is not None
    assert np.array_equal(before, clean)
    assert damaged[:12].sum() < 0.05 * clean[:12].sum()
    assert np.allclose(damaged[18:], clean[18:], atol=0.05)


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.floats(0, 560), st.floats(0, 560)), min_size=1, max_size=5),
    st.lists(st.tuples(st.floats(0, 560), st.floats(0, 560)), min_size=1, max_size=5),
    st.floats(12, 90),
    st.floats(12, 90),
)
def test_erasing_only_takes_ink_away(
    pen: list[tuple[float, float]], eraser: list[tuple[float, float]], width: float, wide: float
) -> None:
    ink, holes = Ink(), Holes()
    draw(ink, pen, width)
    if ink.is_blank:
        return
    holes.look(ink)
    draw(ink, eraser, wide, erase=True)
    damaged, clean = holes.look(ink)
    assert np.isfinite(damaged).all()
    assert clean is None or np.all(damaged <= clean + 1e-6)
