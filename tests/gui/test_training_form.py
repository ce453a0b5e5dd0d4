"""The form of the Train tab: what a person fills in, and what is then to be trained."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from typing import Any

import pytest
import ttkbootstrap as ttk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from panel_bench import WindowBench

from aedesk.gui.fields import whole_numbers
from aedesk.gui.form.form import TrainingForm
from aedesk.gui.form.settings import ABOUT_KIND, FIELDS_OF_KIND, SETTINGS
from aedesk.gui.scrolled import ScrolledColumn
from aedesk.models.architecture import Dense
from aedesk.models.presets import PRESETS
from aedesk.training.config import TrainingConfig

WIDTH = 296


class Bench(WindowBench):
    """The form in a column as wide as the tab's."""

    def __init__(self) -> None:
        super().__init__("330x900")
        self.previews: list[str] = []
        self.changes = 0
        column = ScrolledColumn(self.root, self.look)
        column.pack(fill="both", expand=True)
        self.form = TrainingForm(column.content, WIDTH, self._on_change, self.previews.append)
        self.form.pack(fill="both", expand=True)
        self.form.data.set("digits")
        self.form.recheck()
        column.follow()
        self.pump()

    def _on_change(self) -> None:
        self.changes += 1

    def set(self, **texts: str) -> None:
        for name, text in texts.items():
            self.form.fields[name].set(text)
        self.root.update()

    def seen(self) -> set[str]:
        """The settings that can be seen just now."""
        return {name for name, field in self.form.fields.items() if field.winfo_ismapped()}


@pytest.fixture(scope="module")
def whole(screen: None) -> Iterator[Bench]:
    bench = Bench()
    yield bench
    errors = bench.errors
    bench.close()
    assert errors == []


@pytest.fixture
def bench(whole: Bench) -> Bench:
    """The form as it is at first."""
    form = whole.form
    form.enable(True)
    form.fill(TrainingConfig.of("dense-2d", data="digits"))
    for part in (form.network, form.lessons, form.stops, form.advanced):
        part.open(False)
    whole.root.update()
    return whole


def of(preset: str, **changes: Any) -> TrainingConfig:
    return TrainingConfig.of(preset, data="digits", **changes)


def is_enabled(widget: ttk.Button) -> bool:
    return not widget.instate(["disabled"])


def test_a_newcomer_sees_few_settings(bench: Bench) -> None:
    assert bench.seen() == {
        *("kind", "epochs", "batch_size", "learning_rate", "schedule"),
        *("optimiser", "loss", "engine", "device"),
    }
    assert bench.form.chosen == of("dense-2d")


def test_every_setting_can_be_reached(bench: Bench) -> None:
    seen: set[str] = set()
    for part in (bench.form.network, bench.form.lessons, bench.form.stops, bench.form.advanced):
        part.button.invoke()
    for layers in ("dense", "conv"):
        for kind in FIELDS_OF_KIND:
            bench.set(layers=layers, kind=kind)
            bench.pump(0.02)
            seen |= {name for name, field in bench.form.fields.items() if field.winfo_manager()}
    assert seen == set(SETTINGS)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("plain", set()),
        ("denoising", {"noise", "noise_level"}),
        ("sparse", {"sparsity"}),
        ("contractive", {"contraction"}),
        ("variational", {"beta", "warm_up"}),
    ],
)
def test_a_kind_says_what_it_does_and_asks_only_for_what_it_needs(
    bench: Bench, kind: str, fields: set[str]
) -> None:
    bench.set(kind=kind)
    of_kinds = {name for names in FIELDS_OF_KIND.values() for name in names}
    assert bench.seen() & of_kinds == fields
    assert bench.form._section.about_kind.cget("text") == ABOUT_KIND[kind]
    assert bench.form.chosen is not None
    assert bench.form.chosen.recipe.kind == kind
    assert bench.form.chosen.architecture.variational == (kind == "variational")


def test_nonsense_in_a_field_of_another_kind_stands_in_nobodys_way(bench: Bench) -> None:
    bench.set(kind="variational", beta="much")
    assert bench.form.chosen is None
    assert "Beta" in (bench.form.problem or "")
    bench.set(kind="plain")
    assert bench.form.chosen == of("dense-2d")
    assert bench.form.problem is None


def test_a_changed_field_makes_the_network_ones_own(bench: Bench) -> None:
    bench.set(widths="300, 100", code="16", activation="tanh", dropout="0.25", batch_norm="yes")
    assert bench.form.chosen == of(
        "dense-2d", widths=(300, 100), code=16, activation="tanh", dropout=0.25, batch_norm=True
    )
    assert bench.form.preset.control.get() == "dense-2d (changed)"
    assert bench.form.preset.text == "dense-2d"
    bench.form.network_button.invoke()
    assert bench.form.chosen == of("dense-2d")
    assert bench.form.preset.control.get() == "dense-2d"
    assert not is_enabled(bench.form.network_button)


