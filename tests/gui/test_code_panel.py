"""The equaliser over a code: a real model, a real panel, real events."""

import numpy as np
import pytest
from gestures import SEVEN
from panel_bench import bench_for

from aedesk.gui.panels.code import CodePanel


@pytest.fixture
def bench():
    with bench_for(CodePanel) as bench:
        yield bench


@pytest.fixture
def drawn(bench):
    bench.draw(SEVEN)
    return bench


def middle(bench, position):
    """Where a bar lies, in px."""
    bars = bench.panel.equaliser
    left, right = bars.edges(position)
    return round((left + right) / 2)


def drag(bench, position, to_y, *more):
    """Press in the middle of a bar and drag to a height; `more`: further (position, y) on the way."""
    bars, x = bench.panel.equaliser, middle(bench, position)
    bars.event_generate("<ButtonPress-1>", x=x, y=60)
    bars.event_generate("<B1-Motion>", x=x, y=to_y)
    for other, y in more:
        bars.event_generate("<B1-Motion>", x=middle(bench, other), y=y)
    bars.event_generate("<ButtonRelease-1>", x=x, y=to_y)
    bench.pump()


def test_without_a_code_there_is_nothing_to_pull(bench):
    drag(bench, 3, 10)
    bench.key(bench.panel.equaliser, "<Up>")
    assert bench.desk.editor.code is None
    assert bench.explorer.pick is None


def test_the_panel_says_where_the_code_came_from_and_how_many_numbers_it_has(drawn):
    assert drawn.panel.words == "Your drawing: 32 numbers, by variance"
    drawn.pick()
    assert drawn.panel.words.startswith("A place of the map")


def test_dragging_a_bar_changes_its_number_only_and_the_digit_on_the_map(drawn):
    editor = drawn.desk.editor
    before = editor.code.copy()
    drag(drawn, 3, 20)
    assert np.flatnonzero(editor.code != before).tolist() == [editor.dims[3]]
    assert np.array_equal(drawn.explorer.pick.code, editor.code)


def test_dragging_across_several_bars_changes_the_one_that_was_pressed(drawn):
    editor = drawn.desk.editor
    before = editor.code.copy()
    drag(drawn, 3, 20, (9, 25), (14, 30))
    assert np.flatnonzero(editor.code != before).tolist() == [editor.dims[3]]


def test_a_bar_pulled_far_beyond_its_end_stays_within_the_range(drawn):
    editor = drawn.desk.editor
    drag(drawn, 2, -4000)
    assert editor.code[editor.dims[2]] == pytest.approx(editor.high[2])
    drag(drawn, 2, 4000)
    assert editor.code[editor.dims[2]] == pytest.approx(editor.low[2])


def test_a_bar_ends_where_the_pointer_let_go(drawn):
    drag(drawn, 5, 40)
    assert drawn.panel.equaliser.end_of(5) == pytest.approx(40, abs=1)


def test_keys_choose_a_bar_and_move_it(drawn):
    bars, editor = drawn.panel.equaliser, drawn.desk.editor
    before = editor.code.copy()
    drawn.key(bars, "<Right>")
    drawn.key(bars, "<Right>")
    assert bars.focused == 2
    drawn.key(bars, "<Up>")
    changed = editor.dims[2]
    assert editor.code[changed] > before[changed]
    drawn.key(bars, "<Down>")
    assert editor.code[changed] == pytest.approx(before[changed], abs=1e-4)
    drawn.key(bars, "<Home>")
    drawn.key(bars, "<Left>")
    assert bars.focused == 0


def test_the_wheel_moves_the_bar_under_the_pointer(drawn):
    bars, editor = drawn.panel.equaliser, drawn.desk.editor
    before = editor.code.copy()
    bars.event_generate("<Button-4>", x=middle(drawn, 7), y=50)
    drawn.pump()
    assert np.flatnonzero(editor.code != before).tolist() == [editor.dims[7]]
    assert editor.code[editor.dims[7]] > before[editor.dims[7]]


def test_pointing_at_a_bar_names_it_with_its_value_and_range(drawn):
    bars, editor = drawn.panel.equaliser, drawn.desk.editor
    bars.event_generate("<Motion>", x=middle(drawn, 4), y=50)
    drawn.pump()
    value = editor.code[editor.dims[4]]
    assert bars.words.startswith(f"number {editor.dims[4] + 1} of the code: {value:.2f} (")
    bars.event_generate("<Leave>")
    drawn.pump()
    assert bars.words == ""


