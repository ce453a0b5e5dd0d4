"""The Runs tab in a window of its own, over run folders as training leaves them."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from panel_bench import WindowBench
from PIL import ImageColor, ImageGrab

from aedesk import paths
from aedesk.app.run_list import RunList
from aedesk.gui.curves.run_colours import run_colour
from aedesk.gui.runs.tab import RunsTab
from aedesk.gui.runs.verbs import can
from aedesk.storage import trash
from aedesk.storage.lock import RunLock
from aedesk.storage.run_card import RunCard
from aedesk.storage.runs import Run

SHIPPED = ("dense-2d", "dense-32", "conv")


class Bench(WindowBench):
    """`tab` lies in a window of the least size; `done` are the verbs that were handed on."""

    def __init__(self) -> None:
        super().__init__("1000x600")
        self.done: list[tuple[str, str]] = []
        self.told: list[str] = []
        self.problems: list[str] = []
        self.runs = RunList(self.jobs)

        def note(verb):
            return lambda folder: self.done.append((verb, folder.name))

        self.tab = RunsTab(
            self.root,
            self.look,
            self.runs,
            on_use=note("use"),
            on_open=note("open"),
            on_continue=note("continue"),
            on_branch=note("branch"),
            on_status=self.told.append,
            on_problem=lambda problem: self.problems.append(str(problem)),
        )
        self.tab.pack(fill="both", expand=True)
        self.root.update()
        self.tab.build_plots()
        self.pump_until(lambda: self.runs.is_known and not self.jobs.are_running)
        self.rows = self.tab.table.rows
        self.rows.focus_force()
        self.pump()

    @property
    def names(self) -> list[str]:
        """What the rows say, from top to bottom."""
        return [self.rows.item(row, "text") for row in self.rows.get_children()]

    @property
    def selected(self) -> list[str]:
        return [card.name for card in self.runs.selected]

    def cell(self, name: str, column: str) -> str:
        return self.rows.set(self.tab.table.row(paths.runs() / name), column)

    def place(self, name: str, column: str = "#0") -> tuple[int, int]:
        x, y, width, height = self.rows.bbox(self.tab.table.row(paths.runs() / name), column)
        return x + width // 2, y + height // 2

    def click(self, name: str, *, modifier: str = "", twice: bool = False) -> None:
        x, y = self.place(name)
        for _ in range(2 if twice else 1):
            self.rows.event_generate(f"<{modifier}Button-1>", x=x, y=y)
            self.rows.event_generate(f"<{modifier}ButtonRelease-1>", x=x, y=y)
        self.pump()

    def click_heading(self, column: str) -> None:
        row = self.rows.get_children()[0]
        x, y, width, _ = self.rows.bbox(row, column)
        for event in ("ButtonPress-1", "ButtonRelease-1"):
            self.rows.event_generate(f"<{event}>", x=x + width // 2, y=y // 2)
            self.pump()

    def press(self, sequence: str) -> None:
        """A key, wherever the focus is."""
        focus = self.root.focus_get()
        assert focus is not None
        self.key(focus, sequence)

    def type(self, words: str) -> None:
        for letter in words:
            self.press({" ": "<space>", "/": "<slash>", "-": "<minus>"}.get(letter, f"<Key-{letter}>"))

    def screenshot(self, widget):
        self.pump(0.4)
        x, y = widget.winfo_rootx(), widget.winfo_rooty()
        box = (x, y, x + widget.winfo_width(), y + widget.winfo_height())
        return ImageGrab.grab(box, xdisplay=os.environ.get("DISPLAY"))


def copy_run(name: str, shipped: str) -> Path:
    """A run of one's own with a shipped model in it; its files are as old as its place in the list."""
    run = paths.runs() / name
    run.mkdir(parents=True)
    for file in ("model.safetensors", "config.json", "history.csv"):
        shutil.copyfile(paths.weights() / shipped / file, run / file)
        age = 1_790_000_000 - 1000 * len(list(paths.runs().iterdir()))
        os.utime(run / file, (age, age))
    return run


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    for name, shipped in zip(("flat", "code", "pictures"), SHIPPED, strict=True):
        copy_run(name, shipped)
    bench = Bench()
    yield bench
    errors, problems = bench.errors, bench.problems
    bench.close()
    assert errors == []
    assert problems == []


def test_an_empty_list_teaches_what_it_will_hold(home: Path) -> None:
    bench = Bench()
    assert bench.tab._empty.winfo_viewable()
    assert not bench.tab.table.winfo_viewable()
    copy_run("first", "dense-2d")
    bench.runs.refresh()
    bench.pump_until(lambda: bench.names == ["first"])
    assert not bench.tab._empty.winfo_ismapped()
    assert bench.tab.table.winfo_viewable()
    errors = bench.errors
    bench.close()
    assert errors == []


