import dataclasses
import json
import math
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aedesk import paths
from aedesk.models.architecture import dense
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import run_card, run_cards
from aedesk.storage.lock import RunLock
from aedesk.storage.run_card import RunCard, read_card
from aedesk.storage.run_cards import list_cards
from aedesk.storage.run_difference import difference
from aedesk.storage.runs import Run, list_runs
from aedesk.training.config import TrainingConfig

ROWS = [
    {"epoch": 1, "train_loss": 0.4, "validation_loss": 0.3, "learning_rate": 1e-3, "seconds": 2.0},
    {"epoch": 2, "train_loss": 0.2, "validation_loss": 0.1, "learning_rate": 1e-3, "seconds": 3.0},
    {"epoch": 3, "train_loss": 0.1, "validation_loss": 0.2, "learning_rate": 1e-3, "seconds": 4.0},
]


def make_run(folder: Path, preset: str = "vanilla-64", rows: int = 3, **config: object) -> Path:
    """A run as training leaves it; the values of `config` stand beside the preset's own."""
    architecture = PRESETS[preset].architecture
    plain = {**TrainingConfig.of(preset, epochs=3, data="digits").to_json(), "device_used": "a CPU", **config}
    checkpoint = Checkpoint(
        folder.name, architecture, initial_weights(architecture, 0), plain, ROWS[:rows], {"test_mse": 0.05}
    )
    Run.create(folder).save(checkpoint)
    return folder


def test_a_card_tells_what_the_files_say(tmp_path: Path) -> None:
    run = make_run(tmp_path / "mine", status="completed", branched_from={"run": "/x/older", "epoch": 7})
    card = read_card(run)
    assert (card.name, card.status, card.has_model, card.reason) == ("mine", "completed", True, "")
    assert (card.preset, card.kind, card.data, card.engine) == ("vanilla-64", "plain", "digits", "torch")
    assert (card.network, card.code_size, card.parameters) == ("784-64-784", 64, 784 * 64 * 2 + 784 + 64)
    assert (card.epochs_done, card.epochs_planned) == (3, 3)
    assert (card.best_validation, card.best_epoch, card.last_training) == (0.1, 2, 0.1)
    assert (card.test_mse, card.seconds, card.device_used) == (0.05, 9.0, "a CPU")
    assert card.branched_from == ("older", 7)
    assert card.history == ROWS
    assert card.size == sum(file.stat().st_size for file in run.iterdir())


def test_shipped_models_of_before_have_cards(tmp_path: Path) -> None:
    for card in list_cards(paths.weights()):
        assert card.status == "completed", card.name
        assert card.preset in PRESETS
        assert card.test_mse is not None
        assert card.best_validation is not None


def test_the_newest_comes_first_and_kept_epochs_count_as_bytes(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name) for name in "abc"]
    for age, run in enumerate(runs):
        for file in run.iterdir():
            os.utime(file, (1000 - age, 1000 - age))
    assert [card.name for card in list_cards(tmp_path)] == ["a", "b", "c"]
    before = list_cards(tmp_path)[2].size
    (runs[2] / "epochs").mkdir()
    (runs[2] / "epochs" / "00001.safetensors").write_bytes(bytes(1000))
    assert list_cards(tmp_path)[2].size == before + 1000


@pytest.mark.parametrize(
    ("said", "rows", "expected"),
    [
        ("completed", 3, "completed"),
        ("stopped", 2, "stopped"),
        ("running", 2, "interrupted"),
        ("patience", 2, "completed"),
        (None, 3, "completed"),
        (None, 2, "stopped"),
        (["odd"], 2, "interrupted"),
    ],
)
def test_the_status_is_what_the_run_said_last(tmp_path: Path, said: object, rows: int, expected: str) -> None:
    run = make_run(tmp_path / "run", rows=rows, status=said)
    assert list_cards(tmp_path)[0].status == expected
    with RunLock(run).held():
        assert list_cards(tmp_path)[0].status == "running"
    assert list_cards(tmp_path)[0].status == expected


def test_a_run_without_a_model_yet_is_listed_with_the_network_it_will_have(tmp_path: Path) -> None:
    config = TrainingConfig.of("dense-2d", code=7, widths=(20,), batch_norm=True)
    (tmp_path / "run").mkdir()
    Run(tmp_path / "run").write_config({**config.to_json(), "status": "running"})
    card = list_cards(tmp_path)[0]
    assert (card.status, card.has_model, card.epochs_done) == ("interrupted", False, 0)
    assert (card.preset, card.network) == ("own network", config.architecture.summary())
    assert (card.best_validation, card.last_training, card.test_mse) == (None, None, None)
    (tmp_path / "not a run").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "starting").mkdir()
    with RunLock(tmp_path / "starting").held():
        assert [c.name for c in list_cards(tmp_path) if c.status == "running"] == ["starting"]
        assert len(list_cards(tmp_path)) == 2


