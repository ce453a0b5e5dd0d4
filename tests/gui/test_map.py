"""The latent map under real mouse, wheel and keys: tools, legend, hover, selection, backdrop, settling."""

import itertools
import math

import numpy as np
import pytest
from gestures import ONE, SEVEN

from aedesk.app.loading import MapWish, Settling
from aedesk.errors import AedeskError
from aedesk.gui.map.find import matching
from aedesk.latent.atlas import atlas_for
from aedesk.storage.library import resolve

SHIFT, CONTROL, BUTTON = 0x1, 0x4, 0x100
CLOCK = itertools.count(10_000, 5_000)  # ms, of the clicks: two in a row are not a double click


def pane(app):
    return app.window.explore.pane


def drag(app, pixels, *, state: int = 0, button: int = 1) -> None:
    """Press at the first pixel, go along the others, let go at the last."""
    latent_map = pane(app).map
    held = state | BUTTON << (button - 1)
    x, y = pixels[0]
    latent_map.event_generate(f"<ButtonPress-{button}>", x=x, y=y, state=state)
    for x, y in pixels:
        latent_map.event_generate(f"<B{button}-Motion>", x=x, y=y, state=held)
    latent_map.event_generate(f"<ButtonRelease-{button}>", x=x, y=y, state=held)
    app.pump(0.1)


def click(app, x: float, y: float, *, state: int = 0) -> None:
    """A click long after the last one."""
    now = next(CLOCK)
    press_and_release(app, x, y, now, state)
    app.pump(0.1)


def double_click(app, x: float, y: float) -> None:
    """Two clicks at once: Tk makes a double one of them."""
    now = next(CLOCK)
    press_and_release(app, x, y, now)
    press_and_release(app, x, y, now + 50)
    app.pump(0.1)


def press_and_release(app, x: float, y: float, time: int, state: int = 0) -> None:
    place = {"x": round(x), "y": round(y), "time": time}
    pane(app).map.event_generate("<ButtonPress-1>", **place, state=state)
    pane(app).map.event_generate("<ButtonRelease-1>", **place, state=state | BUTTON)


def loop(x: float, y: float, radius: float) -> list[tuple[int, int]]:
    """A circle in pixels."""
    angles = np.linspace(0, 2 * math.pi, 40)
    return [(round(x + radius * math.cos(a)), round(y + radius * math.sin(a))) for a in angles]


def pixel_of(app, index: int) -> tuple[float, float]:
    x, y = pane(app).map.view.to_pixels(app.window.explorer.active.projection.points[index]).tolist()
    return x, y


def crowded(app) -> int:
    """A point in the middle of its class, far from the legend."""
    points = app.window.explorer.active.projection.points
    labels = app.window.explorer.active.shown.labels
    middle = np.median(points[labels == 0], axis=0)
    return int(((points - middle) ** 2).sum(axis=1).argmin())


def press(app, key: str) -> None:
    """A key with the map in focus."""
    pane(app).map.focus_force()
    app.root.update()
    pane(app).map.event_generate(key)
    app.pump(0.1)


def legend_row(app, entry: int) -> tuple[float, float]:
    left, top, right, bottom = pane(app).map.legend._places[entry]
    return (left + right) / 2, (top + bottom) / 2


def pixels(app) -> np.ndarray:
    app.pump(0.2)
    return np.asarray(app.screenshot(pane(app).map).convert("RGB"), int)


# --- tools ---


def test_the_left_button_drags_the_map_with_the_pan_tool_and_picks_nothing(app):
    press(app, "m")
    before = pane(app).map.place_at(200, 200)
    drag(app, [(200, 200), (230, 210), (260, 240)])
    assert pane(app).map.place_at(260, 240) == pytest.approx(before, abs=0.3)
    assert app.window.explorer.pick is None


def test_a_box_drawn_with_the_zoom_tool_fills_the_view(app):
    press(app, "z")
    low, high = pane(app).map.place_at(150, 300), pane(app).map.place_at(350, 120)
    drag(app, [(150, 120), (250, 200), (350, 300)])
    view = pane(app).map.view
    assert view.low == pytest.approx(low, abs=0.5)
    assert view.high == pytest.approx(high, abs=0.5)