def test_choosing_the_preset_again_puts_its_network_back(bench: Bench) -> None:
    bench.set(code="7")
    control = bench.form.preset.control
    assert isinstance(control, ttk.Combobox)
    assert "dense-2d (changed)" not in control["values"]
    control.current(list(control["values"]).index("dense-2d"))
    bench.root.update()
    assert bench.form.chosen == of("dense-2d")


def test_layers_decide_between_widths_and_filters(bench: Bench) -> None:
    bench.form.network.open(True)
    bench.root.update()
    assert {"widths", "filters"} & bench.seen() == {"widths"}
    bench.set(layers="conv", filters="8 16", code="10")
    assert {"widths", "filters"} & bench.seen() == {"filters"}
    chosen = bench.form.chosen
    assert chosen is not None
    assert chosen.design is not None
    assert (chosen.design.layers, chosen.design.filters, chosen.design.code) == ("conv", (8, 16), 10)


def test_no_widths_at_all_leave_the_code_as_the_only_hidden_layer(bench: Bench) -> None:
    bench.set(widths="")
    assert bench.form.chosen is not None
    hidden = [layer for layer in bench.form.chosen.architecture.encoder if isinstance(layer, Dense)]
    assert [layer.outputs for layer in hidden] == [2]


@pytest.mark.parametrize(
    ("texts", "name", "words"),
    [
        ({"widths": "12 by 3"}, "widths", "not a list of whole numbers"),
        ({"widths": "0"}, "widths", "between 1 and"),
        ({"code": "257"}, "code", "between 1 and 256"),
        ({"code": "9" * 5000}, "code", "not a whole number"),
        ({"dropout": "1"}, "dropout", "between 0 and 0.9"),
        ({"layers": "conv", "filters": ""}, "filters", "1 to 5 filters"),
        ({"layers": "conv", "tied": "yes"}, "tied", "Only a dense network"),
        ({"output": "linear", "loss": "bce"}, "loss", "sigmoid output"),
        ({"kind": "contractive", "engine": "numpy"}, "engine", "PyTorch"),
        ({"layers": "conv", "engine": "numpy"}, "engine", "convolutions"),
        ({"kind": "variational", "warm_up": "11"}, "warm_up", "longer than the run"),
        ({"kind": "denoising", "noise": "masking", "noise_level": "1.5"}, "noise_level", "between 0 and 1"),
        ({"minutes": "-1"}, "minutes", "between 0 and"),
        ({"patience": "1.5"}, "patience", "not a whole number"),
        ({"keep_mb": "lots"}, "keep_mb", "not a whole number"),
        ({"learning_rate": "inf"}, "learning_rate", "above 0"),
    ],
)
def test_nonsense_is_refused_beside_its_field(
    bench: Bench, texts: dict[str, str], name: str, words: str
) -> None:
    bench.set(**texts)
    bench.pump(0.02)
    line = bench.form.problems[name]
    assert words in line.cget("text")
    assert line.winfo_ismapped(), "what is folded away opens, so that the problem is seen"
    assert bench.form.chosen is None
    assert bench.form.problem == line.cget("text")
    assert [n for n, other in bench.form.problems.items() if other.winfo_manager()] == [name]
    bench.root.focus_force()
    bench.form.focus_problem()
    bench.root.update()
    assert bench.form.focus_get() is bench.form.fields[name].control


def test_empty_stop_conditions_are_none_at_all(bench: Bench) -> None:
    bench.set(minutes="2.5", patience="4", target="0.01")
    recipe = bench.form.chosen.recipe  # type: ignore[union-attr]
    assert (recipe.minutes, recipe.patience, recipe.target) == (2.5, 4, 0.01)
    assert "2.5 min" in bench.form.stops.button.cget("text")
    bench.set(minutes=" ", patience="", target="")
    assert bench.form.chosen == of("dense-2d")
    assert bench.form.stops.button.cget("text") == "Stop early"


def test_a_preset_brings_network_and_recipe_but_not_the_stop_conditions(bench: Bench) -> None:
    bench.set(code="9", epochs="3", minutes="2", seed="5")
    bench.form.preset.set("mlp-128")
    bench.root.update()
    assert bench.form.chosen == of("mlp-128", minutes=2.0, seed=5)
    assert bench.form.fields["widths"].text == "512, 256"


