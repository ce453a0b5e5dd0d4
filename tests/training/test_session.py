"""A whole run: what lies on the disk at each moment, and how a run ends that cannot go on."""

import csv
import errno
import itertools
import json
import math
import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import threadpoolctl
import torch

from aedesk.cli.parser import build
from aedesk.cli.train import config_of
from aedesk.cli.train_options import asked_for
from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.latent import atlas as atlases
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.step import StepLoss, StepSettings
from aedesk.scratch.engine import NumpyEngine
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage.library import load_model
from aedesk.storage.runs import Run
from aedesk.training import record, session
from aedesk.training.config import TrainingConfig
from aedesk.training.controls import Controls
from aedesk.training.device import choose_precision
from aedesk.training.events import BatchDone, EpochDone, Event, Finished, Finishing, Started
from aedesk.training.session import run_training
from aedesk.training.torch_engine import TorchEngine

ENGINES = ["torch", "numpy"]
FILES = {
    "model.safetensors",
    "config.json",
    "history.csv",
    "sample.safetensors",
    "epochs",
    "log.txt",
    "lock",
}


def configured(**changes: Any) -> TrainingConfig:
    return TrainingConfig.of(
        "vanilla-64",
        **{
            "data": "digits",
            "epochs": 2,
            "batch_size": 64,
            "device": "cpu",
            "validation_fraction": 0.1,
            **changes,
        },
    )


def chosen_precision(engine: str = "torch") -> str:
    """What "auto" means for `configured` on this machine."""
    config = configured()
    if engine == "numpy":
        return "float32"
    return choose_precision("auto", torch.device("cpu"), config.architecture, config.recipe)


def tell(
    config: TrainingConfig, data: DataSet, run: Run, stopped: Callable[[], bool] = lambda: False
) -> tuple[list[Event], str]:
    """Every event of a run, and the problem that ended it, if one did."""
    events = []
    try:
        for event in run_training(config, data, run, Controls(stopped)):
            events.append(event)
    except AedeskError as problem:
        return events, str(problem)
    return events, ""


def names(run: Run) -> set[str]:
    return {path.name for path in run.path.iterdir()}


@pytest.fixture(scope="module")
def few(digits: DataSet) -> DataSet:
    return DataSet("digits", digits.train[:220], digits.test[:60])


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_begins_with_what_it_works_on(engine: str, few: DataSet, run: Run) -> None:
    (started, *_), problem = tell(configured(engine=engine), few, run)
    assert not problem
    assert isinstance(started, Started)
    assert (started.epochs, started.steps_per_epoch) == (2, 4)
    assert (started.training_images, started.validation_images) == (198, 22)
    assert ("NumPy" in started.device) == (engine == "numpy")
    assert chosen_precision(engine) in started.device