def test_a_double_click_shows_the_whole_map_again(app):
    latent_map = pane(app).map
    app.pump(0.2)
    whole = latent_map.view
    latent_map.event_generate("<Button-4>", x=200, y=200)
    app.pump()
    assert latent_map.view != whole
    double_click(app, 200, 200)
    assert latent_map.view.low == pytest.approx(whole.low)
    assert latent_map.view.high == pytest.approx(whole.high)


def test_a_fitted_map_stays_fitted_when_the_window_changes(app):
    points = app.window.explorer.active.projection.points
    for size in ("1000x680", "1500x1000"):
        app.root.geometry(size)
        app.pump(0.4)
        shown = pane(app).map.view.to_pixels(points)
        inside = (shown >= 0).all(axis=1) & (
            shown < [pane(app).map.view.width, pane(app).map.view.height]
        ).all(axis=1)
        assert inside.mean() > 0.99, size
        assert np.ptp(shown[:, 0]) > 0.6 * pane(app).map.view.width, size


def test_plus_and_minus_zoom_by_keyboard(app):
    before = pane(app).map.view.size
    press(app, "<plus>")
    assert (pane(app).map.view.size < before).all()
    press(app, "<minus>")
    assert pane(app).map.view.size == pytest.approx(before)


# --- selection ---


def test_a_lasso_selects_the_points_inside_it_and_the_panel_shows_them(app):
    press(app, "l")
    x, y = pixel_of(app, crowded(app))
    app.pump(0.2)
    drag(app, loop(x, y, 40))
    chosen = app.window.desk.selection.indices
    assert len(chosen) > 20
    # The map may have become lower when the drawer opened: places count, not pixels.
    points = app.window.explorer.active.projection.points
    spread = np.ptp(points[chosen], axis=0)
    assert (spread < np.ptp(points, axis=0) / 3).all()
    assert app.window.explorer.active.shown.labels[chosen].tolist().count(0) > 0.8 * len(chosen)
    assert pane(app).drawer.current == "Selection"


def test_shift_adds_to_the_selection_and_control_takes_away(app):
    press(app, "b")
    pane(app).drawer.show("Selection")
    app.pump(0.3)
    x, y = map(round, pixel_of(app, crowded(app)))
    drag(app, [(x - 30, y - 30), (x + 30, y + 30)])
    first = set(app.window.desk.selection.indices.tolist())
    assert first
    drag(app, [(x, y - 30), (x + 60, y + 30)], state=SHIFT)
    more = set(app.window.desk.selection.indices.tolist())
    assert more > first
    drag(app, [(x - 30, y - 30), (x, y + 30)], state=CONTROL)
    rest = set(app.window.desk.selection.indices.tolist())
    assert rest < more
    assert not rest >= first


def test_escape_gives_up_a_lasso_first_and_then_the_selection(app):
    press(app, "l")
    latent_map = pane(app).map
    app.window.desk.selection.choose(np.arange(5))
    latent_map.event_generate("<ButtonPress-1>", x=100, y=100)
    latent_map.event_generate("<B1-Motion>", x=200, y=100, state=BUTTON)
    press(app, "<Escape>")
    latent_map.event_generate("<ButtonRelease-1>", x=100, y=200, state=BUTTON)
    app.pump()
    assert app.window.desk.selection.indices.tolist() == [0, 1, 2, 3, 4]
    press(app, "<Escape>")
    assert len(app.window.desk.selection.indices) == 0


def test_hidden_points_are_not_selected(app):
    x, y = pixel_of(app, crowded(app))
    click(app, *legend_row(app, 0))
    press(app, "l")
    drag(app, loop(x, y, 40))
    labels = app.window.explorer.active.shown.labels[app.window.desk.selection.indices]
    assert 0 not in labels


def test_points_are_found_by_class_and_by_number(app):
    active = app.window.explorer.active
    app.key("<Control-f>")
    assert pane(app).find.winfo_ismapped()
    entry = app.root.focus_get()
    entry.insert(0, "7")
    app.key_anywhere("<Return>")
    assert (active.shown.labels[app.window.desk.selection.indices] == 7).all()
    assert len(app.window.desk.selection.indices) == (active.shown.labels == 7).sum()
    number = int(active.shown.images[123])
    assert matching(f"#{number}", active.shown).tolist() == [123]
    both = matching(f"3, #{number}", active.shown)
    assert 123 in both
    assert len(both) in {(active.shown.labels == 3).sum(), (active.shown.labels == 3).sum() + 1}