def test_the_recipes_reset_leaves_the_network_alone(bench: Bench) -> None:
    bench.set(code="9", epochs="3", kind="sparse", seed="4")
    bench.form.reset_button.invoke()
    assert bench.form.chosen == of("dense-2d", code=9)
    assert not is_enabled(bench.form.reset_button)


@pytest.mark.parametrize(
    "config",
    [
        TrainingConfig.of("conv", data="digits"),
        TrainingConfig.of(
            "deep-64", data="digits", kind="denoising", noise="masking", noise_level=0.123456789
        ),
        TrainingConfig.of("dense-2d", data="digits", layers="conv", filters=(4, 8), code=3, batch_norm=True),
        TrainingConfig.of("dense-32", data="digits", tied=True, output="linear", loss="mae", threads=2),
        TrainingConfig.of(
            "dense-64", data="digits", kind="variational", beta=4.0, warm_up=3, output_bias=-1.5
        ),
        TrainingConfig.of(
            "vanilla-64", data="digits", schedule="one-cycle", keep_mb=10, target=1e-3, device="cpu"
        ),
    ],
    ids=lambda config: config.label,
)
def test_a_runs_settings_can_be_filled_in(bench: Bench, config: TrainingConfig) -> None:
    from aedesk.training.device import Device

    bench.form.offer_devices([Device("cpu", "CPU")])
    bench.form.fill(config)
    assert bench.form.chosen == config
    assert bench.form.remember()["preset"] == config.preset


def test_a_branch_has_its_network_locked_until_it_is_unlocked(bench: Bench) -> None:
    form = bench.form
    form.fill(of("dense-32", code=12), lock_network=True)
    bench.root.update()
    assert form.chosen == of("dense-32", code=12)
    assert form._section.locked_line.winfo_ismapped()
    locked = (form.preset, *(form.fields[name] for name in ("widths", "code", "tied")))
    assert all(field.control.instate(["disabled"]) for field in locked)
    assert form.fields["learning_rate"].control.instate(["!disabled"])
    kind = form.fields["kind"].control
    assert isinstance(kind, ttk.Combobox)
    assert "Variational" not in kind["values"], "weights for a log-variance are not there"
    form.unlock()
    bench.root.update()
    assert not form._section.locked_line.winfo_ismapped()
    assert all(field.control.instate(["!disabled"]) for field in locked)
    assert "Variational" in kind["values"]
    assert form.chosen == of("dense-32", code=12)


def test_a_branch_of_a_variational_run_stays_variational(bench: Bench) -> None:
    bench.form.fill(of("dense-32", kind="variational"), lock_network=True)
    kind = bench.form.fields["kind"].control
    assert isinstance(kind, ttk.Combobox)
    assert list(kind["values"]) == ["Variational"]
    assert bench.form.chosen == of("dense-32", kind="variational")
    bench.form.unlock()
    bench.set(kind="sparse")
    assert bench.form.chosen == of("dense-32", kind="sparse")


def test_nothing_can_be_changed_while_a_run_has_the_settings(bench: Bench) -> None:
    bench.set(code="5", epochs="4")
    bench.form.enable(False)
    controls = [field.control for field in (bench.form.preset, *bench.form.fields.values())]
    buttons = (bench.form.reset_button, bench.form.network_button)
    assert all(control.instate(["disabled"]) for control in controls)
    assert not any(map(is_enabled, buttons))
    assert is_enabled(bench.form.data.preview_button), "looking does no harm"
    bench.form.enable(True)
    assert all(map(is_enabled, buttons))
    assert bench.form.fields["code"].control.instate(["!disabled"])


def test_numpy_has_no_say_in_device_and_precision(bench: Bench) -> None:
    bench.set(engine="numpy")
    assert bench.form.fields["device"].control.instate(["disabled"])
    assert bench.form.fields["precision"].control.instate(["disabled"])
    assert bench.form.chosen == of("dense-2d", engine="numpy")


def test_the_form_comes_back_as_it_was(bench: Bench) -> None:
    bench.form.preset.set("deep-64")
    bench.set(
        layers="conv",
        filters="5, 6",
        tied="no",
        batch_norm="yes",
        kind="sparse",
        sparsity="0.5",
        patience="3",
    )
    bench.form.network.toggle()
    before, chosen = bench.form.remember(), bench.form.chosen
    bench.form.fill(of("conv"))
    bench.form.network.toggle()
    assert bench.form.remember() != before
    bench.form.restore(before)
    assert bench.form.remember() == before
    assert bench.form.chosen == chosen


