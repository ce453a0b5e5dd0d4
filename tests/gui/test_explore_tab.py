"""Sketching, the map, and what comes back: the real window under real events."""

from collections.abc import Callable

import numpy as np
from gestures import ONE, SEVEN, line
from PIL import Image, ImageColor

from aedesk.app.ink import SIZE
from aedesk.app.loading import MapWish
from aedesk.gui import pictures


def label(app) -> str:
    explorer = app.window.explorer
    return explorer.active.atlas.classes[explorer.reading.guess.label]


def corners(latent_map) -> tuple[np.ndarray, np.ndarray]:
    """The lower left and the upper right corner of what is in view."""
    return latent_map.view.low, latent_map.view.high


def test_a_drawn_seven_is_rebuilt_and_recognised_as_a_seven(app):
    app.draw(SEVEN)
    reading = app.window.explorer.reading
    assert label(app) == "7"
    assert reading.guess.share >= 0.6
    assert reading.mse < 0.03


def test_the_reconstruction_follows_the_pen_before_it_is_lifted(app):
    pad = app.window.explore.sketchpad
    seen = []
    app.window.explorer.reading_changed.connect(lambda reading: seen.append(reading.image.sum()))
    pad.event_generate("<ButtonPress-1>", x=pad.edge // 2, y=60)
    for y in range(60, 220, 20):
        pad.event_generate("<B1-Motion>", x=pad.edge // 2, y=y)
        app.pump(0.05)
    assert len(seen) >= 4
    pad.event_generate("<ButtonRelease-1>", x=0, y=0)


def test_the_ink_is_on_the_screen_before_the_network_reads_it(app):
    pad = app.window.explore.sketchpad
    shots = []
    app.window.explorer.reading_changed.connect(lambda _: shots.append(app.screenshot(pad)))
    pad.event_generate("<ButtonPress-1>", x=pad.edge // 2, y=pad.edge // 2)
    app.pump_until(lambda: bool(shots))
    pad.event_generate("<ButtonRelease-1>", x=0, y=0)
    middle = (pad.edge // 2, pad.edge // 2)
    assert shots[0].getpixel(middle) == ImageColor.getrgb(app.window.look.palette.ink)


def test_what_is_painted_piece_by_piece_is_the_same_as_painted_at_once(app):
    pad = app.window.explore.sketchpad
    for stroke in (SEVEN, line((0.0, 0.0), (1.0, 0.02), (0.98, 1.0)), line((0.1, 0.9), (0.9, 0.1), steps=3)):
        pad.event_generate(
            "<ButtonPress-1>", x=round(stroke[0][0] * pad.edge), y=round(stroke[0][1] * pad.edge)
        )
        for x, y in stroke:
            pad.event_generate("<B1-Motion>", x=round(x * pad.edge), y=round(y * pad.edge))
            pad.run_tick()
        pad.event_generate("<ButtonRelease-1>", x=0, y=0)
    pad.event_generate("<Leave>")
    app.pump(0.2)
    pieces = np.asarray(app.screenshot(pad), int)
    pad.refresh()
    app.pump(0.2)
    assert np.abs(pieces - np.asarray(app.screenshot(pad), int)).max() <= 2


def test_letting_go_outside_the_canvas_ends_the_stroke(app):
    pad = app.window.explore.sketchpad
    pad.event_generate("<ButtonPress-1>", x=50, y=50)
    pad.event_generate("<ButtonRelease-1>", x=-400, y=2000)
    app.pump()
    before = app.window.ink.pixels.copy()
    pad.event_generate("<Motion>", x=150, y=150)
    app.pump()
    assert np.array_equal(app.window.ink.pixels, before)


def test_undo_and_redo_go_through_the_strokes_by_keyboard(app):
    app.draw(ONE)
    one = app.window.ink.pixels.copy()
    app.draw(line((0.2, 0.5), (0.8, 0.5)))
    two = app.window.ink.pixels.copy()
    app.key("<Control-z>")
    assert np.array_equal(app.window.ink.pixels, one)
    app.key("<Control-z>")
    assert app.window.ink.is_blank
    assert app.window.explorer.reading is None
    app.key("<Control-Shift-Z>")
    app.key("<Control-y>")
    assert np.array_equal(app.window.ink.pixels, two)


def test_clearing_can_be_undone(app):
    app.draw(ONE)
    app.key("<Delete>")
    assert app.window.ink.is_blank
    app.key("<Control-z>")
    assert not app.window.ink.is_blank


def test_the_right_button_and_the_eraser_take_ink_away(app):
    app.draw(ONE)
    full = int(app.window.ink.pixels.sum())
    app.draw(line((0.4, 0.3), (0.6, 0.3)), button=3)
    less = int(app.window.ink.pixels.sum())
    assert less < full
    app.key("e")
    app.draw(line((0.4, 0.6), (0.6, 0.6)))
    assert int(app.window.ink.pixels.sum()) < less
    app.key("p")
    app.draw(line((0.4, 0.6), (0.6, 0.6)))
    assert int(app.window.ink.pixels.sum()) > less


def test_the_bracket_keys_change_the_width_of_the_pen(app):
    before = app.window.brush.width
    app.key("<bracketright>")
    assert app.window.brush.width > before
    for _ in range(40):
        app.key("<bracketleft>")
    assert 0 < app.window.brush.width < before


def test_a_click_and_a_drag_on_the_map_generate_digits(app):
    widget = app.window.explore.pane.map
    picks = []
    app.window.explorer.picked.connect(picks.append)
    widget.event_generate("<ButtonPress-1>", x=200, y=200)
    for x in range(200, 420, 20):
        widget.event_generate("<B1-Motion>", x=x, y=240)
    app.pump()
    assert len(picks) >= 3
    assert all(pick.image.shape == (28, 28) for pick in picks)
    assert not np.allclose(picks[0].image, picks[-1].image)
    assert picks[-1].image.max() > 0.3, "some ink is generated"


def test_clicking_on_a_point_of_the_map_gives_a_digit_of_its_class(app):
    active = app.window.explorer.active
    votes = []
    for index in range(0, 200, 10):
        app.window.explorer.pick_at(*map(float, active.projection.points[index]))
        votes.append(app.window.explorer.pick.guess.label == active.atlas.labels[index])
    assert np.mean(votes) > 0.8


def test_arrow_keys_walk_from_the_picked_place(app):
    widget = app.window.explore.pane.map
    widget.event_generate("<ButtonPress-1>", x=300, y=300)
    app.pump()
    start = app.window.explorer.pick.point
    widget.focus_force()
    app.root.update()
    widget.event_generate("<Right>")
    app.pump()
    assert app.window.explorer.pick.point[0] > start[0]
    assert app.window.explorer.pick.point[1] == start[1]


def test_the_wheel_zooms_about_the_pointer(app):
    latent_map = app.window.explore.pane.map
    widget = latent_map
    under = latent_map.place_at(300, 200)
    (low, high) = corners(latent_map)
    widget.event_generate("<Button-4>", x=300, y=200)
    app.pump()
    (new_low, new_high) = corners(latent_map)
    assert ((new_high - new_low) < (high - low)).all()
    assert np.allclose(latent_map.place_at(300, 200), under, atol=1e-3 * np.abs(high - low).max())


def test_zooming_ends_where_there_is_nothing_more_to_see(app):
    widget = app.window.explore.pane.map
    for button in ("<Button-4>", "<Button-5>"):
        for _ in range(300):
            widget.event_generate(button, x=300, y=200)
        app.pump()
        (low, high) = corners(app.window.explore.pane.map)
        assert np.isfinite([low, high]).all()
        widget.event_generate("<ButtonPress-1>", x=300, y=200)
        app.pump()
        assert np.isfinite(app.window.explorer.pick.image).all()
        app.key("<Control-Key-0>")


def test_dragging_with_the_right_button_pans(app):
    latent_map = app.window.explore.pane.map
    widget = latent_map
    place = latent_map.place_at(300, 200)
    widget.event_generate("<ButtonPress-3>", x=300, y=200)
    widget.event_generate("<B3-Motion>", x=360, y=230)
    app.pump()
    assert np.allclose(latent_map.place_at(360, 230), place, atol=1e-3 * np.abs(place).max() + 1e-3)


def test_a_generated_digit_can_be_put_on_the_canvas(app):
    points = app.window.explorer.active.projection.points
    app.window.explorer.pick_at(*map(float, points[3]))
    generated = app.window.explorer.pick.image
    app.window.hands.use_generated()
    app.pump(0.2)
    assert np.array_equal(app.window.explorer.reading.image, generated)
    app.key("<Control-z>")
    assert app.window.ink.is_blank


def test_another_model_reads_the_same_sketch(app):
    app.draw(SEVEN)
    before = app.window.explorer.reading
    app.window.load_model("vanilla-64")
    app.pump_until(lambda: app.window.explorer.active.reference == "vanilla-64")
    after = app.window.explorer.reading
    assert np.array_equal(before.image, after.image)
    assert len(after.code) == 64
    assert label(app) == "7"


def test_every_shipped_model_shows_its_map_and_reads_a_sketch(app):
    app.draw(SEVEN)
    for reference in app.window.header.models():
        app.window.load_model(reference)
        app.pump_until(lambda reference=reference: app.window.explorer.active.reference == reference)
        app.pump(0.1)
        assert label(app) == "7", reference
        assert app.problems == []


def test_a_two_number_code_can_be_laid_out_by_pca_as_well(app):
    app.window.load_model("dense-2d")
    app.pump_until(lambda: app.window.explorer.active.reference == "dense-2d")
    assert app.window.explorer.active.projection.kind == "native"
    app.window.explorer.set_projection(MapWish("pca"))
    app.pump_until(lambda: app.window.explorer.active.projection.kind == "pca")


def test_random_test_digits_land_on_the_canvas_as_they_are_again_and_again(app, mnist):
    seen = []
    for _ in range(3):
        before = app.window.explorer.reading
        app.key("<Control-r>")
        app.pump_until(lambda before=before: app.window.explorer.reading is not before)
        app.pump(0.1)
        image = app.window.explorer.reading.image
        assert any(np.array_equal(image, test) for test in mnist.test.pixels())
        # What is on the screen is this digit, not the one before.
        shown = np.asarray(app.screenshot(app.window.explore.sketchpad).convert("L").resize((28, 28)), float)
        assert np.corrcoef(255 - shown.ravel(), image.ravel())[0, 1] > 0.8
        seen.append(image)
    assert not np.array_equal(seen[0], seen[1])


def test_a_picture_dark_on_light_is_opened_and_recognised(app, tmp_path, monkeypatch):
    app.draw(SEVEN)
    drawn = app.window.ink.image.resize((300, 300))
    app.key("<Control-z>")
    path = tmp_path / "seven.png"
    Image.eval(drawn, lambda level: 255 - level).save(path)
    monkeypatch.setattr("aedesk.gui.hands.filedialog.askopenfilename", lambda **_: str(path))
    app.key("<Control-o>")
    assert label(app) == "7"


def test_a_broken_picture_is_said_and_the_drawing_stays(app, tmp_path, monkeypatch):
    app.draw(SEVEN)
    before = app.window.ink.pixels.copy()
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"nonsense" * 10)
    monkeypatch.setattr("aedesk.gui.hands.filedialog.askopenfilename", lambda **_: str(path))
    app.key("<Control-o>")
    (told,) = app.take_problems()
    assert "broken.png" in told
    assert np.array_equal(app.window.ink.pixels, before)


def test_a_picture_without_ink_is_refused_in_words(app, tmp_path, monkeypatch):
    path = tmp_path / "empty.png"
    Image.new("L", (64, 64), 200).save(path)
    monkeypatch.setattr("aedesk.gui.hands.filedialog.askopenfilename", lambda **_: str(path))
    app.key("<Control-o>")
    assert "ink" in app.take_problems()[0]


def test_a_pasted_picture_lands_on_the_canvas(app, monkeypatch):
    picture = Image.new("L", (200, 200), 255)
    picture.paste(0, (90, 30, 110, 170))
    monkeypatch.setattr(pictures, "from_clipboard", lambda: picture)
    app.key("<Control-v>")
    assert label(app) == "1"


def test_a_clipboard_without_a_picture_is_said(app):
    app.key("<Control-v>")
    assert "clipboard" in app.take_problems()[0]


def test_a_saved_drawing_opens_again_as_it_was(app, tmp_path, monkeypatch):
    app.draw(SEVEN)
    before = app.window.explorer.reading.image
    path = tmp_path / "mine.png"
    monkeypatch.setattr("aedesk.gui.hands.filedialog.asksaveasfilename", lambda **_: str(path))
    app.key("<Control-s>")
    app.key("<Delete>")
    monkeypatch.setattr("aedesk.gui.hands.filedialog.askopenfilename", lambda **_: str(path))
    app.key("<Control-o>")
    assert np.abs(app.window.explorer.reading.image - before).mean() < 0.02


def test_the_drawing_is_saved_beside_what_is_made_of_it(app, tmp_path, monkeypatch):
    app.draw(SEVEN)
    path = tmp_path / "comparison.png"
    monkeypatch.setattr("aedesk.gui.hands.filedialog.asksaveasfilename", lambda **_: str(path))
    app.key("<Control-Shift-S>")
    with Image.open(path) as saved:
        assert saved.size == (280 * 3 + 20, 280)


def test_the_generated_card_hides_no_marker(app):
    latent_map = app.window.explore.pane.map
    widget = latent_map
    card = app.window.explore.pane.card
    for x, y in ((widget.winfo_width() - 60, widget.winfo_height() - 60), (60, widget.winfo_height() - 60)):
        widget.event_generate("<ButtonPress-1>", x=x, y=y)
        app.pump(0.1)
        inside_x = card.winfo_x() <= x <= card.winfo_x() + card.winfo_width()
        inside_y = card.winfo_y() <= y <= card.winfo_y() + card.winfo_height()
        assert card.winfo_ismapped()
        assert not (inside_x and inside_y)


def test_a_switch_of_the_theme_moves_nothing(app):
    app.pump(0.2)
    pad = app.window.explore.sketchpad
    before = (pad.winfo_width(), pad.winfo_height(), app.window.explore.guess.winfo_rooty())
    app.key("<Control-d>")
    app.pump(0.3)
    assert (pad.winfo_width(), pad.winfo_height(), app.window.explore.guess.winfo_rooty()) == before


def test_the_ring_has_the_width_of_the_brush_at_once(app):
    pad = app.window.explore.sketchpad
    pad.event_generate("<Motion>", x=100, y=100)
    app.pump()
    before = pad.ring_width
    app.key("<bracketright>")
    assert pad.ring_width > before


def test_saving_where_nothing_can_be_written_is_said(app, tmp_path, monkeypatch):
    app.draw(SEVEN)
    monkeypatch.setattr(
        "aedesk.gui.hands.filedialog.asksaveasfilename", lambda **_: str(tmp_path / "nowhere" / "x.png")
    )
    app.key("<Control-s>")
    assert "x.png" in app.take_problems()[0]


def test_drawing_is_possible_before_the_model_is_there_and_is_read_once_it_is(open_app: Callable):
    app = open_app()
    app.root.update()
    app.draw(SEVEN)
    assert not app.window.ink.is_blank
    app.wait_for_model()
    assert label(app) == "7"


def test_the_canvas_keeps_its_size_while_it_is_drawn_on(app):
    app.root.geometry("1000x680")
    app.pump(0.3)
    before = app.window.explore.sketchpad.edge
    app.draw(SEVEN)
    app.pump(0.2)
    assert app.window.explore.sketchpad.edge == before


def test_the_raster_keeps_its_size_whatever_the_window_does(app):
    app.draw(ONE)
    for size in ("1000x680", "1600x1000"):
        app.root.geometry(size)
        app.pump(0.3)
        assert app.window.ink.pixels.shape == (SIZE, SIZE)
        bottom = app.window.explore.guess.winfo_rooty() + app.window.explore.guess.winfo_height()
        assert bottom <= app.root.winfo_rooty() + app.root.winfo_height(), size