def test_a_row_that_was_cut_off_costs_that_row_alone(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", rows=1, status="running")
    with (run / "history.csv").open("a") as file:
        file.write("2,0.2,0.1,0.001,3.0\n3,0.1,0.")
    card = read_card(run)
    assert (card.status, card.epochs_done, card.best_validation) == ("interrupted", 2, 0.1)


def test_epochs_before_the_noise_was_changed_are_not_the_best(tmp_path: Path) -> None:
    change = {"epoch": 2.5, "name": "noise_level", "old": 0.3, "new": 0.5}
    assert read_card(make_run(tmp_path / "a", changes=[change])).best_epoch == 3
    slower = {**change, "name": "learning_rate"}
    assert read_card(make_run(tmp_path / "b", changes=[slower])).best_epoch == 2


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("model.safetensors", b"junk", "model.safetensors: not a safetensors file"),
        ("model.safetensors", None, "model.safetensors is missing"),
        ("config.json", b"{", "config.json: damaged"),
        ("config.json", b"[1]", "config.json: damaged"),
        ("config.json", b"[" * 100_000, "config.json: damaged"),
        ("history.csv", b"\xff\xfe junk", "history.csv: damaged"),
        ("history.csv", b" " * (17 << 20), "history.csv: damaged: larger than"),
    ],
)
def test_a_broken_file_is_told_and_breaks_nothing_else(
    tmp_path: Path, file: str, content: bytes | None, told: str
) -> None:
    make_run(tmp_path / "good", status="completed")
    run = make_run(tmp_path / "bad", status="completed")
    if content is None:
        (run / file).unlink()
    else:
        (run / file).write_bytes(content)
    cards = {card.name: card for card in list_cards(tmp_path)}
    assert cards["good"].status == "completed"
    bad = cards["bad"]
    assert bad.status == "damaged"
    assert bad.reason.startswith(told)
    assert bad.preset == "vanilla-64"
    assert bad.best_validation == 0.1
    assert bad.has_model == (file != "model.safetensors")


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = (
    "preset",
    "kind",
    "epochs",
    "status",
    "data",
    "changes",
    "branched_from",
    "layers",
    "code",
    "loss",
    "x",
)


@settings(max_examples=150, deadline=None)
@given(config=st.dictionaries(st.sampled_from(KEYS), odd), history=st.binary(max_size=60))
def test_no_settings_and_no_table_can_break_a_card_or_a_comparison(
    tmp_path_factory: pytest.TempPathFactory, config: dict[str, object], history: bytes
) -> None:
    run = tmp_path_factory.mktemp("run")
    (run / "config.json").write_text(json.dumps(config))
    (run / "history.csv").write_bytes(b"epoch,train_loss,validation_loss,seconds\n" + history)
    card = read_card(run)
    for setting in (s for group in difference([card, RunCard(run)]) for s in group):
        assert len(setting.values) == 2
        assert all(value and "\n" not in value for value in (setting.label, *setting.values))


def test_only_what_has_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abcd":
        make_run(tmp_path / name)
    read: list[str] = []
    real = run_card.read_card

    def count(path: Path) -> RunCard:
        read.append(path.name)
        return real(path)

    monkeypatch.setattr(run_cards, "read_card", count)
    list_cards(tmp_path)
    assert sorted(read) == ["a", "b", "c", "d"]
    read.clear()
    list_cards(tmp_path)
    assert read == []
    Run(tmp_path / "b").append_history({**ROWS[2], "epoch": 4})
    shutil.rmtree(tmp_path / "c")
    (tmp_path / "d").rename(tmp_path / "e")
    told = {card.name: card.epochs_done for card in list_cards(tmp_path)}
    assert told == {"a": 3, "b": 4, "e": 3}
    assert sorted(read) == ["b", "e"]


def test_a_missing_folder_has_no_runs(home: Path) -> None:
    assert list_cards() == []
    make_run(paths.runs() / "one")
    assert [card.path for card in list_cards()] == list_runs()


def test_settings_that_differ_come_apart_from_those_that_agree(tmp_path: Path) -> None:
    one = read_card(make_run(tmp_path / "one", seed=1))
    two = read_card(make_run(tmp_path / "two", preset="dense-2d", seed=2))
    differing, agreeing = difference([one, two])
    values = {setting.label: setting.values for setting in differing}
    assert values["Seed"] == ("1", "2")
    assert values["Code size"] == ("64", "2")
    assert values["Preset"] == ("vanilla-64", "dense-2d")
    same = {setting.label: setting.values for setting in agreeing}
    assert same["Learning rate"] == ("0.001", "0.001")
    assert same["Device used"] == ("a CPU", "a CPU")
    assert not values.keys() & same.keys()
    assert difference([]) == ([], [])


def test_a_weight_is_told_only_where_one_of_the_runs_uses_it(tmp_path: Path) -> None:
    plain = read_card(make_run(tmp_path / "one"))
    denoising = dataclasses.replace(plain, kind="denoising", config={**plain.config, "kind": "denoising"})
    labels = {s.label for group in difference([plain, plain]) for s in group}
    assert not labels & {"Noise level", "Beta", "Sparsity"}
    labels = {s.label for group in difference([plain, denoising]) for s in group}
    assert "Noise level" in labels
    assert "Beta" not in labels


def test_a_loss_that_is_not_a_number_is_nobody_s_best(tmp_path: Path) -> None:
    run = Run.create(tmp_path)
    rows = [{**ROWS[0], "validation_loss": math.nan}, {**ROWS[1], "validation_loss": math.inf}]
    architecture = dense(2)
    run.save(Checkpoint("x", architecture, initial_weights(architecture, 0), {"epochs": 2}, rows))
    card = read_card(tmp_path)
    assert (card.best_validation, card.best_epoch, card.epochs_done) == (None, None, 2)
    assert checkpoints.read_card(run.model).name == "x"