def test_the_preview_is_of_the_data_that_is_chosen(bench: Bench) -> None:
    bench.previews.clear()
    bench.form.data.preview_button.invoke()
    assert bench.previews == ["digits"]


def test_every_setting_is_explained() -> None:
    for setting in SETTINGS.values():
        assert setting.sentence.endswith("."), setting.name
        assert len(setting.explanation) > 40
    assert set(ABOUT_KIND) == set(FIELDS_OF_KIND) == set((SETTINGS["kind"].choices or {}).values())


def test_one_change_is_told_once(bench: Bench) -> None:
    before = bench.changes
    bench.set(code="3")
    assert bench.changes == before + 1


texts = st.one_of(st.text(max_size=8), st.sampled_from(["0", "1", "64", "-1", "nan", "1e400", "128, 64", ""]))
typed = [name for name, setting in SETTINGS.items() if setting.choices is None and not setting.is_switch]
chosen_by = {
    name: list(setting.choices.values())
    for name, setting in SETTINGS.items()
    if setting.choices and name != "device"
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_filled_in_either_makes_sense_or_is_refused_in_words(bench: Bench, data: Any) -> None:
    for _ in range(3):
        name = data.draw(st.sampled_from([*typed, *chosen_by]))
        of_choice = st.sampled_from(chosen_by[name]) if name in chosen_by else texts
        bench.form.fields[name].set(data.draw(of_choice))
        form = bench.form
        assert (form.chosen is None) == (form.problem is not None)
        if form.problem is not None:
            assert len(form.problem) > 10


@given(st.lists(st.integers(0, 10**6), max_size=8), st.sampled_from([", ", ",", " ", "; ", "  "]))
def test_a_list_of_numbers_is_read_however_it_is_divided(numbers: list[int], divider: str) -> None:
    assert whole_numbers("Widths", divider.join(map(str, numbers))) == tuple(numbers)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_presets_own_settings_are_shown_and_read_back(bench: Bench, name: str) -> None:
    bench.form.preset.set(name)
    assert bench.form.chosen == of(name)
    assert not bench.form.has_own_network


def test_a_window_closed_before_its_devices_are_known_remembers_the_one_that_was_chosen(bench: Bench) -> None:
    from aedesk.training.device import Device

    form = TrainingForm(bench.root, WIDTH, lambda: None)
    form.restore({"device": "cuda:0"})
    assert form.remember()["device"] == "cuda:0"
    form.offer_devices([Device("cpu", "CPU"), Device("cuda:0", "a GPU")])
    assert form.fields["device"].text == "cuda:0"
    form.fields["device"].set("cpu")
    assert form.remember()["device"] == "cpu"
    form.destroy()


def test_the_tab_key_stops_only_where_something_can_be_set(bench: Bench) -> None:
    widget, stops = bench.form.preset.control, list[tk.Misc]()
    while widget not in stops:
        stops.append(widget)
        widget = widget.tk_focusNext()
    assert {stop.winfo_class() for stop in stops} & {"TFrame", "TLabel", "Canvas"} == set()
    assert bench.form.fields["epochs"].control in stops


def test_a_new_form_begins_with_a_network_that_is_trained_in_a_minute(bench: Bench) -> None:
    form = TrainingForm(bench.root, WIDTH, lambda: None)
    assert form.preset.text == "dense-2d"
    form.destroy()


def test_what_is_learnt_from_beside_the_images_is_told_although_it_is_folded_away(bench: Bench) -> None:
    form = bench.form

    def note() -> str:
        return str(form.lessons.button.cget("text")).removeprefix("More to learn from").removeprefix(": ")

    assert note() == ""
    assert not {"sketches", "warp", "guidance", "filling"} & bench.seen()
    bench.set(sketches="0.2")
    assert note() == "sketches"
    bench.set(guidance="2")
    assert note() == "sketches ..."
    assert form.chosen == of("dense-2d", sketches=0.2, guidance=2.0)
    form.lessons.button.invoke()
    bench.pump(0.05)
    assert {"sketches", "warp", "guidance", "filling"} <= bench.seen()
    form.lessons.button.invoke()
    form.preset.set("dense-32")
    assert note() == ""
    form.preset.set("conv-2d")
    assert note() == "sketches ..."


def test_guidance_for_a_larger_code_is_refused_where_it_can_be_mended(bench: Bench) -> None:
    bench.set(guidance="2", code="3")
    bench.pump(0.05)
    assert bench.form.chosen is None
    assert bench.form.lessons.is_open
    assert "this code has 3 numbers, not 2" in bench.form.problems["guidance"].cget("text")
    bench.set(guidance="0")
    assert bench.form.chosen == of("dense-2d", code=3)