def test_what_is_not_found_is_said_under_the_field_and_the_selection_stays(app):
    app.window.desk.selection.choose(np.arange(5))
    app.key("<Control-f>")
    app.root.focus_get().insert(0, "zebra")
    app.key_anywhere("<Return>")
    assert "zebra" in pane(app).find.problem
    assert len(app.window.desk.selection.indices) == 5
    app.key_anywhere("<Escape>")
    assert not pane(app).find.winfo_ismapped()
    assert len(app.window.desk.selection.indices) == 5


def test_the_windows_shortcuts_are_silent_in_a_dialog(app):
    dialog = app.root.tk.call("toplevel", ".dialog")
    app.root.tk.call("entry", ".dialog.field")
    app.root.tk.call("pack", ".dialog.field")
    app.root.update()
    app.root.tk.call("focus", "-force", ".dialog.field")
    app.root.update()
    app.root.tk.call("event", "generate", ".dialog.field", "<Control-a>")
    app.pump(0.1)
    assert len(app.window.desk.selection.indices) == 0
    app.root.tk.call("destroy", dialog)


@pytest.mark.parametrize("words", ["", " , ", "cat", "#", "#x", "#99999999", "#-1", "7, zebra"])
def test_what_is_not_on_the_map_is_said_in_one_line(words):
    with pytest.raises(AedeskError) as problem:
        matching(words, atlas_for(resolve("conv-2d")))
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("title", ["Neighbours", "Selection", "Trail", "Morph", "Samples", "Code"])
def test_every_panel_stays_sound_when_a_model_of_another_code_and_fewer_points_comes(app, title):
    desk = app.window.desk
    app.draw(SEVEN)
    click(app, 250, 250)
    desk.selection.choose(np.arange(9_950, 10_000))
    pane(app).drawer.show(title)
    app.pump(0.2)
    for reference in ("dense-2d", "conv", "dense-32"):
        app.window.load_model(reference)
        app.pump_until(lambda reference=reference: app.window.explorer.active.reference == reference)
        app.pump(0.3)
        assert app.errors == []
        assert len(desk.explorer.reading.code) == desk.explorer.active.model.code_size
        assert len(pane(app).map.painter.points) == len(desk.explorer.active.shown)
        assert len(desk.selection.indices) == 0


# --- legend ---


def test_a_click_on_a_class_hides_it_and_another_brings_it_back(app):
    before = pixels(app)
    click(app, *legend_row(app, 6))
    assert pane(app).map.painter.hidden == {6}
    assert not np.array_equal(pixels(app), before)
    click(app, *legend_row(app, 6))
    assert pane(app).map.painter.hidden == frozenset()
    assert app.window.explorer.pick is None, "a click on the legend decodes nothing"


def test_a_double_click_on_a_class_shows_it_alone_and_another_all_of_them(app):
    x, y = legend_row(app, 3)
    latent_map = pane(app).map
    click(app, x, y, state=SHIFT)
    assert latent_map.painter.hidden == frozenset(range(10)) - {3}
    click(app, x, y, state=SHIFT)
    assert latent_map.painter.hidden == frozenset()
    for hidden in (frozenset(range(10)) - {3}, frozenset()):
        double_click(app, x, y)
        assert latent_map.painter.hidden == hidden


def test_the_legend_covers_no_point_of_the_fitted_map(app):
    app.pump(0.3)
    latent_map = pane(app).map
    left, top, _, bottom = latent_map.legend.plate
    shown = latent_map.view.to_pixels(latent_map.painter.points)
    assert not ((shown[:, 0] > left) & (shown[:, 1] > top) & (shown[:, 1] < bottom)).any()


# --- hover ---