def test_every_run_has_a_row_with_its_figures_the_newest_first(bench: Bench) -> None:
    assert bench.names == ["flat", "code", "pictures"]
    assert bench.cell("flat", "code") == "2"
    assert bench.cell("pictures", "code") == "1,024"
    assert bench.cell("flat", "epochs") == "10 / 10"
    assert bench.cell("flat", "validation") == "0.0405"
    assert bench.cell("flat", "status") == "completed"
    assert str(bench.rows.column("validation", "anchor")) == "e"
    assert str(bench.rows.column("data", "anchor")) == "w"


def test_a_run_of_another_window_appears_by_itself_and_its_progress_too(bench: Bench) -> None:
    run = Run(paths.runs() / "fresh")
    run.path.mkdir()
    with RunLock(run.path).held():
        run.write_config({"preset": "dense-2d", "epochs": 5, "status": "running"})
        bench.pump_until(lambda: "fresh" in bench.names)
        assert bench.cell("fresh", "status") == "training"
        bench.click("fresh")
        run.append_history({"epoch": 1, "train_loss": 0.2, "validation_loss": 0.1})
        bench.pump_until(lambda: bench.cell("fresh", "epochs") == "1 / 5")
        assert bench.selected == ["fresh"]
    bench.pump_until(lambda: bench.cell("fresh", "status") == "interrupted")


def test_nobody_looks_for_runs_while_the_tab_is_out_of_sight(bench: Bench) -> None:
    bench.tab.pack_forget()
    bench.pump_until(lambda: not bench.tab._timers.is_waiting("look"))
    copy_run("late", "dense-2d")
    bench.pump(0.1)
    assert "late" not in bench.names
    bench.tab.pack(fill="both", expand=True)
    bench.pump_until(lambda: "late" in bench.names)


def test_a_click_on_a_heading_sorts_by_it_and_another_the_other_way_round(bench: Bench) -> None:
    bench.click_heading("validation")
    assert bench.names == ["pictures", "code", "flat"]
    assert bench.rows.heading("validation", "text").endswith("▲")
    bench.click_heading("validation")
    assert bench.names == ["flat", "code", "pictures"]
    assert bench.rows.heading("validation", "text").endswith("▼")
    bench.click_heading("#0")
    assert bench.names == ["code", "flat", "pictures"]
    assert bench.rows.heading("validation", "text") == "Validation"
    assert bench.done == [], "a heading opens nothing"


def test_arrows_walk_and_shift_takes_several(bench: Bench) -> None:
    bench.press("<Down>")
    assert bench.selected == ["flat"]
    bench.press("<Down>")
    assert bench.selected == ["code"]
    bench.press("<Shift-Down>")
    assert bench.selected == ["code", "pictures"]
    bench.press("<Shift-Up>")
    bench.press("<Shift-Up>")
    assert bench.selected == ["code", "flat"]
    bench.press("<End>")
    assert bench.selected == ["pictures"]
    bench.press("<Control-a>")
    assert sorted(bench.selected) == ["code", "flat", "pictures"]


def test_return_and_a_double_click_open_the_one_run_that_is_selected(bench: Bench) -> None:
    bench.click("code", twice=True)
    bench.press("<Return>")
    assert bench.done == [("open", "code")] * 2
    bench.click("flat", modifier="Control-")
    bench.press("<Return>")
    assert len(bench.done) == 2, "two cannot be opened at once"


def test_each_button_hands_on_the_folder(bench: Bench) -> None:
    (paths.runs() / "flat" / "history.csv").write_text("epoch,train_loss\n1,0.5\n")
    copy_run("short", "dense-2d")
    config = Run(paths.runs() / "short").read_config()
    Run(paths.runs() / "short").write_config({**config, "status": "stopped"})
    bench.pump_until(lambda: "short" in bench.names)
    bench.click("short")
    for name in ("open", "use", "go_on", "branch"):
        bench.tab.verbs.buttons[name].invoke()
    assert bench.done == [(verb, "short") for verb in ("open", "use", "continue", "branch")]


