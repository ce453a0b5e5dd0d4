"""The training loop: what it tells in which order, for both engines, and what a stop or a pause does to it."""

import itertools
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from aedesk.data.imageset import DataSet, ImageSet
from aedesk.errors import AedeskError
from aedesk.models.initialisation import initial_weights
from aedesk.models.step import StepLoss, StepSettings
from aedesk.scratch.engine import NumpyEngine
from aedesk.training import clock, loop
from aedesk.training.config import TrainingConfig
from aedesk.training.controls import Controls
from aedesk.training.engine import Engine
from aedesk.training.events import BatchDone, Changed, EpochDone, Event, Finished
from aedesk.training.loop import Past, train
from aedesk.training.torch_engine import TorchEngine

ENGINES = ["torch", "numpy"]
COLUMNS = ["epoch", "train_loss", "validation_loss", "learning_rate", "seconds"]


def configured(engine: str = "numpy", **changes: Any) -> TrainingConfig:
    return TrainingConfig.of("vanilla-64", **{"epochs": 2, "batch_size": 64, "engine": engine, **changes})


def engine_for(config: TrainingConfig, images: np.ndarray) -> Engine:
    recipe, architecture = config.recipe, config.architecture
    weights = initial_weights(architecture, config.seed, recipe.initialisation, recipe.output_bias)
    if config.engine == "numpy":
        return NumpyEngine(architecture, recipe, weights, images)
    return TorchEngine(architecture, recipe, weights, images, torch.device("cpu"))


def running(
    config: TrainingConfig,
    images: ImageSet,
    stopped: Callable[[], bool] = lambda: False,
    engine: Engine | None = None,
    past: Past | None = None,
) -> Iterator[Event]:
    """Train on all images but the last 30, which validate."""
    training = images[:-30]
    engine = engine or engine_for(config, training.images)
    return train(config, engine, training, images[-30:], Controls(stopped), past)


def settings_of(config: TrainingConfig, **changes: Any) -> StepSettings:
    return StepSettings.of(replace(config.recipe, **changes), (config.seed, 0, 0))


def epochs_of(events: list[Event]) -> list[EpochDone]:
    return [event for event in events if isinstance(event, EpochDone)]


@pytest.fixture(scope="module")
def images(digits: DataSet) -> ImageSet:
    return digits.train[:330]


@pytest.mark.parametrize("name", ENGINES)
def test_a_run_tells_its_batches_then_its_epoch_and_last_its_end(name: str, images: ImageSet) -> None:
    events = list(running(configured(name, epochs=3), images))
    assert events[-1] == Finished("completed")
    assert isinstance(events[0], BatchDone)  # the first step is always told
    assert [event.row["epoch"] for event in epochs_of(events)] == [1, 2, 3]
    told = [event.epoch if isinstance(event, BatchDone) else event.row["epoch"] for event in events[:-1]]
    assert told == sorted(told)
    for event in events:
        if isinstance(event, BatchDone):
            assert 1 <= event.step <= event.steps == 5
            assert math.isfinite(event.loss)
            assert event.images_per_second > 0
            assert event.seconds_left >= 0


@pytest.mark.parametrize("name", ENGINES)
def test_an_epochs_row_has_what_every_history_has(name: str, images: ImageSet) -> None:
    config = configured(name)
    engine = engine_for(config, images[:-30].images)
    for event in running(config, images, engine=engine):
        if isinstance(event, EpochDone):
            assert list(event.row) == COLUMNS
            assert all(type(number) in {int, float} for number in event.row.values())
            assert event.row["validation_loss"] == pytest.approx(
                engine.evaluate(images[-30:].images, settings_of(config)).reconstruction
            )
            assert event.row["learning_rate"] == pytest.approx(1e-3)
            assert event.row["seconds"] > 0
            assert event.epochs == 2
            assert not event.partial
    assert event == Finished("completed")


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_losses_fall_on_real_digits(name: str, loss: str, images: ImageSet) -> None:
    rows = [event.row for event in epochs_of(list(running(configured(name, epochs=4, loss=loss), images)))]
    for column in ("train_loss", "validation_loss"):
        assert rows[-1][column] < 0.8 * rows[0][column]
        assert rows[-1][column] < rows[2][column] < rows[0][column]


@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_both_engines_take_the_same_path(images: ImageSet, optimiser: str) -> None:
    recipe = {"optimiser": optimiser, "reduction": "sum", "learning_rate": 1e-3}
    ours, theirs = (epochs_of(list(running(configured(name, **recipe), images))) for name in ENGINES)
    for one, other in zip(ours, theirs, strict=True):
        for column in ("train_loss", "validation_loss"):
            assert one.row[column] == pytest.approx(other.row[column], rel=1e-4)


