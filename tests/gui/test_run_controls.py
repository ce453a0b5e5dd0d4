"""The buttons of a run, and the numbers that may be changed while it goes on."""

import pytest
import ttkbootstrap as ttk
from panel_bench import WindowBench, closing

from aedesk.gui.train.controls import RunControls
from aedesk.gui.train.knobs import Knobs
from aedesk.models.presets import Recipe

WIDTH = 296


def is_enabled(widget):
    return not widget.instate(["disabled"])


@pytest.fixture
def bench():
    with closing(WindowBench(f"{WIDTH}x300")) as bench:
        bench.told = []
        yield bench


@pytest.fixture
def controls(bench):
    told = bench.told
    controls = RunControls(
        bench.root,
        on_start=lambda: told.append("start"),
        on_pause=lambda: told.append("pause"),
        on_stop=lambda: told.append("stop"),
        on_step=told.append,
        on_delay=told.append,
    )
    controls.pack(fill="x")
    bench.pump(0.1)
    return controls


@pytest.fixture
def knobs(bench):
    knobs = Knobs(bench.root, lambda name, value: bench.told.append((name, value)))
    knobs.pack(fill="x")
    knobs.show(Recipe())
    knobs.enable(True)
    bench.pump(0.1)
    return knobs


def type_in(bench, knob, text, key=None):
    knob.entry.focus_force()
    bench.root.update()
    knob.entry.delete(0, "end")
    knob.entry.insert(0, text)
    if key:
        bench.key(knob.entry, key)
    bench.pump()


def test_each_button_says_what_is_wanted(bench, controls):
    controls.show(can_start=True, can_pause=True, can_resume=False, can_stop=True, can_step=True)
    for button in (
        controls.start,
        controls.pause,
        controls.stop,
        controls.step_batch,
        controls.step_epoch,
    ):
        button.invoke()
    assert bench.told == ["start", "pause", "stop", "batch", "epoch"]


def test_only_what_can_be_done_can_be_pressed(controls):
    def state():
        buttons = (controls.start, controls.pause, controls.stop, controls.step_batch, controls.step_epoch)
        return [is_enabled(button) for button in buttons]

    controls.show(can_start=True, can_pause=False, can_resume=False, can_stop=False, can_step=True)
    assert state() == [True, False, False, True, True]
    controls.show(can_start=False, can_pause=True, can_resume=False, can_stop=True, can_step=False)
    assert state() == [False, True, True, False, False]
    assert controls.pause.cget("text") == "Pause"
    controls.show(can_start=False, can_pause=False, can_resume=True, can_stop=True, can_step=True)
    assert state() == [False, True, True, True, True]
    assert controls.pause.cget("text") == "Resume"


def test_slow_motion_is_asked_for_in_seconds_a_step(bench, controls):
    assert controls.delay == 0
    controls.speed.set("5 steps/s")
    controls.speed.event_generate("<<ComboboxSelected>>")
    bench.pump()
    assert bench.told == [0.2]
    controls.set_delay(0.9)
    assert controls.speed.get() == "1 step/s"
    controls.set_delay(0)
    assert controls.speed.get() == "Fastest"
    assert bench.told == [0.2]


def test_all_are_equally_wide_in_two_rows(bench, controls):
    bench.root.geometry(f"{WIDTH}x300")
    controls.show(can_start=False, can_pause=False, can_resume=True, can_stop=True)
    bench.pump(0.1)
    widgets = controls.winfo_children()
    widths = [widget.winfo_width() for widget in widgets if not isinstance(widget, ttk.ToolTip)]
    assert len(widths) == 6
    assert max(widths) - min(widths) <= 1
    assert len({widget.winfo_y() for widget in widgets}) == 2


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("plain", ("learning_rate",)),
        ("denoising", ("learning_rate", "noise_level")),
        ("sparse", ("learning_rate", "sparsity")),
        ("contractive", ("learning_rate", "contraction")),
        ("variational", ("learning_rate", "beta")),
    ],
)
def test_each_kind_of_network_has_its_own_knobs(knobs, kind, names):
    knobs.show(Recipe(kind=kind))
    assert knobs.shown == names


def test_return_applies_what_was_typed_and_until_then_it_is_marked(bench, knobs):
    knob = knobs.rows["learning_rate"]
    assert (knob.text, knob.words) == ("0.001", "")
    type_in(bench, knob, "0.004")
    assert bench.told == []
    assert "Not yet applied" in knob.words
    bench.key(knob.entry, "<Return>")
    assert bench.told == [("learning_rate", 0.004)]
    assert knob.words == ""
    bench.key(knob.entry, "<Return>")
    assert len(bench.told) == 1


