"""The kept epochs of a run: they read back, damaged or foreign ones are refused, and a long run is thinned."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.design import Design
from aedesk.models.initialisation import initial_weights
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import sample, tensors
from aedesk.storage.epochs import Epochs, Snapshot, kept_within

TINY = Design(widths=(), code=2).architecture()
NETWORKS = [TINY, Design(widths=(3,), code=1, batch_norm=True).architecture(), TINY.as_variational()]
floats = st.floats(-1e6, 1e6, width=32)


def snapshot(epoch: int = 3, **changes: Any) -> Snapshot:
    row = {"epoch": epoch, "train_loss": 0.5, "validation_loss": 0.25, "learning_rate": 1e-3, "seconds": 0.1}
    usual = Snapshot(
        epoch,
        TINY,
        initial_weights(TINY, epoch),
        {"steps": np.array([12]), "mean.encoder.1.weight": np.ones((2, 784), np.float32)},
        np.arange(10, dtype=np.float32).reshape(5, 2),
        row if epoch else {},
    )
    return replace(usual, **changes)


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(
        array.dtype == other[name].dtype and np.array_equal(array, other[name]) for name, array in one.items()
    )


def refusal(kept: Epochs, epoch: int) -> str:
    """The one line that an epoch is refused with; it names the file."""
    with pytest.raises(AedeskError) as caught:
        kept.load(epoch)
    text = str(caught.value)
    assert str(kept.path(epoch)) in text
    assert "\n" not in text
    return text


@pytest.fixture
def kept(tmp_path: Path) -> Epochs:
    return Epochs(tmp_path / "epochs")


@settings(max_examples=25, deadline=None)
@given(
    epoch=st.integers(0, 10_000),
    network=st.sampled_from(NETWORKS),
    moments=st.dictionaries(
        st.sampled_from(["mean.a", "square.a", "b"]), arrays.arrays(np.float32, 3, elements=floats)
    ),
    points=arrays.arrays(np.float32, st.tuples(st.integers(0, 9), st.just(2)), elements=floats),
    row=st.dictionaries(st.sampled_from(["epoch", "train_loss", "seconds"]), floats | st.just(math.nan)),
    changes=st.lists(
        st.fixed_dictionaries({"epoch": floats, "name": st.text(), "old": floats, "new": floats}), max_size=2
    ),
)
def test_what_is_saved_reads_back_to_the_last_bit(
    tmp_path_factory: pytest.TempPathFactory,
    epoch: int,
    network: Any,
    moments: dict[str, np.ndarray],
    points: np.ndarray,
    row: dict[str, float],
    changes: list[dict[str, Any]],
) -> None:
    kept = Epochs(tmp_path_factory.mktemp("run") / "epochs")
    before = Snapshot(epoch, network, initial_weights(network, 1), moments, points, row, changes)
    kept.save(before)
    after = kept.load(epoch)
    assert (after.epoch, after.architecture, after.changes) == (epoch, network, changes)
    assert same(after.weights, before.weights)
    assert list(after.weights) == list(network.tensor_shapes)
    assert same(after.optimiser, moments)
    assert same({"": after.points}, {"": points})
    assert repr(after.row) == repr(row)  # a NaN equals nothing, but it reads like one
    assert kept.kept() == [epoch]
    assert kept.bytes() == kept.path(epoch).stat().st_size


@settings(max_examples=40, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), flip=st.integers(0, 255))
def test_a_damaged_epoch_is_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, at: float, flip: int
) -> None:
    """flip: the bits turned over in one byte; none of them cuts the file off there."""
    kept = Epochs(tmp_path_factory.mktemp("run"))
    kept.save(snapshot())
    content = bytearray(kept.path(3).read_bytes())
    where = int(at * len(content))
    assume(not flip or content[where] != ord(" "))  # which may become another blank of a header
    content[where] ^= flip
    kept.path(3).write_bytes(content if flip else content[:where])
    refusal(kept, 3)


def test_an_epoch_that_is_not_kept_is_told(kept: Epochs) -> None:
    assert kept.kept() == []
    assert kept.bytes() == 0
    assert kept.newest() is None
    with pytest.raises(AedeskError, match="no epoch of this run is kept"):
        kept.load(3)
    kept.save(snapshot(4))
    with pytest.raises(AedeskError, match="epoch 3 is not kept; there are 4"):
        kept.load(3)


def test_another_epoch_under_this_name_is_refused(kept: Epochs) -> None:
    kept.save(snapshot(3))
    kept.path(3).rename(kept.path(5))
    assert "not those of its network and epoch" in refusal(kept, 5)


def test_another_file_under_this_name_is_refused(kept: Epochs, digits: DataSet) -> None:
    kept.save(snapshot(0))
    sample.save(sample.choose(digits.test, 5), kept.path(3))
    assert "not an epoch but a sample" in refusal(kept, 3)
    checkpoints.save(Checkpoint("model", TINY, initial_weights(TINY, 0)), kept.path(4))
    refusal(kept, 4)
    kept.path(5).write_bytes(b"")
    refusal(kept, 5)
    kept.path(6).mkdir()
    refusal(kept, 6)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("a weight is missing", lambda card, arrays: arrays.pop("weights/encoder.1.weight")),
        ("one too many", lambda card, arrays: arrays.update({"weights/more": np.zeros(1, np.float32)})),
        (
            "another shape",
            lambda card, arrays: arrays.update({"weights/encoder.1.bias": np.zeros(3, np.float32)}),
        ),
        ("no points", lambda card, arrays: arrays.pop("points")),
        ("points in space", lambda card, arrays: arrays.update(points=np.zeros((5, 3), np.float32))),
        ("no network", lambda card, arrays: card.pop("architecture")),
        ("nonsense for a network", lambda card, arrays: card.update(architecture=["dense"])),
        ("a row that is a list", lambda card, arrays: card.update(row=[1, 2])),
        ("changes that are a number", lambda card, arrays: card.update(changes=7)),
        ("no epoch", lambda card, arrays: card.pop("epoch")),
    ],
    ids=lambda what: what if isinstance(what, str) else "",
)
def test_what_is_whole_but_makes_no_sense_is_refused(kept: Epochs, what: str, change: Any) -> None:
    kept.save(snapshot())
    card, arrays = tensors.read(kept.path(3), "epoch")
    change(card, arrays)
    tensors.write(kept.path(3), "epoch", arrays, card)
    assert "not an epoch that aedesk can use" in refusal(kept, 3)


def test_a_number_that_is_not_finite_is_not_saved(kept: Epochs) -> None:
    with pytest.raises(AedeskError, match="not finite"):
        kept.save(snapshot(points=np.full((5, 2), np.nan, np.float32)))
    assert kept.kept() == []


def test_the_newest_is_the_last_that_can_be_read(kept: Epochs) -> None:
    for epoch in (0, 1, 2):
        kept.save(snapshot(epoch))
    kept.path(2).write_bytes(kept.path(2).read_bytes()[:-1])
    newest = kept.newest()
    assert newest is not None
    assert newest.epoch == 1
    assert kept.kept() == [0, 1, 2], "it is there, and reading it fails"


def test_files_of_others_are_not_taken_for_epochs(kept: Epochs) -> None:
    kept.save(snapshot())
    for name in (
        "7.safetensors", "000007.safetensors", "00007.txt", "00007 (1).safetensors", "0000².safetensors",
        "\u0660\u0660\u0660\u0660\u0667.safetensors", ".00007.safetensors.0123.tmp",
    ):  # fmt: skip
        (kept.folder / name).write_bytes(b"not an epoch")
    assert kept.kept() == [3]
    assert kept.bytes() == kept.path(3).stat().st_size
    kept.thin(0, ())
    kept.drop_after(-1)
    assert len(list(kept.folder.iterdir())) == 7


def test_an_epoch_that_is_thinned_out_while_another_window_looks_hides_no_other(
    kept: Epochs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for epoch in (0, 1, 2):
        kept.save(snapshot(epoch))
    stat = Path.stat

    def gone(path: Path, **how: Any) -> Any:
        if path == kept.path(1):
            raise FileNotFoundError(path)
        return stat(path, **how)

    monkeypatch.setattr(Path, "stat", gone)
    assert {0, 2} <= {*kept.kept()}
    assert kept.bytes() == stat(kept.path(0)).st_size + stat(kept.path(2)).st_size
    kept.thin(0, ())
    assert not kept.path(0).exists()


def test_what_comes_after_an_epoch_can_be_dropped(kept: Epochs) -> None:
    for epoch in (0, 1, 2, 3):
        kept.save(snapshot(epoch))
    kept.drop_after(1)
    assert kept.kept() == [0, 1]


def test_thinning_removes_files_until_the_rest_is_within_the_budget(kept: Epochs) -> None:
    for epoch in range(9):
        kept.save(snapshot(epoch))
    size = kept.path(8).stat().st_size
    kept.thin(int(5.5 * size), {3})
    assert kept.kept() == [0, 3, 4, 8]
    kept.thin(0, {3})
    assert kept.kept() == [3, 8]
    kept.thin(0, {3, 77})
    assert kept.kept() == [3, 8]


sizes = st.dictionaries(st.integers(0, 400), st.integers(1, 50), max_size=60)


@given(sizes=sizes, budget=st.integers(0, 2000), spared=st.sets(st.integers(0, 400), max_size=3))
def test_as_many_epochs_stay_as_the_budget_allows(
    sizes: dict[int, int], budget: int, spared: set[int]
) -> None:
    stay = kept_within(sizes, budget, spared)
    always = ({max(sizes)} if sizes else set()) | (spared & sizes.keys())
    assert always <= stay <= sizes.keys()
    assert sum(sizes[epoch] for epoch in stay) <= budget or stay == always
    denser = [
        {epoch for epoch in sizes if not epoch % 2**power} | always
        for power in range(10)
        if {epoch for epoch in sizes if not epoch % 2**power} | always > stay
    ]
    assert all(sum(sizes[epoch] for epoch in more) > budget for more in denser)
    assert stay <= kept_within(sizes, budget + 100, spared)


@given(room=st.integers(4, 40), count=st.integers(50, 400))
def test_a_long_run_thinned_at_every_epoch_can_be_looked_back_at_all_along(room: int, count: int) -> None:
    kept: set[int] = set()
    for epoch in range(count):
        kept = kept_within(dict.fromkeys(kept | {epoch}, 1), room, {0})
        assert len(kept) <= room
    assert {0, count - 1} <= kept
    assert max(np.diff(sorted(kept))) <= 8 * count / room


@given(epoch=st.integers(0, 10**7))
def test_a_file_is_found_under_the_name_that_it_got(
    tmp_path_factory: pytest.TempPathFactory, epoch: int
) -> None:
    kept = Epochs(tmp_path_factory.mktemp("run"))
    kept.path(epoch).touch()
    assert kept.kept() == [epoch]


def test_of_a_run_of_very_many_small_epochs_a_thousand_are_kept() -> None:
    kept = kept_within(dict.fromkeys(range(10001), 1), 10**9)
    assert 500 < len(kept) <= 1002
    assert {0, 10_000} <= kept
