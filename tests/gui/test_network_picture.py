"""The picture of a network: what it says, and that it can be read at any size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from panel_bench import WindowBench
from PIL import ImageGrab

from aedesk.errors import AedeskError
from aedesk.gui.network.columns import columns
from aedesk.gui.network.drawing import lay_out
from aedesk.gui.network.picture import NetworkPicture
from aedesk.models.architecture import Architecture, Conv, Dense, Flatten, Fourier, MaxPool, Memory
from aedesk.models.design import Design
from aedesk.models.presets import PRESETS

NETWORKS = {
    **{name: preset.architecture for name, preset in PRESETS.items()},
    "tied": Design(widths=(256, 64), code=8, tied=True).architecture(),
    "variational": Design(widths=(256,), code=8).architecture().as_variational(),
    "full": Design(widths=(256, 128), code=4, activation="gelu", dropout=0.2, batch_norm=True).architecture(),
    "maps": Design(layers="conv", filters=(16, 32, 64), code=32, batch_norm=True).architecture(),
    "deep": Design(widths=(900, 800, 700, 600, 500, 400, 300, 200), code=100, dropout=0.5).architecture(),
    "maps to the last": Design(layers="conv", filters=(16, 32, 64, 128, 256), code=256)
    .architecture()
    .as_variational(),
    "no hidden layer": Design(widths=(), code=1).architecture(),
    "memory": Architecture(
        (Conv(4, stride=2), MaxPool(), Flatten(), Dense(9, "linear"), Memory(1234)),
        (Fourier(3, 4), Dense(50, "gelu"), Dense(784, "linear")),
    ),
    "small memory": Architecture((Flatten(), Dense(9), Memory(3, 5)), (Dense(784, "linear"),)),
    "two memories": Architecture(
        (Flatten(), Dense(9), Memory(30, 40), Memory(20, 2), Fourier(2, 2)),
        (Memory(900, 30), Dense(784, "linear")),
    ),
}


class Bench(WindowBench):
    def __init__(self) -> None:
        super().__init__("1300x400")
        self.picture = NetworkPicture(self.root, self.look)

    def show(self, architecture: Architecture | None, width: int = 900, height: int = 200) -> None:
        self.picture.place(x=0, y=0, width=width, height=height)
        self.picture.show(architecture)
        self.root.update()
        self.root.update()

    @property
    def texts(self) -> list[str]:
        """What is written, from left to right."""
        items = self.picture.find_withtag("text")
        items = sorted(items, key=lambda item: self.picture.coords(item))
        return [self.picture.itemcget(item, "text") for item in items]

    @property
    def totals(self) -> str:
        return str(self.picture.itemcget("totals", "text"))


@pytest.fixture(scope="module")
def bench(screen: None) -> Iterator[Bench]:
    bench = Bench()
    yield bench
    errors = bench.errors
    bench.close()
    assert errors == []


def test_shapes_and_parameters_are_those_of_the_network(bench: Bench) -> None:
    bench.show(Design(widths=(128,), code=32).architecture())
    assert bench.totals == "784-128-32-128-784, code of 32, 210,032 parameters, 0.8 MB".replace(
        "210,032", f"{Design(widths=(128,), code=32).architecture().parameters:,}"
    )
    for figure in ("100,480", "4,128", "4,224", "101,136"):  # 784 * 128 + 128 and so on
        assert bench.texts.count(figure) == 1
    assert [text for text in bench.texts if text in {"784", "128", "32"}] == [
        "784",
        "128",
        "32",
        "128",
        "784",
    ]


@pytest.mark.parametrize("name", NETWORKS)
def test_the_columns_hold_every_parameter(name: str) -> None:
    drawn = columns(NETWORKS[name])
    assert sum(column.parameters for column in drawn) == NETWORKS[name].parameters
    assert [column.role for column in drawn].count("code") == 1
    assert drawn[[column.role for column in drawn].index("code")].numbers == NETWORKS[name].code_size
    assert (drawn[0].role, drawn[-1].role) == ("input", "output")
    assert drawn[0].numbers == drawn[-1].numbers == 784


@pytest.mark.parametrize("size", [(500, 160), (700, 180), (1300, 200), (1300, 330)])
@pytest.mark.parametrize("name", NETWORKS)
def test_no_text_lies_over_another_or_is_cut(bench: Bench, name: str, size: tuple[int, int]) -> None:
    bench.show(NETWORKS[name], *size)
    picture = bench.picture
    boxes = [picture.bbox(item) for item in (*picture.find_withtag("text"), *picture.find_withtag("totals"))]
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert right <= size[0]
        assert top >= 0
        assert bottom <= size[1]
    for one, other in combinations(boxes, 2):
        across = min(one[2], other[2]) - max(one[0], other[0])
        down = min(one[3], other[3]) - max(one[1], other[1])
        assert across <= 0 or down <= 2, (name, one, other)
    assert f"{NETWORKS[name].parameters:,} parameters" in bench.totals
    assert "code" in bench.texts


@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_narrows_to_the_code_and_widens_again(name: str) -> None:
    drawn = columns(NETWORKS[name])
    centres = [60.0 + 80 * place for place in range(len(drawn))]
    heights = [block.front[3] - block.front[1] for block in lay_out(drawn, centres, 0, 120, 1)]
    bars = [height for column, height in zip(drawn, heights, strict=True) if not column.is_maps]
    sizes = [column.numbers for column in drawn if not column.is_maps]
    for one, other in combinations(range(len(bars)), 2):
        if sizes[one] < sizes[other]:
            assert bars[one] <= bars[other]
    assert all(4 <= height <= 121 for height in heights)


def test_words_say_what_follows_a_layer(bench: Bench) -> None:
    bench.show(NETWORKS["full"], 1200, 220)
    for word in ("GELU", "batch norm", "dropout 0.2"):
        assert bench.texts.count(word) == 4
    assert bench.texts.count("linear") == 1  # the code's
    assert bench.texts.count("sigmoid") == 1


def test_a_memory_is_a_column_of_its_own_between_what_it_compares_and_what_it_says(bench: Bench) -> None:
    drawn = columns(NETWORKS["memory"])
    assert [column.role for column in drawn] == [
        *("input", "hidden", "hidden", "memory", "code", "hidden", "hidden", "output"),
    ]
    _, maps, compared, memory, code, waves, dense, _ = drawn
    assert (memory.shape, memory.parameters) == ((1234,), 1234 * 9 + 1234 * 2 + 1)
    assert (compared.shape, code.shape, code.parameters) == ((9,), (2,), 0)
    assert maps.words == ("ReLU", "stride 2", "pool 2\u00d72")
    assert (waves.shape, waves.words, waves.parameters) == ((26,), ("waves",), 0)
    assert (dense.shape, dense.words) == ((50,), ("GELU",))
    bench.show(NETWORKS["memory"], 1200, 240)
    assert {"1,234", "remembered", "stride 2", "26", "waves", "code"} <= set(bench.texts)
    assert "1,234 (remembered); 2 (code); 26 (waves); 50 (GELU);" in bench.picture.caption
    assert "4 maps of 7\u00d77 (ReLU, stride 2, pool 2\u00d72)" in bench.picture.caption


def test_a_variational_code_is_drawn_from_its_mean_and_log_variance(bench: Bench) -> None:
    bench.show(NETWORKS["variational"])
    assert {"mean,", "log-variance", "sampled"} <= set(bench.texts)
    assert [column.role for column in columns(NETWORKS["variational"])] == [
        *("input", "hidden", "moments", "code", "hidden", "output"),
    ]


def test_tied_weights_are_bracketed_in_mirrored_pairs(bench: Bench) -> None:
    drawn = columns(NETWORKS["tied"])
    assert [(place, column.tied_to) for place, column in enumerate(drawn) if column.tied_to] == [
        *((4, 3), (5, 2), (6, 1)),
    ]
    bench.show(NETWORKS["tied"])
    assert "tied weights" in bench.texts


def test_it_is_redrawn_as_the_network_changes(bench: Bench) -> None:
    bench.show(NETWORKS["dense-2d"])
    before, said = bench.texts, bench.picture.caption
    bench.show(Design(widths=(128, 64), code=3).architecture())
    assert bench.texts != before
    assert bench.picture.caption != said
    bench.show(None)
    assert bench.texts == []
    assert bench.picture.caption == ""


def test_the_caption_tells_the_network_in_words(bench: Bench) -> None:
    bench.show(NETWORKS["tied"])
    assert bench.picture.caption.startswith(
        "The network: picture 784; 256 (ReLU); 64 (ReLU); 8 (code, linear);"
    )
    assert bench.picture.caption.count("tied weights") == 3
    assert f"{NETWORKS['tied'].parameters:,} parameters" in bench.picture.caption


def test_it_follows_the_theme(bench: Bench) -> None:
    def corner() -> tuple[int, ...]:
        x, y = bench.picture.winfo_rootx() + 2, bench.picture.winfo_rooty() + 2
        shot = ImageGrab.grab((x, y, x + 1, y + 1), xdisplay=os.environ.get("DISPLAY"))
        pixel = shot.getpixel((0, 0))
        assert isinstance(pixel, tuple)
        return pixel

    bench.show(NETWORKS["dense-2d"])
    bench.pump(0.1)
    light = corner()
    bench.look.toggle(bench.root)
    bench.pump(0.2)
    dark = corner()
    bench.look.toggle(bench.root)
    bench.pump(0.1)
    assert min(light) > 200
    assert max(dark) < 60


designs = st.fixed_dictionaries(
    {
        "layers": st.sampled_from(["dense", "conv"]),
        "widths": st.lists(st.integers(1, 900), max_size=8).map(tuple),
        "filters": st.lists(st.integers(1, 300), min_size=1, max_size=5).map(tuple),
        "code": st.integers(1, 256),
        "dropout": st.sampled_from([0.0, 0.25]),
        "batch_norm": st.booleans(),
        "tied": st.booleans(),
        "output": st.sampled_from(["sigmoid", "linear"]),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=designs, variational=st.booleans(), width=st.integers(40, 1300), height=st.integers(40, 400))
def test_any_network_is_drawn_at_any_size(
    bench: Bench, fields: dict[str, object], variational: bool, width: int, height: int
) -> None:
    try:
        architecture = Design(**fields).architecture()  # type: ignore[arg-type]
        architecture = architecture.as_variational() if variational else architecture
    except (AedeskError, ValueError):
        return
    bench.show(architecture, width, height)
    errors = bench.errors[:]
    bench.errors.clear()  # each of a network and a size of its own
    assert errors == []
    assert bench.totals
