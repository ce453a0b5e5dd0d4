"""What a run learns from besides its images, from gathering it to the last epoch."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import guide
from aedesk.models import presets
from aedesk.models.architecture import Architecture, Conv, Dense, Flatten, Fourier, Memory
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS, Preset
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage.library import load_model
from aedesk.storage.runs import Run
from aedesk.storage.sketched import sketch_pool
from aedesk.training import lessons as subject
from aedesk.training.config import TrainingConfig
from aedesk.training.controls import Controls
from aedesk.training.events import EpochDone, Event, Preparing, Started
from aedesk.training.in_memory import trainer
from aedesk.training.lessons import Lessons, gather
from aedesk.training.preparation import split
from aedesk.training.session import go_on, run_training

ALL = {"sketches": 0.1, "warp": 0.05, "guidance": 3.0, "filling": 0.3}
MAPPING = Architecture(
    (Conv(4, 5, stride=2), Conv(6, stride=2), Flatten(), Dense(12, "linear"), Memory(100)),
    (Fourier(3, 3), Dense(40, "gelu"), Dense(784, "linear")),
)


@pytest.fixture(autouse=True)
def small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The presets with a map, as small as they can be."""
    recipe = replace(PRESETS["conv-2d"].recipe, sketches=0.1, teacher="")
    monkeypatch.setitem(presets.PRESETS, "conv-2d", Preset("conv-2d", MAPPING, recipe, "small"))


def configured(preset: str = "dense-2d", **changes: Any) -> TrainingConfig:
    usual = {"data": "digits", "epochs": 3, "batch_size": 64, "device": "cpu", "validation_fraction": 0.1}
    return TrainingConfig.of(preset, **usual | changes)


@pytest.fixture(scope="module")
def few(digits: DataSet) -> DataSet:
    return DataSet("digits", digits.train[:170], digits.test[:30])


def laid_out(images: ImageSet, *, normal: bool = False) -> np.ndarray:
    return guide.places(images.images, normal=normal)


def gathered(config: TrainingConfig, images: ImageSet) -> tuple[Lessons, list[Preparing]]:
    gathering, told = gather(config, images, Controls()), []
    while True:
        try:
            told.append(next(gathering))
        except StopIteration as end:
            return end.value, told


def test_a_run_learns_from_its_images_alone_unless_more_is_asked_for(few: DataSet) -> None:
    found, told = gathered(configured(warp=0.1), few.train)
    assert found.images is few.train
    assert found.places is None
    assert told == []


def test_sketches_follow_the_images_with_the_labels_and_places_of_what_they_show(few: DataSet) -> None:
    images = few.train[:40]
    found, _ = gathered(configured(sketches=0.5, guidance=1.0, seed=4), images)
    pool, where = sketch_pool(images, 20, 4), laid_out(images)
    assert len(found.images) == 60
    np.testing.assert_array_equal(found.images.images[:40], images.images)
    np.testing.assert_array_equal(found.images.images[40:], pool.images)
    np.testing.assert_array_equal(found.images.labels, images.labels[[*range(40), *pool.of]])
    assert found.images.classes == images.classes
    assert found.places is not None
    np.testing.assert_array_equal(found.places, where[[*range(40), *pool.of]])
    assert found.places.dtype == np.float32


def test_lessons_are_the_same_whenever_they_are_gathered(few: DataSet) -> None:
    config, images = configured(sketches=0.2, guidance=1.0), few.train[:40]
    first, _ = gathered(config, images)
    for folder in (guide.paths.cache() / "guides", guide.paths.cache() / "sketches"):
        for file in folder.iterdir():
            file.unlink()
    again, _ = gathered(config, images)
    np.testing.assert_array_equal(first.images.images, again.images.images)
    np.testing.assert_array_equal(first.places, again.places)
    other, _ = gathered(replace(config, seed=1), images)
    assert not np.array_equal(first.images.images, other.images.images)


def test_a_variational_network_is_led_to_a_round_heap(few: DataSet) -> None:
    led, _ = gathered(configured(kind="variational", guidance=1.0), few.train[:40])
    np.testing.assert_array_equal(led.places, laid_out(few.train[:40], normal=True))
    assert not np.array_equal(led.places, laid_out(few.train[:40]))


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    """A small model that was trained before; its encoder is that of the network with a memory."""
    architecture = Architecture(MAPPING.encoder[:-1], (Dense(784, "linear"),))
    path = tmp_path / "teacher.safetensors"
    checkpoints.save(Checkpoint("teacher", architecture, initial_weights(architecture, 5)), path)
    return path