def test_a_double_click_returns_one_number_and_reset_returns_all(drawn):
    editor, bars = drawn.desk.editor, drawn.panel.equaliser
    before = editor.code.copy()
    drag(drawn, 3, 20)
    drag(drawn, 6, 20)
    for _ in range(2):
        bars.event_generate("<ButtonPress-1>", x=middle(drawn, 3), y=90)
        bars.event_generate("<ButtonRelease-1>", x=middle(drawn, 3), y=90)
    drawn.pump()
    assert np.flatnonzero(editor.code != before).tolist() == [editor.dims[6]]
    drawn.panel.reset.invoke()
    assert np.array_equal(editor.code, before)
    assert str(drawn.panel.reset["state"]) == "disabled"


def test_two_drags_in_haste_are_no_double_click(drawn):
    editor = drawn.desk.editor
    drag(drawn, 2, -4000)
    drag(drawn, 2, 70)
    assert drawn.panel.equaliser.end_of(2) == pytest.approx(70, abs=1)
    assert editor.moved == 2


def test_moving_bars_makes_no_new_items_on_the_canvas(drawn):
    bars = drawn.panel.equaliser
    items = bars.find_all()
    for which in range(5):
        drawn.pick(which)
    drag(drawn, 3, 20)
    assert bars.find_all() == items


def test_a_hidden_panel_is_not_redrawn_until_it_comes_back(drawn):
    bars = drawn.panel.equaliser
    before = bars.end_of(0)
    drawn.panel.hidden()
    editor = drawn.desk.editor
    editor.set(0, float(editor.high[0]))
    assert bars.end_of(0) == before
    drawn.panel.shown()
    assert bars.end_of(0) < before


def test_a_larger_code_shows_the_64_numbers_that_vary_most(drawn):
    drawn.load("conv")
    drawn.pump()
    assert drawn.panel.words == "Your drawing: 64 of 1,024 numbers, by variance"
    drag(drawn, 63, 20)
    assert drawn.desk.editor.moved == 63


def test_a_code_of_two_numbers_can_be_pulled_as_well(drawn):
    drawn.load("dense-2d")
    drawn.pump()
    drag(drawn, 1, 60)
    assert drawn.desk.editor.moved == 1


def click(bench, which):
    bench.pick(which)
    return bench.explorer.pick


def offers_to_follow(bench):
    bench.pump()
    return bool(bench.panel.follow.winfo_ismapped())


def test_a_moved_code_stays_and_the_panel_says_so_and_offers_to_follow_the_map(drawn):
    editor, panel = drawn.desk.editor, drawn.panel
    drag(drawn, 3, 20)
    moved = editor.code
    assert not offers_to_follow(drawn)
    drawn.pick(4)
    pick = click(drawn, 5)
    assert np.array_equal(editor.code, moved)
    assert panel.words == "Moved: Reset, or Follow the map"
    assert offers_to_follow(drawn)
    panel.follow.invoke()
    assert np.array_equal(editor.code, pick.code)
    assert panel.words.startswith("A place of the map: ")
    assert not offers_to_follow(drawn)
    assert np.array_equal(editor.code, click(drawn, 5).code)


def test_a_drawing_can_be_followed_as_well(drawn):
    drag(drawn, 3, 20)
    drawn.draw([(0.3, 0.5), (0.7, 0.5)])
    assert offers_to_follow(drawn)
    drawn.panel.follow.invoke()
    assert np.array_equal(drawn.desk.editor.code, drawn.explorer.reading.code)
    assert drawn.panel.words.startswith("Your drawing: ")


def test_following_a_place_after_another_pull_picks_it_on_the_map_again(drawn):
    drag(drawn, 3, 20)
    pick = click(drawn, 5)
    drag(drawn, 4, 30)
    assert offers_to_follow(drawn)
    drawn.panel.follow.invoke()
    assert np.array_equal(drawn.explorer.pick.code, pick.code)
    assert np.array_equal(drawn.desk.editor.code, pick.code)


def test_there_is_nothing_to_follow_once_the_code_is_reset_or_read_by_another_model(drawn):
    drag(drawn, 3, 20)
    drawn.pick(5)
    drawn.panel.reset.invoke()
    assert not offers_to_follow(drawn)
    drag(drawn, 3, 20)
    drawn.pick(5)
    assert offers_to_follow(drawn)
    drawn.load("dense-2d")
    assert not offers_to_follow(drawn)


def test_a_cleared_drawing_cannot_be_followed(drawn):
    drag(drawn, 3, 20)
    drawn.draw([(0.3, 0.5), (0.7, 0.5)])
    drawn.ink.clear()
    drawn.explorer.set_drawing(drawn.ink)
    assert not offers_to_follow(drawn)


def test_the_bar_that_keys_would_change_is_named_counted_from_one(drawn):
    bars, editor = drawn.panel.equaliser, drawn.desk.editor
    drawn.key(bars, "<Right>")
    assert bars.words.startswith(f"number {editor.dims[1] + 1} of the code: ")
