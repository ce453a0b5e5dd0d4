"""The page that finds the odd one, over a network trained on the built-in digits for a moment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from panel_bench import WindowBench, closing
from PIL import Image

from aedesk.app import odd_one as odd_ones
from aedesk.app.desk import Desk
from aedesk.app.ink import Ink
from aedesk.errors import AedeskError
from aedesk.gui.apply.anomalies_controls import RATES
from aedesk.gui.apply.anomalies_heat import heated
from aedesk.gui.apply.anomalies_histogram import _Scale
from aedesk.gui.apply.anomalies_page import AnomaliesPage
from aedesk.gui.apply.page import Surroundings
from aedesk.gui.hands import Hands
from aedesk.gui.theme import DARK, LIGHT
from aedesk.sketch.scribbles import scribbles
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.session import run_training

pytestmark = pytest.mark.usefixtures("quick_detectors")


@pytest.fixture(scope="module")
def runs(digits, tmp_path_factory):
    """Two runs on digits, by their presets."""
    folder = tmp_path_factory.mktemp("runs")
    made = {}
    for preset in ("dense-32", "dense-2d"):
        run = Run.create(folder / preset)
        for _ in run_training(TrainingConfig.of(preset, data="digits", epochs=3, device="cpu"), digits, run):
            pass
        made[preset] = run.path
    return made


class PageBench(WindowBench):
    """`page` fills the window; `told` and `problems` are what it has said."""

    def __init__(self, size="830x640"):
        super().__init__(size)
        self.told, self.problems = [], []
        self.ink = Ink()
        desk = Desk(self.jobs, self.ink)
        self.explorer = desk.explorer
        hands = Hands(self.root, self.ink, self.explorer, self.told.append, self.problems.append)
        hands.changed.connect(lambda _: self.explorer.set_drawing(self.ink))
        around = Surroundings(self.look, desk, self.jobs, self.told.append, self.problems.append, hands)
        self.page = AnomaliesPage(self.root, around)
        self.page.pack(fill="both", expand=True)
        self.root.update()

    def use(self, run):
        before = self.explorer.active
        self.explorer.load(str(run))
        self.pump_until(lambda: self.explorer.active is not before)
        self.pump_until(lambda: self.page.odd_one.known is not None or self.page.odd_one.problem is not None)

    def put(self, picture):
        """Put a picture (28, 28) onto the canvas, and wait for what is said of it."""
        self.ink.show_picture(picture)
        self.explorer.set_drawing(self.ink)
        self.pump_until(lambda: self.judged is not None and self.judged.image is self.explorer.reading.image)

    @property
    def judged(self):
        return self.page.odd_one.judgement

    @property
    def verdict(self):
        return self.page._verdict.cget("text")

    @property
    def badge(self):
        return self.page._badge.cget("text")

    def done(self, view):
        """Start what a view does, and wait for it."""
        view.start()
        assert view.task.is_running
        self.pump_until(lambda: not view.task.is_running)


@pytest.fixture
def bench(runs):
    with closing(PageBench()) as bench:
        bench.use(runs["dense-32"])
        yield bench


@pytest.fixture(scope="module")
def scribble():
    return scribbles(1, 5)[0]


def painted(tile):
    """What a tile shows."""
    return np.asarray(Image.frombytes("RGB", (tile._edge, tile._edge), _bytes(tile._photo)), float)


def _bytes(photo):
    from PIL import ImageTk

    return ImageTk.getimage(photo).convert("RGB").tobytes()


def test_before_anything_is_drawn_the_page_says_what_to_do(bench):
    assert "Draw a digit" in bench.verdict
    assert bench.badge == ""
    assert bench.page.drawing.histogram.find_all()


def test_a_drawing_gets_a_verdict_a_heat_map_and_its_place_among_known_ones(bench, scribble):
    before = painted(bench.page.drawing.heat)
    bench.put(scribble)
    assert bench.judged.verdict.words in bench.verdict
    assert bench.badge.endswith("%")
    assert np.abs(painted(bench.page.drawing.heat) - before).mean() > 1
    assert bench.page.drawing.histogram.find_withtag("mark")
    assert "known pictures" in bench.page.drawing.lines["code"].words


def test_a_cleared_canvas_takes_the_verdict_away(bench, scribble):
    bench.put(scribble)
    bench.ink.clear()
    bench.explorer.set_drawing(bench.ink)
    bench.pump()
    assert "Draw a digit" in bench.verdict
    assert not bench.page.drawing.histogram.find_withtag("mark")
    assert bench.page.drawing.lines["code"].words == ""


def test_more_false_alarms_flag_what_fewer_let_through(bench, few_digits):
    controls, detector = bench.page.controls, bench.page.odd_one.known.detector
    # Odder than eight in ten known ones, and less odd than the oddest.
    shares = [detector.share_below(score) for score in detector.score(few_digits.test.images).combined]
    which = next(place for place, share in enumerate(shares) if 0.85 < share < 0.99)
    bench.put(few_digits.test.pixels(slice(which, which + 1))[0])
    controls.set_false_alarms(0.001)
    assert "Not flagged at 0.1% false alarms" in bench.verdict
    controls.set_false_alarms(0.2)
    assert " Flagged at 20% false alarms" in bench.verdict


def test_a_drag_on_the_histogram_moves_the_threshold(bench):
    histogram, controls = bench.page.drawing.histogram, bench.page.controls
    width = histogram.winfo_width()
    detector = bench.page.odd_one.known.detector
    middle = histogram._x(detector.threshold(0.1))
    histogram.event_generate("<ButtonPress-1>", x=round(middle), y=60)
    histogram.event_generate("<B1-Motion>", x=round(middle), y=60)
    bench.pump()
    assert controls.false_alarms in {0.07, 0.1, 0.15}
    histogram.event_generate("<B1-Motion>", x=width - 2, y=60)
    bench.pump()
    assert controls.false_alarms == RATES[0]


def test_another_kind_of_score_shows_other_bars_and_another_badge(bench, scribble):
    bench.put(scribble)
    histogram = bench.page.drawing.histogram
    shown = set()
    for kind in ("combined", "reconstruction", "code"):
        bench.page.controls.set_kind(kind)
        bench.pump()
        shown.add(tuple(histogram._counts))
    assert len(shown) == 3


def test_the_histogram_can_be_saved_and_its_numbers_exported(bench, scribble, tmp_path):
    bench.put(scribble)
    files = bench.page.drawing.files
    files.save(str(tmp_path / "scores.png"))
    files.export(str(tmp_path / "scores.csv"))
    assert (tmp_path / "scores.png").stat().st_size > 1000
    assert "drawing" in (tmp_path / "scores.csv").read_text().splitlines()[0]


def test_the_strangest_of_a_data_set_come_first_and_a_click_draws_one(bench, few_digits, tmp_path):
    view = bench.page.ranking
    bench.page.show_view("ranking")
    assert view.data.value == "digits"
    bench.done(view)
    assert len(view.gallery) == len(few_digits.test)
    x, y = view.gallery.centre_of(2)
    view.gallery.canvas.event_generate("<Button-1>", x=x, y=y)
    bench.pump()
    which = view.ranking.order[2]
    np.testing.assert_array_equal(
        bench.explorer.reading.image, few_digits.test.pixels(slice(which, which + 1))[0]
    )
    assert f"test image {which} of digits" in bench.told[-1]
    view.files.save(str(tmp_path / "strangest.svg"))
    view.files.export(str(tmp_path / "strangest.csv"))
    assert len((tmp_path / "strangest.csv").read_text().splitlines()) == len(few_digits.test) + 1


def test_a_ranking_follows_the_kind_of_score_and_the_threshold(bench):
    view, controls = bench.page.ranking, bench.page.controls
    bench.page.show_view("ranking")
    bench.done(view)
    controls.set_false_alarms(0.2)
    many = int(view.words.words.split()[0])
    controls.set_false_alarms(0.001)
    assert int(view.words.words.split()[0]) < many
    before = view.ranking.order.tolist()
    controls.set_kind("reconstruction")
    assert view.ranking.order.tolist() != before
    assert (
        view.gallery.captions[0]
        == view.ranking.images.classes[view.ranking.images.labels[view.ranking.order[0]]]
    )


def test_known_against_odd_shows_curves_and_how_many_are_found(bench):
    view = bench.page.contest
    bench.page.show_view("contest")
    view.choose("digits", "1")
    bench.done(view)
    bench.pump(0.2)
    assert view.view.chart is not None
    assert f"AUC {view.contest.told.roc['combined'].auc:.3f}" in view.words.words
    before = view.view.chart
    bench.page.controls.set_false_alarms(0.1)
    bench.pump_until(lambda: view.view.chart is not before)
    assert "10% false alarms" in view.words.words


def test_what_cannot_be_compared_is_told(bench):
    bench.page.show_view("contest")
    bench.page.contest.choose("digits", "eleven")
    bench.done(bench.page.contest)
    assert [type(problem) for problem in bench.problems] == [AedeskError]
    assert "eleven" in str(bench.problems[0])
    assert bench.page.contest.contest is None


def test_classes_held_out_are_shown_one_after_the_other(bench):
    view = bench.page.hold_out
    bench.page.show_view("hold-out")
    view.restore({"classes": "1, 0", "preset": "dense-2d", "epochs": "1"})
    seen = set()
    view.task.changed.connect(lambda _: seen.add(len(view.found)))
    bench.done(view)
    assert [one.name for one in view.found] == ["1", "0"]
    assert "mean of 2 classes" in view.words.words
    view.restore({"preset": "conv", "epochs": "7"})
    bench.page.controls.set_kind("code")
    assert "dense-2d, 1 epoch, digits" in view.words.words, "how it was made, whatever the fields say now"
    assert [row["held_out"] for row in view.view.chart.table.records()][:3] == ["1", "0", "mean"]


@pytest.mark.parametrize("epochs", ["", "many", "0", "1001"])
def test_epochs_that_make_no_sense_are_told_before_any_work(bench, epochs):
    view = bench.page.hold_out
    view.restore({"epochs": epochs})
    view.start()
    assert not view.task.is_running
    assert "Epochs" in str(bench.problems[0])


def test_escape_cancels_and_says_so(bench):
    view = bench.page.hold_out
    bench.page.show_view("hold-out")
    view.restore({"classes": "", "preset": "dense-32", "epochs": "500"})
    view.start()
    bench.pump(0.2)
    bench.page.give_up()
    assert not view.task.is_running
    assert view.run._stage.cget("text") == "Cancelled"
    assert bench.problems == []


def test_another_model_makes_what_the_last_one_found_go(bench, runs):
    bench.page.show_view("ranking")
    bench.done(bench.page.ranking)
    known = bench.page.odd_one.known
    bench.use(runs["dense-2d"])
    assert bench.page.odd_one.known is not known
    assert bench.page.ranking.ranking is None
    assert len(bench.page.ranking.gallery) == 0


def test_where_the_data_is_missing_the_page_says_what_to_do(runs, monkeypatch):
    monkeypatch.setattr(odd_ones, "data_for", _no_data)
    with closing(PageBench()) as bench:
        bench.use(runs["dense-32"])
        assert bench.verdict == "get it on the Train tab"
        bench.page.ranking.start()
        assert not bench.page.ranking.task.is_running
        assert bench.problems == []


def _no_data(model):
    raise AedeskError("get it on the Train tab")


def test_what_was_chosen_comes_back_and_nonsense_changes_nothing(bench, runs):
    page = bench.page
    page.controls.set_kind("code")
    page.controls.set_false_alarms(0.05)
    page.contest.choose("digits", "3")
    page.hold_out.restore({"epochs": "7", "preset": "conv"})
    page.show_view("contest")
    remembered = page.remember()
    nonsense = {
        "view": 3,
        "controls": {"kind": "x", "false_alarms": "y"},
        "contest": 7,
        "hold-out": {"epochs": 3},
    }
    page.restore(nonsense)
    assert page.remember() == remembered
    page.controls.set_kind("combined")
    page.show_view("drawing")
    page.restore(remembered)
    assert page.remember() == remembered


@pytest.mark.parametrize("view", ["drawing", "ranking", "contest", "hold-out"])
def test_nothing_is_cut_off_in_the_smallest_window(bench, scribble, view):
    bench.root.geometry("580x540")
    bench.put(scribble)
    bench.page.show_view(view)
    bench.pump(0.2)
    page = bench.page
    right, bottom = page.winfo_rootx() + page.winfo_width(), page.winfo_rooty() + page.winfo_height()
    waiting = [page]
    while waiting:
        widget = waiting.pop()
        if not widget.winfo_viewable() or widget.winfo_toplevel() is not bench.root:
            continue
        assert widget.winfo_rootx() + widget.winfo_width() <= right, widget
        assert widget.winfo_rooty() + widget.winfo_height() <= bottom, widget
        waiting += widget.winfo_children()


def test_the_theme_is_followed(bench, scribble):
    bench.put(scribble)
    light = painted(bench.page.drawing.heat)
    bench.look.toggle(bench.root)
    bench.pump()
    assert painted(bench.page.drawing.heat).mean() < light.mean() - 50
    assert bench.page.drawing.histogram.cget("background") == DARK.background


@given(
    arrays.arrays(np.float64, st.integers(2, 40), elements=st.floats(1e-6, 1e6), unique=True),
    st.integers(2, 12),
)
def test_the_ticks_of_the_axis_are_few_round_numbers_within_it(usual, most):
    scale = _Scale.of(usual)
    ticks = scale.round_scores(most)
    assert len(ticks) <= most
    assert ticks == sorted(set(ticks))
    assert all(-1e-6 <= float(scale.share(tick)) <= 1 + 1e-6 for tick in ticks)
    assert all(len(f"{tick:g}") <= 8 for tick in ticks)


def test_heat_turns_ink_and_paper_red_and_leaves_the_rest():
    image = np.zeros((28, 28), np.float32)
    image[:, 14:] = 1
    heat = np.zeros((28, 28), np.float32)
    heat[14:] = 1
    cold = heated(image, np.zeros_like(heat), LIGHT)
    np.testing.assert_array_equal(cold, LIGHT.shade(image))
    hot = heated(image, heat, LIGHT).astype(int)
    np.testing.assert_array_equal(hot[:14], cold[:14])
    assert (hot[14:, :, 0] > hot[14:, :, 1] + 80).all()
    assert hot[20, 2].sum() > hot[20, 20].sum()  # paper and ink can still be told apart