def test_resting_on_a_point_shows_its_picture_its_class_and_its_error(app, mnist):
    app.pump_until(lambda: app.window.desk.pictures.are_originals)
    active = app.window.explorer.active
    index = crowded(app)
    x, y = pixel_of(app, index)
    pane(app).map.event_generate("<Motion>", x=round(x), y=round(y))
    app.pump_until(lambda: pane(app).map.card.is_shown)
    pointed = pane(app).map._pointed.index
    image, words = pane(app).pointing.describe(active, pointed)
    assert f"class {active.shown.classes[active.shown.labels[pointed]]}" in words
    assert f"#{active.shown.images[pointed]}" in words
    assert "error 0.0" in words
    original = mnist.train.pixels(slice(active.shown.images[pointed], active.shown.images[pointed] + 1))[0]
    assert np.abs(image - original).max() < 0.01
    pane(app).map.event_generate("<Leave>")
    app.pump(0.1)
    assert not pane(app).map.card.is_shown


def test_resting_where_there_is_no_point_shows_what_is_decoded_there(app):
    pane(app).map.event_generate("<Motion>", x=6, y=6)
    app.pump_until(lambda: pane(app).map.card.is_shown)
    assert pane(app).map._pointed.index is None


def test_at_high_zoom_points_are_shown_as_pictures_and_the_legend_counts_them(app):
    x, y = pixel_of(app, crowded(app))
    pane(app).map.zoom(20, x, y)
    app.pump_until(lambda: pane(app).map.painter.shows_pictures)
    app.pump(0.3)
    assert "as pictures" in pane(app).map.painter.notes(pane(app).map._in_view)


def test_a_pointer_that_rests_while_another_model_comes_does_no_harm(app):
    x, y = pixel_of(app, 9_999)
    pane(app).map.event_generate("<Motion>", x=round(x), y=round(y))
    app.window.load_model("conv")
    app.pump_until(lambda: app.window.explorer.active.reference == "conv")
    app.pump(0.3)
    assert app.errors == []
    assert not pane(app).map.card.is_shown


# --- colours, backdrop, trust ---


def test_density_is_seen_over_a_backdrop_as_well(app):
    pane(app).controls.set_backdrop("trust")
    app.pump_until(lambda: pane(app).backdrop.is_complete)
    dots = pixels(app)
    pane(app).controls.set_colouring("density")
    density = pixels(app)
    assert (np.abs(dots - density).max(axis=2) > 20).mean() > 0.1


def test_words_in_the_number_of_clusters_harm_nothing_but_clusters(app):
    pane(app).controls._count.delete(0, "end")
    pane(app).controls._count.insert(0, "abc")
    pane(app).controls.set_colouring("kmeans")
    assert "whole number" in app.take_problems()[0]
    pane(app).controls.set_colouring("classes")
    assert app.take_problems() == []


def test_the_purity_of_another_model_is_not_told_any_more(app):
    pane(app).controls.set_colouring("kmeans")
    app.pump_until(lambda: pane(app).clustering.result is not None)
    said = []  # when the new model is in place, whose own purity may come with the next tick
    app.window.explorer.model_changed.connect(lambda _: said.append(str(pane(app).controls._purity["text"])))
    app.window.load_model("dense-2d")
    app.pump_until(lambda: app.window.explorer.active.reference == "dense-2d")
    assert said == [""]
    app.pump_until(lambda: pane(app).clustering.result is not None)
    assert "purity" in str(pane(app).controls._purity["text"])


def test_density_and_clusters_colour_the_map_and_say_what_they_are(app):
    before = pixels(app)
    pane(app).controls.set_colouring("density")
    assert not np.array_equal(pixels(app), before)
    pane(app).controls.set_colouring("kmeans")
    app.pump_until(lambda: pane(app).clustering.result is not None)
    app.pump(0.2)
    assert len(pane(app).map.painter.entries()) == 10
    assert "purity" in str(pane(app).controls._purity["text"])
    pane(app).controls.set_colouring("classes")
    app.pump(0.2)
    assert np.array_equal(pixels(app), before)


def test_a_senseless_number_of_clusters_is_told_and_the_classes_come_back(app):
    pane(app).controls._count.delete(0, "end")
    pane(app).controls._count.insert(0, "1")
    pane(app).controls.set_colouring("kmeans")
    app.pump_until(lambda: app.problems != [])
    assert "clusters" in app.take_problems()[0]
    assert pane(app).controls.colouring == "classes"