def test_escape_puts_the_present_value_back(bench, knobs):
    knob = knobs.rows["learning_rate"]
    type_in(bench, knob, "5", "<Escape>")
    assert (knob.text, knob.words, bench.told) == ("0.001", "", [])
    type_in(bench, knob, "nonsense", "<Escape>")
    assert (knob.text, knob.words, bench.told) == ("0.001", "", [])


def test_the_same_number_written_otherwise_is_no_change(bench, knobs):
    type_in(bench, knobs.rows["learning_rate"], "1e-3", "<Return>")
    assert knobs.rows["learning_rate"].words == ""
    assert bench.told == []


def test_the_buttons_halve_and_double_at_once(bench, knobs):
    knob = knobs.rows["learning_rate"]
    knob.double.invoke()
    knob.halve.invoke()
    knob.halve.invoke()
    assert [value for _, value in bench.told] == [0.002, 0.001, 0.0005]
    assert knob.text == "0.0005"
    type_in(bench, knob, "7")
    knob.double.invoke()
    assert bench.told[-1] == ("learning_rate", 0.001)


@pytest.mark.parametrize(
    ("kind", "name", "text", "words"),
    [
        ("plain", "learning_rate", "0", "above 0 and at most 100"),
        ("plain", "learning_rate", "101", "above 0 and at most 100"),
        ("plain", "learning_rate", "nan", "above 0"),
        ("plain", "learning_rate", "fast", "not a number"),
        ("plain", "learning_rate", "", "empty"),
        ("denoising", "noise_level", "6", "between 0 and 5"),
        ("denoising", "noise_level", "-1", "between 0 and 5"),
        ("sparse", "sparsity", "2e6", "between 0 and 1,000,000"),
        ("contractive", "contraction", "-1", "between 0 and"),
        ("variational", "beta", "inf", "between 0 and"),
    ],
)
def test_nonsense_is_refused_beside_the_entry_in_words(bench, knobs, kind, name, text, words):
    knobs.show(Recipe(kind=kind))
    knob = knobs.rows[name]
    type_in(bench, knob, text, "<Return>")
    assert words in knob.words
    assert knob.entry.instate(["invalid"])
    assert bench.told == []
    bench.key(knob.entry, "<Escape>")
    assert not knob.entry.instate(["invalid"])


def test_how_much_noise_makes_sense_depends_on_its_kind(bench, knobs):
    knobs.show(Recipe(kind="denoising", noise="masking", noise_level=0.8))
    knob = knobs.rows["noise_level"]
    knob.double.invoke()
    assert bench.told == []
    assert "between 0 and 1" in knob.words
    bench.key(knob.entry, "<Escape>")
    knobs.show(Recipe(kind="denoising", noise="gaussian", noise_level=0.8))
    knob.double.invoke()
    assert bench.told == [("noise_level", 1.6)]


def test_a_value_that_comes_from_the_run_is_shown_but_does_not_disturb_who_types(bench, knobs):
    knob = knobs.rows["learning_rate"]
    knobs.show(Recipe(learning_rate=0.01))
    assert knob.text == "0.01"
    type_in(bench, knob, "0.5")
    knobs.show(Recipe(learning_rate=0.02))
    assert knob.text == "0.5"
    bench.key(knob.entry, "<Escape>")
    assert knob.text == "0.02"


def test_held_knobs_cannot_be_turned_and_forget_what_was_not_applied(bench, knobs):
    knob = knobs.rows["learning_rate"]
    type_in(bench, knob, "0.5")
    knobs.enable(False)
    assert (knob.text, knob.words) == ("0.001", "")
    knob.double.invoke()
    bench.key(knob.entry, "<Return>")
    assert bench.told == []
    assert not is_enabled(knob.entry)


def test_words_of_any_length_leave_the_column_as_wide_as_it_was(bench, knobs):
    bench.root.geometry("")
    frame = ttk.Frame(bench.root, width=WIDTH, height=1)
    frame.pack()
    bench.pump(0.1)
    before = knobs.winfo_reqwidth()
    type_in(bench, knobs.rows["learning_rate"], "a text that is not a number at all")
    bench.pump(0.1)
    assert knobs.winfo_reqwidth() == before