def test_verbs_are_on_offer_where_they_can_do_something(bench: Bench) -> None:
    def offered(**card: object) -> set[str]:
        one = RunCard(Path("run"), **card)  # type: ignore[arg-type]
        return {verb for verb in bench.tab.verbs.buttons if can(verb, [one])}

    always = {"open", "folder"}
    assert offered(status="running", epochs_done=2, has_model=True) == always | {"use", "branch"}
    assert offered(status="damaged") == always | {"rename", "delete"}
    assert offered(status="interrupted") == always | {"rename", "delete", "go_on"}
    whole = {"status": "completed", "epochs_done": 3, "epochs_planned": 3, "has_model": True}
    assert offered(**whole) == always | {"use", "branch", "rename", "delete"}
    assert "go_on" in offered(**{**whole, "epochs_planned": 9})
    states = {name: str(button["state"]) for name, button in bench.tab.verbs.buttons.items()}
    assert set(states.values()) == {"disabled"}
    bench.click("flat")
    bench.click("code", modifier="Control-")
    enabled = [name for name, button in bench.tab.verbs.buttons.items() if str(button["state"]) == "normal"]
    assert enabled == ["delete"]


def test_a_selected_run_has_the_colour_of_its_curve(bench: Bench) -> None:
    bench.click("flat")
    bench.click("pictures", modifier="Control-")
    for dark in (False, True):
        if dark:
            bench.look.toggle(bench.root)
        table = bench.screenshot(bench.rows).convert("RGB")
        curves = bench.screenshot(bench.tab.curves).convert("RGB")
        for index, name in enumerate(("flat", "pictures")):
            colour = ImageColor.getrgb(run_colour(index, dark=dark))
            x, y, _, height = bench.rows.bbox(bench.tab.table.row(paths.runs() / name), "#0")
            row = table.crop((x, y, x + 40, y + height))
            assert colour in [found for _, found in row.getcolors(4096)]
            assert colour in [found for _, found in curves.getcolors(1 << 20)]
        assert colour not in [found for _, found in table.crop((0, 0, 40, y - height)).getcolors(4096)]


def test_settings_that_differ_are_marked_and_come_first(bench: Bench) -> None:
    bench.click("flat")
    rows = bench.tab.comparison.table.rows
    assert not any(rows.item(row, "text").startswith("≠") for row in rows.get_children())
    bench.click("code", modifier="Control-")
    marks = [rows.item(row, "text").startswith("≠") for row in rows.get_children()]
    assert marks == sorted(marks, reverse=True)
    assert any(marks)
    assert not all(marks)
    values = {rows.item(row, "text"): list(rows.item(row, "values")) for row in rows.get_children()}
    assert [str(value) for value in values["≠ Code size"]] == ["2", "32"]
    assert [rows.heading(column, "text") for column in rows["columns"]] == ["flat", "code"]
    assert bench.tab.comparison.summary.startswith(f"{sum(marks)} differ")
    rows.selection_set(rows.get_children()[0])
    bench.pump()
    assert bench.tab._about.words.startswith("Network: 784-128-64-2-64-128-784  |  784-128-32")


def test_f2_renames_in_place_and_a_bad_name_is_refused_in_words_beside_it(bench: Bench) -> None:
    bench.click("code")
    bench.press("<F2>")
    bench.press("<Control-slash>")  # everything in the field
    bench.type("a/b")
    bench.press("<Return>")
    assert "cannot hold" in bench.tab.bar.words
    assert bench.names == ["flat", "code", "pictures"]
    bench.press("<BackSpace>")
    assert bench.tab.bar.words == ""
    bench.press("<Control-slash>")
    bench.type("new-name")
    bench.press("<Return>")
    assert bench.names == ["flat", "new-name", "pictures"]
    assert (paths.runs() / "new-name" / "model.safetensors").exists()
    assert bench.selected == ["new-name"]
    assert bench.root.focus_get() is bench.rows


def test_escape_leaves_a_name_as_it_was_and_a_click_elsewhere_takes_it(bench: Bench) -> None:
    bench.click("code")
    bench.press("<F2>")
    bench.type("x")
    bench.press("<Escape>")
    assert bench.names == ["flat", "code", "pictures"]
    bench.press("<F2>")
    bench.type("y")
    bench.key(bench.tab.filter, "<Motion>")
    assert bench.names == ["flat", "y", "pictures"]
    assert bench.root.focus_get() is bench.tab.filter
    bench.rows.focus_force()
    bench.press("<F2>")
    bench.type("flat")
    bench.key(bench.tab.filter, "<Motion>")
    assert bench.names == ["flat", "y", "pictures"]
    assert "taken already" in bench.tab.bar.words


def test_the_field_stays_with_its_row_when_the_list_is_sorted_and_goes_with_it(bench: Bench) -> None:
    bench.click("flat")
    bench.press("<F2>")
    field = bench.tab._rename_field
    assert field is not None
    before = field.winfo_y()
    bench.runs.sort_by("validation")
    bench.pump()
    assert field.winfo_y() > before
    shutil.rmtree(paths.runs() / "flat")
    bench.pump_until(lambda: "flat" not in bench.names)
    bench.pump()
    assert not field.winfo_ismapped()
    bench.press("<Escape>")
    assert bench.tab._rename_field is None


