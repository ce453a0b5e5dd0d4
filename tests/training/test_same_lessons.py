"""What a run learns from is the same wherever, and by however many threads, it is gathered again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import threadpoolctl
import torch

from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.latent import guide
from aedesk.models import presets
from aedesk.models.architecture import Architecture, Dense, Flatten, Fourier, Memory, dense
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage import library
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig, without_effect
from aedesk.training.in_memory import trainer
from aedesk.training.lessons import Lessons
from aedesk.training.remembering import remembering
from aedesk.training.session import go_on, run_training


@pytest.fixture(scope="module")
def few(digits: DataSet) -> DataSet:
    return DataSet("digits", digits.train[:60], digits.test[:20])


def configured(**changes: Any) -> TrainingConfig:
    return TrainingConfig.of(
        "dense-2d", data="digits", epochs=1, device="cpu", validation_fraction=0.1, **changes
    )


def test_a_map_is_computed_by_the_threads_of_the_run_also_when_it_goes_on(
    few: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[int]] = []
    places = guide.places

    def watched(images: np.ndarray, **how: Any) -> np.ndarray:
        pools = threadpoolctl.threadpool_info()
        blas = {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}
        seen.append({torch.get_num_threads(), *blas})
        return places(images, **how)

    monkeypatch.setattr(guide, "places", watched)
    run = Run.create(tmp_path / "run")
    list(run_training(configured(guidance=1.0, threads=2), few, run))
    list(go_on(run, few, epochs=2))
    assert seen == [{2}, {2}]


def test_a_teacher_is_found_again_from_another_folder(
    few: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    architecture = dense(8, 4, 8)
    teacher = Checkpoint("teacher", architecture, initial_weights(architecture, 0))
    checkpoints.save(teacher, tmp_path / "teacher.safetensors")
    monkeypatch.chdir(tmp_path)
    run = Run.create(tmp_path / "run")
    list(run_training(configured(guidance=1.0, teacher="teacher.safetensors"), few, run))
    assert run.read_config()["teacher"] == str(tmp_path / "teacher.safetensors")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    list(go_on(run, few, epochs=2))
    assert len(run.read_history()) == 2


def test_a_teacher_that_is_not_here_is_told_and_leaves_nothing(few: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    with pytest.raises(AedeskError, match="no model 'nobody'"):
        list(run_training(configured(guidance=1.0, teacher="nobody"), few, run))
    assert not run.path.exists()


def test_a_teacher_of_whom_nothing_is_learnt_is_without_effect() -> None:
    assert "teacher" in without_effect(configured(teacher="dense-32"))
    assert "teacher" not in without_effect(TrainingConfig.of("conv-2d", guidance=0.0))


def test_a_memory_with_room_for_more_images_than_there_are_is_as_sharp_as_one_that_they_fill(
    few: DataSet,
) -> None:
    lessons = Lessons(few.train)
    sharpness = []
    for size in (len(few.train), 4 * len(few.train)):
        architecture = Architecture(
            (Flatten(), Dense(20, "linear"), Memory(size)), (Fourier(2, 2), Dense(784, "linear"))
        )
        weights = remembering(architecture, initial_weights(architecture, 0), lessons, 0)
        sharpness.append(float(weights["encoder.2.sharpness"][0]))
    assert sharpness[0] == pytest.approx(sharpness[1], rel=1e-4)


def test_a_training_on_part_of_the_classes_has_no_teacher_that_has_seen_the_others(
    few: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Architecture((Flatten(), Dense(20, "linear"), Memory(30)), (Fourier(2, 2), Dense(784, "linear")))
    recipe = replace(presets.PRESETS["conv-2d"].recipe, sketches=0.0, teacher="dense-32")
    monkeypatch.setitem(presets.PRESETS, "conv-2d", presets.Preset("conv-2d", small, recipe, "small"))
    asked: list[str] = []
    monkeypatch.setattr(library, "load_checkpoint", asked.append)
    trainer("conv-2d", epochs=1, device="cpu")(few.train, lambda *_: None, lambda: False)
    assert asked == []