def test_decoded_digits_lie_behind_the_points_and_follow_the_view(app):
    plain = pixels(app)
    press(app, "d")
    app.pump_until(lambda: pane(app).backdrop.is_complete)
    digits = pixels(app)
    assert (digits != plain).any(axis=2).mean() > 0.1
    drag(app, [(200, 200), (240, 200)], button=3)
    app.pump_until(lambda: pane(app).backdrop.is_complete)
    moved = pixels(app)
    # Away from the edges, the legend and the hint everything is where it was, 40 pixels to the right.
    before, after = digits[150:350, 60:300], moved[150:350, 100:340]
    assert (np.abs(before - after).max(axis=2) > 40).mean() < 0.03
    press(app, "d")
    assert pane(app).backdrop.kind == "none"


def test_trust_veils_the_empty_corner_and_not_the_middle_of_a_class(app):
    x, y = pixel_of(app, crowded(app))
    press(app, "t")
    app.pump_until(lambda: pane(app).backdrop.is_complete)
    app.pump(0.3)
    mosaic = pane(app).backdrop.mosaic(pane(app).map.view)
    score = app.window.explorer.active.trust.at(pane(app).map.place_at(x, y)[None]).score[0]
    corner = app.window.explorer.active.trust.at(pane(app).map.place_at(3, 3)[None]).score[0]
    assert mosaic is not None
    assert score > 0.5 > corner
    picture = pixels(app)
    assert picture[12, 12].tolist() != [255, 255, 255]


def test_a_click_into_a_hole_says_that_it_is_one_and_why(app):
    click(app, 8, 8)
    app.pump(0.5)
    assert "hole" in str(pane(app).card._trust["text"])
    assert "training codes" in app.window._status.words


def test_a_click_among_points_is_solid_ground(app):
    click(app, *pixel_of(app, crowded(app)))
    app.pump(0.5)
    assert "solid" in str(pane(app).card._trust["text"])


# --- layouts ---


def test_two_axes_of_the_code_make_a_map_whose_places_are_those_numbers(app):
    app.use("dense-32")
    app.window.explorer.set_projection(MapWish("axes", axes=(3, 7)))
    app.pump_until(lambda: app.window.explorer.active.projection.kind == "axes")
    active = app.window.explorer.active
    assert np.array_equal(active.projection.points, active.atlas.codes[:, [3, 7]])
    assert active.wish == MapWish("axes", axes=(3, 7))
    app.draw(SEVEN)
    reading = app.window.explorer.reading
    assert reading.point == pytest.approx(reading.code[[3, 7]])


def test_the_two_numbers_that_vary_most_are_proposed_as_axes(app):
    codes = app.window.explorer.active.atlas.codes
    shown = [int(field.get()) - 1 for field in pane(app).controls._axis_fields]
    assert shown == np.argsort(-codes.var(axis=0), kind="stable")[:2].tolist()


def test_axes_that_do_not_exist_are_refused_in_words(app):
    app.use("dense-32")
    controls = pane(app).controls
    controls._layout.set("Two axes")
    for field, words in zip(controls._axis_fields, ("1", "99"), strict=True):
        field.delete(0, "end")
        field.insert(0, words)
    controls._wish()
    assert "from 1 to 32" in app.take_problems()[0]


def test_the_plane_is_the_other_way_back_from_pca(app):
    explorer = app.window.explorer
    codes = {}
    for inverse in ("local", "exact"):
        explorer.set_projection(MapWish("pca", inverse))
        app.pump_until(lambda inverse=inverse: explorer.active.wish == MapWish("pca", inverse))
        app.pump(0.2)
        explorer.pick_at(3.0, -2.0)
        codes[inverse] = explorer.pick.code
    assert explorer.active.projection.to_points(codes["exact"])[0] == pytest.approx([3.0, -2.0], abs=1e-3)
    assert not np.allclose(codes["local"], codes["exact"])