@pytest.mark.parametrize("name", ENGINES)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(name: str, images: ImageSet) -> None:
    configs = [configured(name, seed=seed) for seed in (1, 1, 2)]
    engines = [engine_for(config, images[:-30].images) for config in configs]
    one, same, other = (
        epochs_of(list(running(config, images, engine=engine)))
        for config, engine in zip(configs, engines, strict=True)
    )
    for first, second, third in zip(one, same, other, strict=True):
        assert {**first.row, "seconds": 0} == {**second.row, "seconds": 0}
        assert first.row["train_loss"] != third.row["train_loss"]
    for parameter, array in engines[0].weights().items():
        np.testing.assert_array_equal(array, engines[1].weights()[parameter])


class Recorder(NumpyEngine):
    """A NumPy engine that remembers in which order it was given the images, and in which pieces."""

    orders: list[list[int]]
    pieces: list[tuple[int, int]]
    rates: list[float]

    def begin_epoch(self, order: np.ndarray) -> None:
        self.orders = [*getattr(self, "orders", []), order.tolist()]
        super().begin_epoch(order)

    def step(self, start: int, stop: int, settings: StepSettings) -> StepLoss:
        self.pieces = [*getattr(self, "pieces", []), (start, stop)]
        self.rates = [*getattr(self, "rates", []), settings.learning_rate]
        return super().step(start, stop, settings)


def recorded(images: ImageSet, **changes: Any) -> Recorder:
    config = configured(**changes)
    weights = initial_weights(config.architecture, 0)
    engine = Recorder(config.architecture, config.recipe, weights, images[:-30].images)
    list(running(config, images, engine=engine))
    return engine


def test_the_order_of_an_epoch_follows_from_seed_and_epoch_alone(images: ImageSet) -> None:
    short, long, other = (
        recorded(images, **changes)
        for changes in ({"epochs": 2}, {"epochs": 4, "batch_size": 100, "learning_rate": 0.1}, {"seed": 5})
    )
    assert short.orders == long.orders[:2]
    assert all(sorted(order) == list(range(300)) for order in long.orders)
    assert len({tuple(order) for order in (*long.orders, *other.orders)}) == 6


@pytest.mark.parametrize(
    ("batch", "pieces"),
    [
        (128, [(0, 128), (128, 256), (256, 300)]),
        (299, [(0, 299), (299, 300)]),
        (300, [(0, 300)]),
        (4096, [(0, 300)]),
    ],
)
def test_the_last_batch_is_as_large_as_what_is_left(
    images: ImageSet, batch: int, pieces: list[tuple[int, int]]
) -> None:
    assert recorded(images, batch_size=batch, epochs=1).pieces == pieces


@pytest.mark.parametrize(
    ("schedule", "share"),
    [
        ("constant", lambda done: 1),
        ("cosine", lambda done: (1 + math.cos(math.pi * done)) / 2),
        ("cooldown", lambda done: 1 if done <= 0.9 else 10 * (1 - done)),
    ],
    ids=["constant", "cosine", "cooldown"],
)
def test_the_learning_rate_follows_its_schedule(
    images: ImageSet, schedule: str, share: Callable[[float], float]
) -> None:
    rates = recorded(images, epochs=4, learning_rate=0.01, schedule=schedule).rates
    assert rates == pytest.approx([0.01 * share(step / 20) for step in range(20)])  # 5 steps in each epoch
    assert min(rates) > 0


@pytest.mark.parametrize("name", ENGINES)
def test_an_epochs_row_tells_the_rate_of_its_last_step(name: str, images: ImageSet) -> None:
    config = configured(name, schedule="cosine")
    rates = [epoch.row["learning_rate"] for epoch in epochs_of(list(running(config, images)))]
    assert rates == pytest.approx([5e-4 * (1 + math.cos(math.pi * step / 10)) for step in (4, 9)])


def test_an_epochs_training_loss_is_the_mean_over_images_not_over_batches(images: ImageSet) -> None:
    config = configured(epochs=1, batch_size=299, learning_rate=1e-12)
    engine = engine_for(config, images[:-30].images)
    loss_of_all = engine.evaluate(images[:-30].images, settings_of(config)).reconstruction
    (epoch,) = epochs_of(list(running(config, images, engine=engine)))
    assert epoch.row["train_loss"] == pytest.approx(loss_of_all, rel=1e-5)