def test_delete_can_be_undone_with_the_bar_and_with_the_keyboard(bench: Bench) -> None:
    bench.click("flat")
    bench.press("<Delete>")
    assert bench.names == ["code", "pictures"]
    assert bench.tab.bar.words == "Deleted flat."
    bench.click("code")
    bench.click("pictures", modifier="Control-")
    bench.press("<Delete>")
    assert bench.names == []
    assert bench.tab.bar.words == "Deleted 2 runs."
    assert bench.tab.bar.undo.winfo_viewable()
    bench.press("<Control-z>")
    assert sorted(bench.names) == ["code", "pictures"]
    assert bench.tab.bar.words == "Deleted flat."
    bench.tab.bar.undo.invoke()
    bench.pump()
    assert bench.names == ["flat", "code", "pictures"]
    assert bench.selected == ["flat"]
    assert bench.tab.bar.words == ""
    assert not (paths.runs() / trash.TRASH).exists()


def test_the_keyboard_goes_on_beside_the_run_that_was_deleted(bench: Bench) -> None:
    bench.click("code")
    bench.press("<Delete>")
    bench.press("<Down>")
    assert bench.selected == ["pictures"]


def test_a_run_in_training_is_not_deleted_and_the_reason_is_told(bench: Bench) -> None:
    with RunLock(paths.runs() / "code").held():
        bench.click("code")
        bench.press("<Delete>")
        assert "being trained" in bench.problems.pop()
        assert "code" in bench.names


def test_the_filter_is_reached_by_key_and_hides_what_does_not_match(bench: Bench) -> None:
    bench.press("<Control-f>")
    assert bench.root.focus_get() is bench.tab.filter
    bench.type("mnist conv")
    assert bench.names == ["pictures"]
    bench.type("zz")
    assert bench.names == []
    assert bench.tab._no_match.winfo_viewable()
    bench.press("<Escape>")
    assert len(bench.names) == 3
    bench.press("<Escape>")
    assert bench.root.focus_get() is bench.rows


def test_keys_that_edit_the_filter_do_nothing_to_the_runs(bench: Bench) -> None:
    bench.click("flat")
    bench.press("<Delete>")
    bench.press("<Control-f>")
    bench.type("code")
    for key in ("<Delete>", "<BackSpace>", "<Control-z>", "<F2>", "<Control-a>"):
        bench.press(key)
    assert (paths.runs() / "code").exists()
    assert not (paths.runs() / "flat").exists()
    assert bench.selected == []


def test_a_damaged_run_says_what_is_wrong(bench: Bench) -> None:
    (paths.runs() / "code" / "model.safetensors").write_bytes(b"junk")
    bench.pump_until(lambda: bench.cell("code", "status") == "damaged")
    bench.click("code")
    assert "model.safetensors: not a safetensors file" in bench.tab._about.words
    assert str(bench.tab.verbs.buttons["use"]["state"]) == "disabled"


def test_a_narrow_window_leaves_out_columns_and_cuts_nothing_off(bench: Bench) -> None:
    assert "parameters" not in bench.rows["displaycolumns"]
    bench.root.geometry("1600x900")
    bench.pump(0.2)
    assert "parameters" in bench.rows["displaycolumns"]
    bench.root.geometry("1000x600")
    bench.pump(0.2)
    shown = ("#0", *bench.rows["displaycolumns"])
    assert sum(bench.rows.column(name, "width") for name in shown) <= bench.rows.winfo_width()
    for widget in (bench.tab.verbs.buttons["delete"], bench.tab.curves, bench.tab.comparison):
        right = widget.winfo_rootx() + widget.winfo_width() - bench.root.winfo_rootx()
        bottom = widget.winfo_rooty() + widget.winfo_height() - bench.root.winfo_rooty()
        assert right <= 1000
        assert bottom <= 600


def test_names_with_signs_of_tcl_are_listed_and_selected(bench: Bench) -> None:
    for name in ("{a} [b] $c", "quote's and blank", "ünïcode ✓"):
        copy_run(name, "dense-2d")
        bench.pump_until(lambda name=name: name in bench.names)
        bench.click(name)
        assert bench.selected == [name]


def test_the_tab_key_stops_only_where_something_can_be_done(bench: Bench) -> None:
    widget, stops = bench.rows, []
    while widget not in stops:
        stops.append(widget)
        widget = widget.tk_focusNext()
    assert {stop.winfo_class() for stop in stops} & {"TFrame", "TLabel", "TPanedwindow"} == set()
    assert bench.tab.filter in stops
