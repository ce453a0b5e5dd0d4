"""The drawing: strokes leave ink, and undo takes back exactly what was done."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aedesk.app import ink as inks
from aedesk.app.ink import SIZE, Ink

State = tuple[bytes, bytes | None]

coordinates = (
    st.integers(-300, SIZE + 300) | st.floats(-50_000, 50_000) | st.sampled_from([0, SIZE, SIZE - 1])
)
points = st.tuples(coordinates, coordinates)
widths = st.floats(1, 120)


def state(ink: Ink) -> State:
    return ink.pixels.tobytes(), None if ink.exact is None else ink.exact.tobytes()


def stroke(ink: Ink, *path: tuple[float, float], width: float = 30, erase: bool = False) -> None:
    ink.press(*path[0], width, erase=erase)
    for x, y in path[1:]:
        ink.drag(x, y, width, erase=erase)
    ink.release()


@pytest.fixture
def ink() -> Ink:
    return Ink()


class View:
    """Something that shows the ink."""


@pytest.fixture
def view(ink: Ink) -> View:
    """One that shows the ink as it is."""
    view = View()
    ink.take_change(view)
    return view


@pytest.fixture
def digit() -> np.ndarray:
    picture = np.zeros((28, 28), np.float32)
    picture[6:22, 12:16] = np.random.default_rng(0).random((16, 4), np.float32)
    return picture


def test_a_fresh_canvas_is_blank_and_has_nothing_to_undo(ink: Ink) -> None:
    assert ink.is_blank
    assert [ink.can_undo, ink.can_redo, ink.is_drawing] == [False] * 3
    assert ink.exact is None
    assert ink.pixels.shape == (SIZE, SIZE)
    assert ink.pixels.dtype == np.uint8
    assert ink.image.size == (SIZE, SIZE)
    assert ink.image.mode == "L"


def test_a_press_that_never_moves_leaves_a_round_dot(ink: Ink) -> None:
    stroke(ink, (200, 300), width=40)
    ys, xs = np.nonzero(ink.pixels > 127)
    assert xs.min() == 180
    assert xs.max() == 219
    assert ys.min() == 280
    assert ys.max() == 319
    assert len(xs) == pytest.approx(np.pi * 20**2, rel=0.01)
    assert ink.pixels[300, 200] == 255


def test_a_stroke_covers_what_is_within_half_its_width_and_nothing_else(ink: Ink) -> None:
    stroke(ink, (100, 100), (300, 250), width=40)
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    along = np.clip(((x - 100) * 200 + (y - 100) * 150) / (200**2 + 150**2), 0, 1)
    distance = np.hypot(x - 100 - 200 * along, y - 100 - 150 * along)
    assert (ink.pixels[distance < 19.4] == 255).all()
    assert (ink.pixels[distance > 20.6] == 0).all()
    edge = ink.pixels[(distance > 19.6) & (distance < 20.4)]
    assert ((edge > 0) & (edge < 255)).mean() > 0.9  # a soft edge, not stairs


def test_a_fast_stroke_has_no_holes(ink: Ink) -> None:
    stroke(ink, (20, 20), (540, 540), (20, 540), width=10)
    assert all(ink.pixels[place, place] == 255 for place in range(20, 540))
    assert (ink.pixels[540, 20:540] == 255).all()


def test_joints_are_round_and_crossings_do_not_grow_darker_or_lighter(ink: Ink) -> None:
    stroke(ink, (100, 280), (460, 280))
    once = ink.pixels.copy()
    stroke(ink, (100, 280), (460, 280))
    np.testing.assert_array_equal(ink.pixels, once)


def test_the_eraser_takes_away_and_leaves_the_rest(ink: Ink) -> None:
    stroke(ink, (100, 100), (400, 100), width=40)
    before = ink.pixels.copy()
    stroke(ink, (250, 100), width=80, erase=True)
    assert (ink.pixels[100, 220:280] == 0).all()
    np.testing.assert_array_equal(ink.pixels[:, :200], before[:, :200])
    np.testing.assert_array_equal(ink.pixels[:, 300:], before[:, 300:])
    stroke(ink, (0, 100), (SIZE, 100), width=120, erase=True)
    assert ink.is_blank


def test_the_eraser_is_as_round_as_the_pen(ink: Ink) -> None:
    ink.replace(np.full((SIZE, SIZE), 255, np.uint8))
    stroke(ink, (200, 300), (260, 350), width=40, erase=True)
    hole = ink.pixels.copy()
    ink.clear()
    stroke(ink, (200, 300), (260, 350), width=40)
    np.testing.assert_array_equal(hole, 255 - ink.pixels)


def test_dragging_without_a_press_does_nothing(ink: Ink, view: View) -> None:
    ink.drag(100, 100, 30)
    ink.release()
    ink.drag(200, 100, 30)
    assert ink.is_blank
    assert not ink.can_undo
    assert ink.take_change(view) is None


def test_a_stroke_ends_with_its_release(ink: Ink) -> None:
    ink.press(100, 100, 30)
    assert ink.is_drawing
    ink.release()
    assert not ink.is_drawing
    before = state(ink)
    ink.drag(300, 300, 30)
    assert state(ink) == before


def test_a_press_while_drawing_begins_a_stroke_of_its_own(ink: Ink) -> None:
    ink.press(100, 100, 30)
    first = state(ink)
    ink.press(400, 400, 30)
    assert ink.is_drawing
    assert ink.pixels[250, 250] == 0  # the two are not joined
    ink.release()
    ink.undo()
    assert state(ink) == first
    ink.undo()
    assert ink.is_blank


def test_a_stroke_is_undone_as_a_whole_not_by_its_points(ink: Ink) -> None:
    stroke(ink, (100, 100), (200, 200), (300, 100))
    ink.undo()
    assert ink.is_blank
    assert not ink.can_undo
    ink.redo()
    assert not ink.is_blank
    assert not ink.can_redo


def test_a_new_stroke_ends_the_chance_to_redo(ink: Ink) -> None:
    stroke(ink, (100, 100))
    ink.undo()
    stroke(ink, (300, 300))
    assert not ink.can_redo
    after = state(ink)
    ink.redo()
    assert state(ink) == after


@pytest.mark.parametrize("verb", [Ink.undo, Ink.redo])
def test_undo_and_redo_wait_until_the_stroke_has_ended(ink: Ink, verb: Callable[[Ink], None]) -> None:
    stroke(ink, (100, 100))
    stroke(ink, (200, 200))
    ink.undo()
    ink.press(300, 300, 30)
    before = state(ink)
    verb(ink)
    assert state(ink) == before
    assert ink.is_drawing
    ink.drag(400, 300, 30)
    assert ink.pixels[300, 350] == 255


@pytest.mark.parametrize("verb", [Ink.undo, Ink.redo, Ink.clear])
def test_with_nothing_to_do_nothing_changes(ink: Ink, view: View, verb: Callable[[Ink], None]) -> None:
    verb(ink)
    assert ink.is_blank
    assert ink.take_change(view) is None
    assert [ink.can_undo, ink.can_redo] == [False] * 2


def test_clearing_can_be_undone_and_ends_a_stroke(ink: Ink) -> None:
    ink.press(100, 100, 30)
    ink.drag(200, 100, 30)
    drawn = state(ink)
    ink.clear()
    assert ink.is_blank
    assert not ink.is_drawing
    ink.undo()
    assert state(ink) == drawn


def test_a_picture_is_kept_exactly_until_somebody_draws_on_it(ink: Ink, digit: np.ndarray) -> None:
    ink.show_picture(digit)
    assert ink.exact is not None
    np.testing.assert_array_equal(ink.exact, digit)
    small = np.asarray(ink.image.resize((28, 28), 4)).astype(np.float32) / 255
    np.testing.assert_allclose(small, digit, atol=0.3)
    stroke(ink, (500, 500))
    assert ink.exact is None
    ink.undo()
    assert ink.exact is not None
    np.testing.assert_array_equal(ink.exact, digit)
    ink.undo()
    assert ink.exact is None
    assert ink.is_blank
    ink.redo()
    assert ink.exact is not None
    ink.clear()
    assert ink.exact is None


def test_pictures_put_on_the_canvas_are_counted_and_nothing_else(ink: Ink, digit: np.ndarray) -> None:
    stroke(ink, (100, 100), (300, 250))
    ink.clear()
    assert ink.pictures == 0
    ink.show_picture(digit)
    assert ink.pictures == 1
    ink.replace(np.full((SIZE, SIZE), 255, np.uint8))
    assert ink.pictures == 2
    for change in (ink.undo, ink.undo, ink.redo, ink.redo, ink.clear, ink.undo):
        change()
    stroke(ink, (100, 100))
    assert ink.pictures == 2


def test_only_so_many_steps_are_kept(ink: Ink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inks, "_UNDO_LEVELS", 3)
    states = []
    for place in range(6):
        states.append(state(ink))
        stroke(ink, (50 + 80 * place, 100))
    for expected in reversed(states[-3:]):
        ink.undo()
        assert state(ink) == expected
    assert not ink.can_undo
    assert not ink.is_blank


def test_every_change_of_the_pixels_is_told_once(ink: Ink, view: View, digit: np.ndarray) -> None:
    """What is reported covers all pixels that differ: a view that repaints just that is up to date."""
    shown = ink.pixels.copy()

    def settle() -> bool:
        changed = ink.take_change(view)
        assert ink.take_change(view) is None
        if changed is not None:
            left, top, right, bottom = changed
            shown[top:bottom, left:right] = ink.pixels[top:bottom, left:right]
        assert np.array_equal(shown, ink.pixels)
        return changed is not None

    ink.press(100, 100, 30)
    assert settle()
    ink.drag(110, 100, 30)
    ink.drag(300, 580, 30)
    assert settle()
    ink.release()
    assert not settle()
    ink.press(-200, -200, 30)
    assert not settle()
    ink.release()
    for verb in (ink.undo, ink.undo, ink.redo, ink.clear):
        verb()
        assert settle()
    ink.show_picture(digit)
    assert settle()


def test_painting_later_does_not_change_what_was_read_into_a_picture(ink: Ink) -> None:
    stroke(ink, (100, 100))
    picture = ink.image
    before = picture.tobytes()
    stroke(ink, (300, 300))
    assert picture.tobytes() == before


@settings(max_examples=60, deadline=None)
@given(st.lists(points, min_size=1, max_size=6), widths, st.booleans())
def test_no_stroke_crashes_wherever_it_goes(
    path: list[tuple[float, float]], width: float, erase: bool
) -> None:
    ink = Ink()
    ink.replace(np.full((SIZE, SIZE), 100, np.uint8))
    stroke(ink, *path, width=width, erase=erase)
    assert (ink.pixels <= 100).all() if erase else (ink.pixels >= 100).all()
    assert not ink.is_drawing
    ink.undo()
    assert (ink.pixels == 100).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(points, min_size=1, max_size=5), widths)
def test_a_stroke_that_never_comes_near_leaves_nothing(path: list[tuple[float, float]], width: float) -> None:
    ink = Ink()
    stroke(ink, *((x, -abs(y) - width) for x, y in path), width=width)
    assert ink.is_blank


class Drawing(RuleBasedStateMachine):
    """Any sequence of what a hand can do, against a plain list of all states."""

    def __init__(self) -> None:
        super().__init__()
        self.ink = Ink()
        self.past: list[State] = []
        self.future: list[State] = []

    def begin(self) -> None:
        self.past.append(state(self.ink))
        self.future.clear()

    @rule(at=points, width=widths, erase=st.booleans())
    def press(self, at: tuple[float, float], width: float, erase: bool) -> None:
        self.begin()
        self.ink.press(*at, width, erase=erase)
        assert self.ink.is_drawing

    @rule(to=points, width=widths, erase=st.booleans())
    def drag(self, to: tuple[float, float], width: float, erase: bool) -> None:
        drawing, before = self.ink.is_drawing, state(self.ink)
        self.ink.drag(*to, width, erase=erase)
        assert drawing or state(self.ink) == before

    @rule()
    def release(self) -> None:
        self.ink.release()

    @rule()
    def clear(self) -> None:
        if not self.ink.is_blank:
            self.begin()
        self.ink.clear()
        assert self.ink.is_blank

    @rule(value=st.integers(0, 255))
    def show(self, value: int) -> None:
        self.begin()
        self.ink.show_picture(np.full((28, 28), value / 255, np.float32))

    @rule()
    def undo(self) -> None:
        self.walk(self.ink.undo, self.past, self.future)

    @rule()
    def redo(self) -> None:
        self.walk(self.ink.redo, self.future, self.past)

    def walk(self, verb: Callable[[], None], source: list[State], target: list[State]) -> None:
        before, expected = state(self.ink), None
        if source and not self.ink.is_drawing:
            expected = source.pop()
            target.append(before)
        verb()
        assert state(self.ink) == (before if expected is None else expected)

    @invariant()
    def what_can_be_done_is_known(self) -> None:
        assert self.ink.can_undo == bool(self.past)
        assert self.ink.can_redo == bool(self.future)

    def teardown(self) -> None:
        """All undos lead back to the blank canvas, all redos to the last drawing, bit for bit."""
        self.ink.release()
        last, levels = state(self.ink), len(self.past)
        while self.past:
            self.undo()
        assert self.ink.is_blank
        for _ in range(levels):
            self.redo()
        assert levels == 0 or state(self.ink) == last


TestDrawing = Drawing.TestCase
TestDrawing.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def test_each_view_is_told_what_has_changed_since_its_own_last_look(ink: Ink, view: View) -> None:
    other = View()
    assert ink.take_change(other) == (0, 0, SIZE, SIZE)
    stroke(ink, (100, 100))
    first = ink.take_change(view)
    assert first is not None
    assert ink.take_change(view) is None
    stroke(ink, (400, 400))
    second = ink.take_change(view)
    both = ink.take_change(other)
    assert second is not None
    assert both == (*first[:2], *second[2:])
