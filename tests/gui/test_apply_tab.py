"""The Apply tab: one drawing on two canvases, pages that come back, and figures that are saved."""

import numpy as np
import pytest

from aedesk.app import settings
from aedesk.gui.apply.pages import PAGES

SEVEN = [(0.3, 0.2), (0.5, 0.2), (0.7, 0.2), (0.6, 0.5), (0.45, 0.8)]
CROSS = [(0.3, 0.5), (0.5, 0.5), (0.8, 0.5)]


@pytest.fixture
def apply(app):
    app.window.show_tab("apply")
    app.pump(0.1)
    return app.window.apply


def shown(app, pad):
    return np.asarray(app.screenshot(pad).convert("L").resize((56, 56)), float)


def test_the_shortcut_shows_the_tab_with_its_first_page(app):
    app.key("<Control-Key-4>")
    apply = app.window.apply
    assert apply.winfo_ismapped()
    assert apply.page.name == PAGES[0].name
    assert apply.page.winfo_ismapped()


def test_every_page_can_be_shown_and_only_one_is(app, apply):
    for page in PAGES:
        apply.show_page(page.name)
        app.pump(0.1)
        assert [name for name, made in apply.pages.items() if made.winfo_ismapped()] == [page.name]


def test_a_page_is_made_when_it_is_first_seen(app):
    assert app.window.apply.pages == {}
    app.window.show_tab("apply")
    app.pump()
    assert list(app.window.apply.pages) == [PAGES[0].name]


def test_what_is_drawn_here_is_read_by_the_model_and_seen_in_explore(app, apply):
    app.draw(SEVEN)
    reading = app.window.explorer.reading
    assert reading is not None
    assert reading.image.sum() > 20
    here = shown(app, apply.sketchpad)
    app.window.show_tab("explore")
    app.pump(0.2)
    there = shown(app, app.window.explore.sketchpad)
    assert np.abs(here - there).mean() < 12
    assert (there < 100).sum() > 50


def test_what_was_drawn_in_explore_is_on_the_canvas_here(app):
    app.draw(SEVEN)
    app.window.show_tab("apply")
    app.pump(0.2)
    assert (shown(app, app.window.apply.sketchpad) < 100).sum() > 50


def test_undo_clear_and_a_random_digit_leave_the_tab_on_show(app, apply):
    app.draw(SEVEN)
    app.draw(CROSS)
    two = app.window.ink.pixels.sum()
    app.key("<Control-Key-z>")
    assert 0 < app.window.ink.pixels.sum() < two
    app.key("<Key-Delete>")
    assert app.window.ink.is_blank
    app.key("<Control-Key-r>")
    app.pump_until(lambda: not app.window.ink.is_blank)
    app.pump_until(lambda: app.window.explorer.reading is not None)
    assert apply.winfo_ismapped()


def test_the_eraser_is_one_for_both_canvases(app, apply):
    app.draw(SEVEN)
    before = app.window.ink.pixels.sum()
    app.key("e")
    app.draw(CROSS)
    assert app.window.ink.pixels.sum() < before
    app.window.show_tab("explore")
    app.key("p")
    assert not app.window.brush.erasing


def test_the_page_on_show_comes_back(app, open_app, apply):
    apply.show_page("features")
    app.close()
    assert settings.load()["apply"]["page"] == "features"
    again = open_app()
    again.wait_for_model()
    again.window.show_tab("apply")
    again.pump(0.1)
    assert again.window.apply.page.name == "features"


@pytest.mark.parametrize("remembered", ["nonsense", {"page": "no such page", "denoise": 3, "compress": [1]}])
def test_settings_that_make_no_sense_are_passed_over(open_app, remembered):
    settings.save({"apply": remembered})
    app = open_app()
    app.wait_for_model()
    app.window.show_tab("apply")
    for page in PAGES:
        app.window.apply.show_page(page.name)
        app.pump(0.05)
    assert app.errors == []


@pytest.mark.parametrize("size", ["1000x680", "1280x800", "1900x1060"])
def test_nothing_of_the_left_column_is_cut_off(app, apply, size):
    app.root.geometry(f"{size}+0+0")
    app.pump(0.4)
    bottom = apply.guess.winfo_rooty() + apply.guess.winfo_height()
    assert bottom <= app.root.winfo_rooty() + app.root.winfo_height()
    assert apply.sketchpad.edge >= 200


def test_the_window_closes_at_once_with_the_tab_open(app, apply):
    for page in PAGES:
        apply.show_page(page.name)
    app.draw(SEVEN)
    app.close()
    assert not app.is_open


def test_the_menu_leads_to_every_page(app):
    for page in PAGES:
        command = next(c for c in app.window.commands if (c.menu, c.label) == ("Apply", page.title))
        app.window.show_tab("runs")
        command.run()
        app.pump(0.05)
        assert app.window.apply.pages[page.name].winfo_ismapped()