def test_a_map_shows_itself_settling_and_can_be_cancelled(app, monkeypatch):
    explorer = app.window.explorer
    before = explorer.active
    halfway = before.projection.points * 0.1
    explorer.settling.emit(Settling(300, 750, halfway))
    app.pump(0.1)
    assert pane(app)._settling.winfo_ismapped()
    assert np.array_equal(pane(app).map.painter.points, halfway)
    click(app, 200, 200)
    assert explorer.pick is None, "a map on its way cannot be picked from"
    app.key("<Escape>")  # wherever the focus is
    assert not pane(app)._settling.winfo_ismapped()
    assert np.array_equal(pane(app).map.painter.points, before.projection.points)
    click(app, 200, 200)
    assert explorer.pick is not None


def test_while_a_map_settles_the_sketch_is_not_marked_on_it_and_afterwards_it_is(app):
    explorer, latent_map = app.window.explorer, pane(app).map
    explorer.settling.emit(Settling(300, 750, explorer.active.projection.points * 0.1))
    app.draw(SEVEN)
    assert latent_map._markers.place_of("sketch") is None
    drag(app, loop(200, 200, 50))
    assert app.window.desk.morpher.strip is None
    explorer.cancel_map()
    app.pump(0.1)
    assert latent_map._markers.place_of("sketch") == pytest.approx(explorer.reading.point)


def test_a_model_that_cannot_be_loaded_leaves_the_map_as_it_is(app):
    click(app, *legend_row(app, 4))
    pane(app).map.zoom(3)
    click(app, 250, 250)
    view = pane(app).map.view
    app.window.load_model("no-such-model")
    app.pump_until(lambda: app.problems != [])
    app.pump(0.2)
    app.take_problems()
    assert pane(app).map.view == view
    assert pane(app).map.painter.hidden == {4}
    assert pane(app).card.winfo_ismapped()


def test_another_layout_keeps_hidden_what_was_hidden(app):
    click(app, *legend_row(app, 4))
    app.window.explorer.set_projection(MapWish("pca"))
    app.pump_until(lambda: app.window.explorer.active.projection.kind == "pca")
    app.pump(0.1)
    assert pane(app).map.painter.hidden == {4}


def test_more_points_of_the_same_map_leave_the_view_where_it_is(app, mnist):
    explorer = app.window.explorer
    app.window.load_model("dense-2d")
    app.pump_until(lambda: explorer.active.reference == "dense-2d")
    app.pump(0.2)
    pane(app).map.zoom(3)
    view = pane(app).map.view
    press(app, "a")
    app.pump_until(lambda: len(explorer.active.shown) == 60_000)
    app.pump(0.2)
    assert pane(app).map.view == view


def test_every_training_image_comes_onto_the_map_and_goes_again(app, mnist):
    explorer = app.window.explorer
    app.window.load_model("dense-2d")
    app.pump_until(lambda: explorer.active.reference == "dense-2d")
    press(app, "a")
    app.pump_until(lambda: len(explorer.active.shown) == 60_000)
    app.pump(0.2)
    assert len(pane(app).map.painter.points) == 60_000
    assert "60,000 training images" in pane(app).map.painter.notes(None)
    press(app, "l")
    drag(app, loop(250, 250, 60))
    assert app.window.desk.selection.indices.max() > 10_000
    press(app, "a")
    app.pump_until(lambda: len(explorer.active.shown) == 10_000)
    assert len(app.window.desk.selection.indices) == 0


# --- trail, path, what comes back ---


def slowly(app, stroke: list[tuple[float, float]]) -> None:
    """Draw with a tick of the window after each motion."""
    pad = app.window.explore.sketchpad
    places = [(round(x * pad.edge), round(y * pad.edge)) for x, y in stroke]
    pad.event_generate("<ButtonPress-1>", x=places[0][0], y=places[0][1])
    for x, y in places:
        pad.event_generate("<B1-Motion>", x=x, y=y)
        pad.run_tick()
    pad.event_generate("<ButtonRelease-1>", x=0, y=0)
    app.pump()


def test_the_legend_tells_of_the_drawings_way_where_there_is_one(app):
    told = app.window.explore.pane.map.painter
    app.window.random_digit()  # a single place
    app.pump_until(lambda: len(app.window.desk.trail) == 1)
    assert not told.remark
    slowly(app, SEVEN)
    assert "way" in told.remark