@pytest.mark.parametrize("engine", ENGINES)
def test_an_epoch_is_on_the_disk_before_it_is_told(
    engine: str, few: DataSet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_SAVE_EVERY", 0)
    rows = []
    for event in run_training(configured(engine=engine), few, run):
        if not isinstance(event, EpochDone):
            continue
        rows.append(event.row)
        assert names(run) == FILES
        saved = checkpoints.load(run.model)
        assert saved.history == rows
        with run.history.open(newline="") as file:
            table = [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]
        assert table == rows
        snapshot = run.epochs.load(len(rows))
        assert snapshot.row == event.row
        for name, array in load_model(run.path).checkpoint.weights.items():
            np.testing.assert_array_equal(array, snapshot.weights[name])
    assert len(rows) == 2


@pytest.mark.parametrize(("seconds", "saves"), [(0.0, [1, 6, 6]), (0.6, [1, 3, 5, 6, 6])])
def test_short_epochs_share_a_save_a_second(
    few: DataSet, run: Run, monkeypatch: pytest.MonkeyPatch, seconds: float, saves: list[int]
) -> None:
    now = 1000.0
    monkeypatch.setattr(record, "time", SimpleNamespace(monotonic=lambda: now))
    save, saved = Run.save, []

    def counted(self: Run, checkpoint: Checkpoint) -> None:
        saved.append(len(checkpoint.history))
        save(self, checkpoint)

    monkeypatch.setattr(Run, "save", counted)
    for event in run_training(configured(epochs=6), few, run):
        if isinstance(event, EpochDone):
            now += seconds
    assert saved == saves  # the last with the test error
    assert [row["epoch"] for row in load_model(run.path).checkpoint.history] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_test_error_and_the_atlas_are_there_before_the_end_is_told(
    engine: str, few: DataSet, run: Run
) -> None:
    for event in run_training(configured(engine=engine), few, run):
        last = event
        if isinstance(event, Finished):
            assert names(run) == FILES | {"atlas.safetensors"}
            model = load_model(run.path)
            error = ((model.reconstruct(few.test.images) - few.test.pixels()) ** 2).mean()
            assert model.checkpoint.metrics["test_mse"] == pytest.approx(error, rel=1e-5)
            assert (
                model.checkpoint.metrics["validation_loss"] == model.checkpoint.history[-1]["validation_loss"]
            )
            atlas = atlases.atlas_for(run.model)
            assert atlas is not None
            assert atlas.codes.shape == (220, 64)
            assert atlas.source == "training images of digits"
            np.testing.assert_allclose(atlas.codes, model.encode(few.train.images), rtol=1e-3, atol=1e-3)
    assert last == Finished("completed")


def test_the_metadata_repeat_the_run(few: DataSet, run: Run) -> None:
    config = configured(epochs=1, seed=9)
    tell(config, few, run)
    saved = checkpoints.read_card(run.model)
    assert saved.name == "run"
    assert saved.architecture == config.architecture
    assert json.loads(run.config.read_text("utf-8")) == saved.config
    used = replace(config, threads=torch.get_num_threads(), precision=chosen_precision())
    assert used.to_json().items() <= saved.config.items()
    assert saved.config["command"] == used.command("run")
    assert "CPU" in saved.config["device_used"]


def test_own_data_is_written_down_in_full(
    few: DataSet, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the model is used, its map asks for the pictures that it was made from."""
    monkeypatch.chdir(tmp_path)
    np.savez("own.npz", images=few.train.images)
    tell(configured(data="own.npz", epochs=1), few, run)
    atlas = atlases.atlas_for(run.model)
    assert atlas is not None
    saved = checkpoints.read_card(run.model).config
    assert atlas.data == saved["data"] == str(tmp_path.resolve() / "own.npz")
    assert atlas.data in shlex.split(saved["command"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("precision", ["auto", "bfloat16"])
def test_what_was_left_to_the_machine_is_written_into_the_command(
    engine: str, precision: str, few: DataSet, run: Run
) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(3)  # as a window does, which leaves a core to itself
    try:
        tell(configured(engine=engine, epochs=1, precision=precision), few, run)
    finally:
        torch.set_num_threads(threads)
    config = checkpoints.read_card(run.model).config
    again = config_of(asked_for(build().parse_args(shlex.split(config["command"])[1:])))
    assert again.threads == config["threads"] == 3
    if engine == "torch":
        assert (
            again.precision == config["precision"] == {"auto": chosen_precision()}.get(precision, precision)
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_configuration_gives_the_same_model_file(engine: str, few: DataSet, tmp_path: Path) -> None:
    saved = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        run = Run.create(tmp_path / folder)
        tell(configured(engine=engine, epochs=1, seed=seed), few, run)
        saved.append(checkpoints.fingerprint(run.model))
    assert saved[0] == saved[1] != saved[2]


@pytest.mark.parametrize(
    "folder", [".", "a\tb", " padded ", "-x", "n" * 240, "päth 'quoted'", "\N{ZERO WIDTH JOINER}"], ids=ascii
)
def test_a_run_in_a_folder_of_any_name_can_be_loaded_and_repeated(
    folder: str, few: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = Run.create(Path(folder))
    _, problem = tell(configured(epochs=1), few, run)
    assert not problem
    saved = load_model(run.path.resolve()).checkpoint
    assert saved.name
    assert str(build().parse_args(shlex.split(saved.config["command"])[1:]).out)


def test_a_disk_that_fills_up_ends_the_run_and_the_epoch_before_stays(
    few: DataSet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    events = run_training(configured(epochs=3), few, run)
    for event in events:
        if isinstance(event, EpochDone):
            break
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AedeskError, match=r"00002\.safetensors.*disk is full"):
        list(events)
    assert names(run) == FILES
    saved = load_model(run.path).checkpoint
    assert len(saved.history) == 1


def test_a_run_that_diverges_keeps_the_epochs_before(
    few: DataSet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, taken = TorchEngine.step, itertools.count(1)

    def wild(self: TorchEngine, start: int, stop: int, settings: StepSettings) -> StepLoss:
        loss = step(self, start, stop, settings)
        return StepLoss(math.nan, 0.0) if next(taken) > 12 else loss  # an epoch has four steps

    monkeypatch.setattr(TorchEngine, "step", wild)
    monkeypatch.setattr(record, "_SAVE_EVERY", 3600)
    events, problem = tell(configured(epochs=5), few, run)
    assert problem == "The loss is no longer a number at epoch 4; try a smaller learning rate."
    assert len([event for event in events if isinstance(event, EpochDone)]) == 3
    assert [row["epoch"] for row in load_model(run.path).checkpoint.history] == [1, 2, 3]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("steps", [0, 2])
def test_a_stop_in_the_first_epoch_leaves_a_model_that_loads(
    engine: str, steps: int, few: DataSet, run: Run
) -> None:
    asked = itertools.count(1)
    events, problem = tell(configured(engine=engine), few, run, lambda: next(asked) > steps)
    assert not problem
    assert events[-1] == Finished("stopped")
    model = load_model(run.path)
    (row,) = model.checkpoint.history
    assert math.isnan(row["train_loss"]) == (steps == 0)
    assert json.loads(run.config.read_text("utf-8"))
    assert len(run.history.read_text("utf-8").splitlines()) == 2
    assert atlases.atlas_for(run.model) is not None


def test_the_last_work_on_a_model_is_told_image_by_image(
    few: DataSet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "_CHUNK", 50)
    events, _ = tell(configured(), few, run)
    told = [event for event in events if isinstance(event, Finishing)]
    assert events[-len(told) - 1 : -1] == told
    assert [event.done for event in told] == [
        50,
        60,
        110,
        160,
        210,
        260,
        280,
    ]  # 60 to test, 220 for the atlas
    assert {event.total for event in told} == {280}


@pytest.mark.parametrize("moment", [EpochDone, Finishing])
def test_a_run_that_is_stopped_is_not_measured_but_can_be_used(
    few: DataSet, run: Run, monkeypatch: pytest.MonkeyPatch, moment: type[Event]
) -> None:
    monkeypatch.setattr(session, "_CHUNK", 20)
    events: list[Event] = []
    for event in run_training(
        configured(), few, run, Controls(lambda: any(isinstance(told, moment) for told in events))
    ):
        events.append(event)
    measured = [event for event in events if isinstance(event, Finishing) and event.done <= 60]
    assert len(measured) == (moment is Finishing)
    assert events[-1] == Finished("stopped" if moment is EpochDone else "completed")
    assert "test_mse" not in load_model(run.path).checkpoint.metrics
    atlas = atlases.atlas_for(run.model)
    assert atlas is not None
    assert len(atlas) == 220


def test_a_run_of_which_nobody_wants_more_leaves_what_was_told(
    few: DataSet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_SAVE_EVERY", 3600)
    events = run_training(configured(epochs=50), few, run)
    for event in events:
        if isinstance(event, EpochDone) and event.row["epoch"] == 3:
            break
    events.close()  # type: ignore[attr-defined]
    assert names(run) == FILES
    assert len(load_model(run.path).checkpoint.history) == 3


def cuda_is_full() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has ...")


def memory_is_full() -> None:
    torch.empty(1 << 52)


def numpy_is_full() -> None:
    np.empty(1 << 62, np.uint8)


@pytest.mark.parametrize(
    ("engine", "problem"),
    [(TorchEngine, cuda_is_full), (TorchEngine, memory_is_full), (NumpyEngine, numpy_is_full)],
)
@pytest.mark.parametrize(("batch", "advice"), [(64, "try 32"), (1, "batch size 1")])
def test_too_little_memory_is_answered_with_a_smaller_batch(
    engine: Any,
    problem: Callable[[], None],
    batch: int,
    advice: str,
    few: DataSet,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = DataSet("digits", few.train[:20], few.test[:5])
    steps = -(-18 // batch)
    step, taken = engine.step, itertools.count(1)

    def hungry(self: Any, start: int, stop: int, settings: StepSettings) -> StepLoss:
        if next(taken) > steps:
            problem()
        loss: StepLoss = step(self, start, stop, settings)
        return loss

    monkeypatch.setattr(engine, "step", hungry)
    name = "numpy" if engine is NumpyEngine else "torch"
    events, told = tell(configured(engine=name, batch_size=batch), small, run)
    assert "memory" in told
    assert advice in told
    assert "try 1" not in told or batch > 2
    assert "\n" not in told
    assert any(isinstance(event, EpochDone) for event in events)
    assert len(load_model(run.path).checkpoint.history) == 1


def test_a_mistake_of_our_own_is_no_shortage_of_memory(
    few: DataSet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: TorchEngine, start: int, stop: int, settings: StepSettings) -> torch.Tensor:
        return torch.ones(2, 3) @ torch.ones(2, 3)

    monkeypatch.setattr(TorchEngine, "step", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        list(run_training(configured(), few, run))


@pytest.mark.parametrize(("count", "fraction"), [(0, 0.5), (1, 0.5), (9, 0.05)])
def test_a_set_too_small_to_validate_on_is_refused(
    count: int, fraction: float, few: DataSet, run: Run
) -> None:
    tiny = DataSet("mine", few.train[:count], few.test)
    events, problem = tell(configured(validation_fraction=fraction), tiny, run)
    assert not events
    assert "mine has too few images" in problem
    assert not run.path.exists()


@pytest.mark.parametrize("engine", ENGINES)
def test_two_images_are_enough_to_train(engine: str, few: DataSet, run: Run) -> None:
    tiny = DataSet("mine", few.train[:2], few.test[:1])
    events, problem = tell(configured(engine=engine, validation_fraction=0.5), tiny, run)
    assert not problem
    assert events[-1] == Finished("completed")
    assert load_model(run.path).encode(few.test.images).shape == (60, 64)


def test_a_device_that_is_not_there_is_refused_before_anything_is_told(few: DataSet, run: Run) -> None:
    events, problem = tell(configured(device="cuda:99"), few, run)
    assert not events
    assert "cuda:99" in problem


def test_the_threads_of_a_run_are_its_own(few: DataSet, run: Run) -> None:
    def threads() -> list[int]:
        return [torch.get_num_threads(), *(pool["num_threads"] for pool in threadpoolctl.threadpool_info())]

    before = threads()
    wanted = before[0] + 1
    inside = []
    for event in run_training(configured(epochs=1, threads=wanted), few, run):
        if isinstance(event, Started):
            assert f"{wanted} threads" in event.device
        if isinstance(event, BatchDone):
            inside.append(threads())
    assert inside
    assert all(now[0] == wanted for now in inside)
    assert threads() == before


@pytest.mark.parametrize(("engine", "linear_algebra"), [("torch", 1), ("numpy", 2)])
def test_between_steps_of_torch_numpy_does_not_spread_over_the_cores(
    engine: str, linear_algebra: int, few: DataSet, run: Run
) -> None:
    """Its threads would wait for more work just where torch's are at work."""
    inside = []
    for event in run_training(configured(epochs=1, threads=2, engine=engine), few, run):
        if isinstance(event, EpochDone):
            pools = threadpoolctl.threadpool_info()
            inside.append({pool["num_threads"] for pool in pools if pool["user_api"] == "blas"})
    assert inside == [{linear_algebra}]


def test_labels_play_no_part(few: DataSet, tmp_path: Path) -> None:
    unlabelled = ImageSet(few.train.images, np.zeros(len(few.train), np.int64), ("?",))
    prints = []
    for name, train in (("a", few.train), ("b", unlabelled)):
        run = Run.create(tmp_path / name)
        tell(configured(epochs=1), DataSet("digits", train, few.test), run)
        prints.append(checkpoints.fingerprint(run.model))
    assert prints[0] == prints[1]