@pytest.mark.parametrize("name", ENGINES)
def test_a_stop_within_the_first_epoch_tells_the_model_of_that_moment(name: str, images: ImageSet) -> None:
    asked = itertools.count(1)
    config = configured(name, epochs=9)
    engine = engine_for(config, images[:-30].images)
    events = list(running(config, images, lambda: next(asked) > 2, engine))
    assert events[-1] == Finished("stopped")
    (part,) = epochs_of(events)
    assert (part.partial, part.best, part.row["epoch"]) == (True, True, 1)
    assert math.isfinite(part.row["train_loss"])


@pytest.mark.parametrize("name", ENGINES)
def test_a_stop_within_a_later_epoch_leaves_the_epochs_before_as_they_were(
    name: str, images: ImageSet
) -> None:
    asked = itertools.count(1)
    past = Past()
    events = list(running(configured(name, epochs=9), images, lambda: next(asked) > 5 + 2, past=past))
    assert events[-1] == Finished("stopped")
    assert [event.row["epoch"] for event in epochs_of(events)] == [1]  # 5 steps make an epoch
    assert past.epoch == 1


def test_a_stop_within_the_first_epoch_is_validated_on_few_images_of_all_parts(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_QUICK_VALIDATION", 10)
    judged = []

    class Judge(NumpyEngine):
        def evaluate(self, images: np.ndarray, settings: StepSettings) -> StepLoss:
            judged.append(images)
            return super().evaluate(images, settings)

    config, asked = configured(epochs=9), itertools.count(1)
    weights = initial_weights(config.architecture, 0)
    engine = Judge(config.architecture, config.recipe, weights, images[:-30].images)
    list(running(config, images, lambda: next(asked) > 2, engine))
    (quick,) = judged
    np.testing.assert_array_equal(quick, images[-30:].images[::3])


@pytest.mark.parametrize("name", ENGINES)
def test_a_stop_between_two_epochs_tells_no_empty_epoch(name: str, images: ImageSet) -> None:
    asked = itertools.count(1)
    events = list(running(configured(name, epochs=9), images, lambda: next(asked) > 5))
    assert events[-1] == Finished("stopped")
    (epoch,) = epochs_of(events)
    assert (epoch.row["epoch"], epoch.partial) == (1, False)


def test_a_stop_before_the_first_step_still_tells_a_model(images: ImageSet) -> None:
    config = configured()
    engine = engine_for(config, images[:-30].images)
    (epoch, end) = running(config, images, lambda: True, engine)
    assert end == Finished("stopped")
    assert isinstance(epoch, EpochDone)
    assert epoch.partial
    assert math.isnan(epoch.row["train_loss"])
    assert math.isfinite(epoch.row["validation_loss"])
    begun = initial_weights(config.architecture, config.seed)
    assert all(np.array_equal(engine.weights()[name], begun[name]) for name in begun)


def test_a_stop_after_the_last_step_is_too_late(images: ImageSet) -> None:
    asked = itertools.count(1)
    events = list(running(configured(epochs=2), images, lambda: next(asked) > 10))
    assert events[-1] == Finished("completed")


class Watch:
    """A clock on which each look takes 10 ms; a test moves it on."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += 0.01
        return self.now


def test_pauses_are_no_part_of_the_time_that_is_told(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch()
    monkeypatch.setattr(clock, "time", SimpleNamespace(perf_counter=watch.perf_counter))
    monkeypatch.setattr(clock, "_REPORT_EVERY", 3600)  # after the first step, never again
    events = []
    for event in running(configured(epochs=2), images):
        events.append(event)
        watch.now += 3600  # somebody drinks tea at every event
    one, two = epochs_of(events)
    assert one.row["seconds"] == pytest.approx(0.07)  # five steps, a loss read, an evaluation
    assert two.row["seconds"] == pytest.approx(0.06)
    assert one.seconds_left == pytest.approx(0.07)  # five more steps, all else spread over them
    assert two.seconds_left == 0
    first = events[0]
    assert isinstance(first, BatchDone)
    assert first.images_per_second == pytest.approx(3200)
    assert first.seconds_left == pytest.approx(0.18)


class Pending:
    """A loss that a device has still to compute: whoever reads it waits."""

    def __init__(self, value: float, wait: Callable[[], None]) -> None:
        self.value = value
        self.wait = wait

    def __mul__(self, factor: int) -> "Pending":
        return Pending(self.value * factor, self.wait)

    def __add__(self, other: "Pending | float") -> "Pending":
        return Pending(self.value + (other.value if isinstance(other, Pending) else other), self.wait)

    __radd__ = __add__

    def __float__(self) -> float:
        self.wait()
        return self.value


class Asynchronous(NumpyEngine):
    """An engine whose steps return at once, and whose device takes a second for each of them."""

    watch: Watch
    queued = 0

    def step(self, start: int, stop: int, settings: StepSettings) -> Any:
        self.queued += 1
        loss = super().step(start, stop, settings)
        return StepLoss(Pending(loss.reconstruction, self.wait), 0.0)

    def wait(self) -> None:
        self.watch.now += self.queued
        self.queued = 0


@pytest.mark.parametrize("report_every", [0, 3600], ids=["every step told", "one step told"])
def test_the_time_that_a_device_takes_for_its_queue_is_part_of_the_work(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch, report_every: float
) -> None:
    config = configured(epochs=2)
    engine = Asynchronous(
        config.architecture, config.recipe, initial_weights(config.architecture, 0), images[:-30].images
    )
    engine.watch = Watch()
    monkeypatch.setattr(clock, "time", SimpleNamespace(perf_counter=engine.watch.perf_counter))
    monkeypatch.setattr(clock, "_REPORT_EVERY", report_every)
    events = list(running(config, images, engine=engine))
    first = events[0]
    assert isinstance(first, BatchDone)
    assert first.images_per_second == pytest.approx(64, rel=0.1)
    assert first.seconds_left == pytest.approx(9, rel=0.1)
    one, two = epochs_of(events)
    assert one.row["seconds"] == pytest.approx(5, rel=0.1)
    assert two.row["seconds"] == pytest.approx(5, rel=0.1)
    assert one.seconds_left == pytest.approx(5, rel=0.1)


def test_progress_is_told_by_the_clock_not_at_every_step(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch()
    monkeypatch.setattr(clock, "time", SimpleNamespace(perf_counter=watch.perf_counter))
    events = list(running(configured(epochs=1, batch_size=10), images))
    steps = [event.step for event in events if isinstance(event, BatchDone)]
    assert steps[0] == 1
    assert 3 <= len(steps) <= 4  # 30 steps of 10 ms: the first, then one in 100 ms


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.filterwarnings("error")
def test_a_run_that_diverges_ends_with_advice_and_tells_no_broken_epoch(name: str, images: ImageSet) -> None:
    steep = {
        "loss": "bce",
        "optimiser": "sgd",
        "learning_rate": 100,
        "reduction": "sum",
        "initialisation": "he",
    }
    wild = TrainingConfig.of("dense-64", engine=name, epochs=3, batch_size=30, **steep)
    told: list[Event] = []
    problem = ""
    try:
        for event in running(wild, images):
            told.append(event)
    except AedeskError as caught:
        problem = str(caught)
    assert re.fullmatch(r"The loss is no longer a number at epoch \d; try a smaller learning rate\.", problem)
    for event in told:
        if isinstance(event, EpochDone):
            assert math.isfinite(event.row["train_loss"])
            assert math.isfinite(event.row["validation_loss"])
        else:
            assert isinstance(event, BatchDone)
            assert math.isfinite(event.loss)


def test_divergence_that_only_the_validation_shows_ends_the_run_too(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NumpyEngine, "evaluate", lambda self, *_: StepLoss(math.inf, 0.0))
    with pytest.raises(AedeskError, match="no longer a number at epoch 1"):
        list(running(configured(), images))


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "denoising"},
        {"kind": "sparse", "dropout": 0.2},
        {"kind": "variational", "warm_up": 3, "batch_norm": True},
        {"schedule": "one-cycle", "optimiser": "sgd"},
        {"schedule": "plateau", "activation": "tanh", "tied": True},
    ],
    ids=lambda changes: next(iter(changes.values())),
)
def test_a_run_that_goes_on_from_an_epochs_end_takes_the_path_of_one_never_held_up(
    name: str, changes: dict[str, Any], images: ImageSet
) -> None:
    config = configured(name, epochs=4, **changes)
    whole, first = (engine_for(config, images[:-30].images) for _ in range(2))
    rows = [event.row for event in epochs_of(list(running(config, images, engine=whole)))]
    past = Past()
    for event in running(config, images, engine=first, past=past):
        if isinstance(event, EpochDone) and event.row["epoch"] == 2:
            break
    weights, optimiser = first.weights(), first.optimiser_state()
    second: Engine
    if name == "numpy":
        second = NumpyEngine(config.architecture, config.recipe, weights, images[:-30].images)
    else:
        device = torch.device("cpu")
        second = TorchEngine(config.architecture, config.recipe, weights, images[:-30].images, device)
    second.load_optimiser_state(optimiser)
    list(running(config, images, engine=second, past=past))
    for one, other in zip(rows, past.history, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}
    for parameter, array in whole.weights().items():
        np.testing.assert_array_equal(array, second.weights()[parameter])


def test_a_number_changed_while_the_run_goes_on_holds_from_the_next_step(images: ImageSet) -> None:
    config = configured(epochs=2)
    engine = Recorder(
        config.architecture, config.recipe, initial_weights(config.architecture, 0), images[:-30].images
    )
    controls, told = Controls(), []
    controls.every_step = True
    for event in train(config, engine, images[:-30], images[-30:], controls):
        told.append(event)
        if isinstance(event, BatchDone) and (event.epoch, event.step) == (1, 3):
            controls.change("learning_rate", 0.01)
    assert engine.rates == pytest.approx([1e-3] * 3 + [0.01] * 7)
    (change,) = [event for event in told if isinstance(event, Changed)]
    assert (change.name, change.old, change.new) == ("learning_rate", 1e-3, 0.01)
    assert change.epoch == pytest.approx(3 / 5)


def test_a_change_to_the_same_value_is_none(images: ImageSet) -> None:
    controls = Controls()
    controls.change("learning_rate", 1e-3)
    config = configured(epochs=1)
    events = train(config, engine_for(config, images[:-30].images), images[:-30], images[-30:], controls)
    assert not any(isinstance(event, Changed) for event in events)


@pytest.mark.parametrize("name", ["epochs", "loss", "batch_size", "x"])
def test_what_cannot_change_while_a_run_goes_on_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Controls().change(name, 1.0)


def test_a_change_made_earlier_is_part_of_the_recipe_that_goes_on(images: ImageSet) -> None:
    config = configured(epochs=3)
    engine = Recorder(
        config.architecture, config.recipe, initial_weights(config.architecture, 0), images[:-30].images
    )
    past = Past(
        [{"epoch": 1, "train_loss": 1.0, "validation_loss": 1.0, "learning_rate": 0.01, "seconds": 1.0}],
        [Changed(0.4, "learning_rate", 1e-3, 0.01)],
    )
    list(running(config, images, engine=engine, past=past))
    assert engine.rates == pytest.approx([0.01] * 10)


@pytest.mark.parametrize(
    ("stops", "reason", "epochs"),
    [
        ({"patience": 2}, "patience", 5),
        ({"target": 0.45}, "target", 3),
        ({"minutes": 4.0}, "minutes", 4),
        ({}, "completed", 6),
    ],
)
def test_a_run_ends_early_for_the_reason_that_it_was_given(
    images: ImageSet, monkeypatch: pytest.MonkeyPatch, stops: dict[str, Any], reason: str, epochs: int
) -> None:
    losses = iter([0.6, 0.5, 0.4, 0.41, 0.42, 0.3])
    monkeypatch.setattr(NumpyEngine, "evaluate", lambda self, *_: StepLoss(next(losses), 0.0))
    events = []
    for event in running(configured(epochs=6, **stops), images):
        if isinstance(event, EpochDone):
            event.row["seconds"] = 60.0
        events.append(event)
    assert events[-1] == Finished(reason)
    assert len(epochs_of(events)) == epochs
    assert [event.best for event in epochs_of(events)][:5] == [True, True, True, False, False][:epochs]


def test_the_warm_up_raises_the_weight_of_the_divergence_step_by_step(images: ImageSet) -> None:
    config = configured("torch", epochs=3, kind="variational", beta=2.0, warm_up=2)
    weights: list[float] = []

    class Weighed(TorchEngine):
        def step(self, start: int, stop: int, settings: StepSettings) -> StepLoss:
            weights.append(settings.penalty_weight)
            return super().step(start, stop, settings)

    begun = initial_weights(config.architecture, 0)
    engine = Weighed(config.architecture, config.recipe, begun, images[:-30].images, torch.device("cpu"))
    rows = [event.row for event in epochs_of(list(running(config, images, engine=engine)))]
    assert weights == pytest.approx([2.0 * min(1, step / 10) for step in range(15)])
    for row in rows:
        assert 0 < row["train_penalty"] < row["train_loss"]
        assert 0 < row["validation_penalty"] < row["validation_loss"]