def test_a_second_stroke_costs_no_frame_of_the_whole_map(app):
    slowly(app, SEVEN)
    app.window.hands.clear()
    app.pump(0.3)
    chart = app.window.explore.pane.map
    frames = []
    paint = chart.painter.paint
    chart.painter.paint = lambda *given: frames.append(1) or paint(*given)
    slowly(app, SEVEN)
    assert len(app.window.desk.trail) > 2
    assert not frames


def test_the_trail_grows_with_the_strokes_and_clears(app):
    slowly(app, ONE)
    trail = app.window.desk.trail
    assert len(trail.points) > 3
    assert len(set(trail.strokes.tolist())) == 1
    slowly(app, SEVEN)
    assert len(set(trail.strokes.tolist())) == 2
    drawn = pixels(app)
    trail.clear()
    assert len(trail.points) == 0
    assert not np.array_equal(pixels(app), drawn)


def test_a_freehand_path_becomes_a_film_strip(app):
    press(app, "f")
    drag(app, [(150 + 4 * step, 150 + round(40 * math.sin(step / 9))) for step in range(60)])
    app.pump_until(lambda: app.window.desk.morpher.strip is not None)
    app.pump(0.2)
    strip = app.window.desk.morpher.strip
    assert strip.images.shape[1:] == (28, 28)
    assert len(strip.images) == app.window.desk.morpher.frames
    assert pane(app).drawer.current == "Morph"


def test_another_way_from_a_to_b_draws_another_line(app):
    morpher = app.window.desk.morpher
    app.draw(SEVEN)
    click(app, *pixel_of(app, crowded(app)))
    pane(app).drawer.show("Morph")
    morpher.take("a", "sketch")
    morpher.take("b", "pick")
    app.pump_until(lambda: morpher.strip is not None)
    lines = []
    for how in ("straight", "spherical", "data"):
        before = morpher.strip
        morpher.set_how(how)
        app.pump_until(lambda before=before, how=how: how == "straight" or morpher.strip is not before)
        app.pump(0.1)
        (line,) = pane(app).map._markers._line_items["path"]
        drawn = np.reshape(pane(app).map.coords(line[1]), (-1, 2))
        assert drawn == pytest.approx(pane(app).map.view.to_pixels(morpher.strip.points), abs=0.6)
        lines.append(drawn)
    assert not np.allclose(lines[0], lines[2])


def test_the_ghost_of_a_replay_stays_on_its_step_on_another_map(app):
    slowly(app, ONE)
    pane(app).drawer.show("Trail")
    trail = app.window.desk.trail
    trail.show(1)
    app.window.explorer.set_projection(MapWish("pca"))
    app.pump_until(lambda: app.window.explorer.active.projection.kind == "pca" and trail.position == 1)
    app.pump(0.1)
    assert pane(app).map._markers.place_of("ghost") == pytest.approx(trail.points[1])


def test_the_pen_at_rest_moves_the_marker_to_where_it_settles(app):
    app.use("dense-32")
    settled = []
    app.window.explorer.settled.connect(settled.append)
    app.draw(SEVEN)
    app.pump_until(lambda: settled != [])
    assert settled[0] is app.window.explorer.reading
    extent = np.ptp(app.window.explorer.active.projection.points, axis=0).max()
    first = app.window.explorer.active.projection.to_points(settled[0].code)[0]
    assert np.linalg.norm(settled[0].point - first) < 0.3 * extent


def test_the_drawer_the_colours_and_the_backdrop_come_back_with_the_next_start(open_app):
    app = open_app()
    app.wait_for_model()
    pane(app).drawer.show("Samples")
    pane(app).controls.set_colouring("density")
    pane(app).controls.set_backdrop("digits")
    app.close()
    again = open_app()
    again.wait_for_model()
    assert pane(again).drawer.current == "Samples"
    assert pane(again).controls.colouring == "density"
    assert pane(again).backdrop.kind == "digits"
    again.pump_until(lambda: pane(again).backdrop.is_complete)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_switch_of_the_theme_repaints_the_map(app, theme):
    first = pixels(app)
    app.key("<Control-d>")
    second = pixels(app)
    assert np.abs(first[5, 5] - second[5, 5]).sum() > 300