def test_a_network_with_a_memory_begins_as_its_teacher(few: DataSet, teacher: Path, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    list(
        run_training(
            configured("conv-2d", epochs=1, sketches=0.0, guidance=0.0, teacher=str(teacher)), few, run
        )
    )
    first = run.epochs.load(0).weights
    for name, array in load_model(teacher).checkpoint.weights.items():
        if name.startswith("encoder"):
            np.testing.assert_array_equal(first[name], array)


def test_a_teacher_that_cannot_be_one_is_refused_before_anything_is_prepared(
    few: DataSet, tmp_path: Path
) -> None:
    for name, words in (("dense-2d", "dense-2d cannot be the teacher"), (str(tmp_path / "none"), "none")):
        run = Run.create(tmp_path / "run")
        with pytest.raises(AedeskError, match=words):
            next(iter(run_training(configured("conv-2d", sketches=1.0, teacher=name), few, run)))
        assert not run.path.exists()


def test_what_takes_long_is_told_before_the_run_starts(few: DataSet, tmp_path: Path) -> None:
    events = list(run_training(configured(epochs=1, sketches=0.1), few, Run.create(tmp_path / "run")))
    kinds = [type(event) for event in events]
    assert set(kinds[: kinds.index(Started)]) == {Preparing}
    assert Preparing not in kinds[kinds.index(Started) :]
    (started,) = (event for event in events if isinstance(event, Started))
    assert started.training_images == 153 + 15
    assert started.steps_per_epoch == 3


def test_a_run_makes_its_lessons_once(few: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where no cache can be written."""
    drawn: list[int] = []

    def watched(images: ImageSet, count: int, *rest: Any, **more: Any) -> Any:
        drawn.append(count)
        return sketch_pool(images, count, *rest, **more)

    monkeypatch.setattr(subject, "sketch_pool", watched)
    list(run_training(configured(epochs=1, sketches=0.1), few, Run.create(tmp_path / "run")))
    assert drawn == [15]


@pytest.mark.parametrize("how", ["at first", "in between"])
def test_a_run_stopped_while_it_is_prepared_leaves_nothing_behind(
    how: str, few: DataSet, tmp_path: Path
) -> None:
    run, controls = Run.create(tmp_path / "run"), Controls()
    if how == "at first":
        controls.stop()
    events = run_training(configured(sketches=10.0), few, run, controls)  # for several seconds
    if how == "in between":
        assert isinstance(next(iter(events)), Preparing)
        controls.stop()
    with pytest.raises(Cancelled):
        list(events)
    assert not run.path.exists()
    assert not any(thread.name == "prepare" for thread in threading.enumerate())
    assert not (guide.paths.cache() / "sketches").exists()


def test_a_run_stopped_while_it_would_go_on_stays_as_it_was(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    list(run_training(configured(epochs=1, sketches=0.1), few, run))
    for file in (guide.paths.cache() / "sketches").iterdir():
        file.unlink()
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    with pytest.raises(Cancelled):
        list(go_on(run, few, Controls(lambda: True), epochs=2))
    assert {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()} == before
    assert [event.row["epoch"] for event in go_on(run, few, epochs=2) if isinstance(event, EpochDone)] == [2]


def test_a_device_that_is_not_here_is_told_before_anything_is_prepared(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    with pytest.raises(AedeskError, match="cuda:7"):
        next(iter(run_training(configured(sketches=1.0, device="cuda:7"), few, run)))
    assert not run.path.exists()


def test_too_few_images_for_a_map_are_refused_and_nothing_is_left(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    tiny = DataSet("digits", few.train[:9], few.test)
    with pytest.raises(AedeskError, match="set the guidance to 0"):
        list(run_training(configured(guidance=1.0), tiny, run))
    assert not run.path.exists()


def missed(run: Run, epoch: int, config: TrainingConfig, data: DataSet) -> float:
    """How far the codes of training images are from the places that they are led to, the median."""
    training, _ = split(config, data)
    snapshot = run.epochs.load(epoch)
    model = load_model(run.path)
    model = type(model)(replace(model.checkpoint, weights=snapshot.weights))
    return float(np.median(np.linalg.norm(model.encode(training.images) - laid_out(training), axis=1)))


def test_a_guided_run_leads_codes_to_their_places(few: DataSet, tmp_path: Path) -> None:
    distances = {}
    for guidance in (0.0, 5.0):
        config = configured(epochs=10, guidance=guidance, batch_size=16, learning_rate=3e-3)
        run = Run.create(tmp_path / f"run-{guidance:g}")
        list(run_training(config, few, run))
        distances[guidance] = missed(run, 0, config, few), missed(run, 10, config, few)
    assert distances[5.0][1] < 0.4 * distances[5.0][0]
    assert distances[5.0][1] < 0.4 * distances[0.0][1]


def ended(run: Run) -> tuple[Any, ...]:
    """All that a run came to, but for the time that it took."""
    newest = run.epochs.newest()
    rows = [{**row, "seconds": 0} for row in run.read_history()]
    model = load_model(run.path).checkpoint.weights
    arrays = {
        **model,
        **{f"last {name}": array for name, array in newest.weights.items()},
        **newest.optimiser,
    }
    return rows, {name: array.tobytes() for name, array in arrays.items()}


@pytest.mark.parametrize("preset", ["dense-2d", "conv-2d"])
def test_a_guided_run_with_sketches_and_warp_that_is_cut_off_ends_as_one_that_nothing_held_up(
    preset: str, few: DataSet, tmp_path: Path
) -> None:
    whole, cut = (Run.create(tmp_path / name) for name in ("whole", "cut"))
    config = configured(preset, epochs=2, **ALL)
    list(run_training(config, few, whole))
    leave_after(1, run_training(config, few, cut))
    for file in (guide.paths.cache() / "guides").iterdir():
        file.unlink()  # what is in the cache no more is laid out again, to the same places
    list(go_on(cut, few))
    assert ended(cut) == ended(whole)
    plain = Run.create(tmp_path / "plain")
    list(run_training(configured(preset, epochs=2, sketches=0.0, guidance=0.0, filling=0.0), few, plain))
    assert ended(plain) != ended(whole)


def leave_after(epoch: int, events: Any) -> None:
    """Cut a run off at the first thing that it tells after an epoch."""
    done: list[Event] = []
    for event in events:
        if done:
            break
        if isinstance(event, EpochDone) and event.row["epoch"] == epoch:
            done.append(event)
    events.close()


def test_a_network_with_a_memory_is_better_at_once_than_one_without_after_an_epoch(
    few: DataSet, tmp_path: Path
) -> None:
    config, run = configured("conv-2d", epochs=1), Run.create(tmp_path / "run")
    list(run_training(config, few, run))
    without = Run.create(tmp_path / "without")
    list(run_training(configured(epochs=1, guidance=3.0), few, without))
    assert missed(run, 0, config, few) < 0.5 * missed(without, 1, configured(epochs=1), few)


def test_sketches_are_for_the_numpy_engine_too(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    config = configured(engine="numpy", epochs=1, sketches=0.1)
    (started,) = (event for event in run_training(config, few, run) if isinstance(event, Started))
    assert started.training_images == 153 + 15


@pytest.mark.parametrize("changes", [{"warp": 0.01}, {"guidance": 1.0}])
def test_the_numpy_engine_refuses_the_others_in_a_sentence(changes: dict[str, float]) -> None:
    with pytest.raises(
        AedeskError, match=r"^Warped pictures and a guided .*map need the PyTorch engine; .*\.$"
    ):
        configured(engine="numpy", **changes)


def test_the_numpy_engine_refuses_a_network_with_a_map_in_a_sentence() -> None:
    with pytest.raises(AedeskError, match=r"^The NumPy engine runs dense networks only.*\.$"):
        configured("conv-2d", engine="numpy", guidance=0.0)


@pytest.mark.parametrize(("preset", "size"), [("dense-32", 32), ("vanilla-64", 64)])
def test_guidance_for_a_code_that_is_no_place_is_refused_in_a_sentence(preset: str, size: int) -> None:
    with pytest.raises(AedeskError, match=rf"^The guidance .* flat map, .* {size} numbers, not 2; .* 0\.$"):
        configured(preset, guidance=1.0)
    configured(preset, guidance=0.0)


def test_an_own_network_in_place_of_one_with_a_map_keeps_its_code_of_two_numbers() -> None:
    own = configured("conv-2d", activation="tanh")
    assert own.architecture.code_size == 2
    assert own.recipe.guidance == PRESETS["conv-2d"].recipe.guidance


def test_a_training_without_files_has_the_same_lessons(few: DataSet) -> None:
    stages: list[str] = []

    def told(what: str, done: int, total: int) -> None:
        stages.append(what)

    model = trainer("conv-2d", epochs=1, device="cpu")(few.train, told, lambda: False)
    assert list(dict.fromkeys(stages))[-1] == "training"
    assert len(list((guide.paths.cache() / "guides").iterdir())) == 1
    training, _ = split(TrainingConfig.of("conv-2d"), DataSet("all", few.train, few.test))
    distance = np.linalg.norm(model.encode(training.images) - laid_out(training), axis=1)
    assert np.median(distance) < 0.3  # of a map with a variance of 1
    with pytest.raises(Cancelled):
        trainer("conv-2d", epochs=1, device="cpu")(few.train[:100], told, lambda: True)


def test_without_a_cache_a_run_goes_on(few: DataSet, tmp_path: Path) -> None:
    whole, without = (Run.create(tmp_path / name) for name in ("whole", "without"))
    config = configured(epochs=1, sketches=0.1)
    list(run_training(config, few, whole))
    cache = guide.paths.cache()
    cache.rename(cache.with_name("moved"))
    cache.write_text("in the way")
    try:
        list(run_training(config, few, without))
    finally:
        cache.unlink()
    assert ended(without) == ended(whole)
