"""Where networks are trained: the names of devices, and the precision that pays there."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture, convolutional, dense
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import Optimiser, Recipe
from aedesk.models.step import StepSettings
from aedesk.storage.runs import Run
from aedesk.training.config import TrainingConfig
from aedesk.training.device import arithmetic, choose, choose_precision, describe, devices
from aedesk.training.session import go_on, run_training
from aedesk.training.torch_engine import TorchEngine

CPU = torch.device("cpu")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def two_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two CUDA devices that are only talked about."""
    card = SimpleNamespace(name="Some GPU", total_memory=24 * 2**30)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: card)


@pytest.mark.usefixtures("no_cuda")
def test_without_cuda_there_is_the_cpu() -> None:
    (cpu,) = devices()
    assert cpu.name == "cpu"
    assert "CPU" in cpu.label
    assert choose("auto") == choose("cpu") == CPU


@pytest.mark.usefixtures("no_cuda")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:1", "gpu", "CPU", "", "mps", "cuda:-1", "meta"])
def test_a_device_that_is_not_there_is_refused_by_the_name_it_was_called(name: str) -> None:
    with pytest.raises(AedeskError) as caught:
        choose(name)
    assert repr(name) in str(caught.value)
    assert "choose auto or one of: cpu" in str(caught.value)


@pytest.mark.usefixtures("two_cards")
def test_cuda_devices_are_named_with_their_memory_and_auto_takes_the_first() -> None:
    assert [device.name for device in devices()] == ["cpu", "cuda:0", "cuda:1"]
    assert devices()[2].label == "Some GPU (24 GiB)"
    assert choose("auto") == choose("cuda") == choose("cuda:0") == torch.device("cuda:0")
    assert choose("cuda:1") == torch.device("cuda:1")
    assert choose("cpu") == CPU
    with pytest.raises(AedeskError, match=r"'cuda:2'.*cpu, cuda:0, cuda:1"):
        choose("cuda:2")


@pytest.mark.parametrize("capability", [None, "amx_bf16", "avx512_bf16"])
@pytest.mark.parametrize(
    ("architecture", "recipe", "pays"),
    [
        (dense(4), Recipe(), True),
        (dense(4), Recipe(kind="denoising"), True),
        (dense(4), Recipe(kind="sparse"), False),
        (dense(4), Recipe(optimiser="sgd"), False),  # its loss bears the rounding less well
        (convolutional(), Recipe(), True),
        (convolutional(), Recipe(kind="sparse"), True),
    ],
)
def test_bfloat16_is_chosen_where_it_pays_on_hardware_made_for_it(
    capability: str | None,
    architecture: Architecture,
    recipe: Recipe,
    pays: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {"avx2": True, "amx_bf16": False, **({capability: True} if capability else {})}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found)
    expected = "bfloat16" if capability and pays else "float32"
    assert choose_precision("auto", CPU, architecture, recipe) == expected
    for wanted in ("float32", "tf32", "bfloat16"):
        assert choose_precision(wanted, CPU, architecture, recipe) == wanted


@pytest.mark.usefixtures("two_cards")
def test_dense_networks_multiply_in_tf32_on_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    card = torch.device("cuda:0")
    assert choose_precision("auto", card, dense(4), Recipe()) == "tf32"
    assert choose_precision("auto", card, convolutional(), Recipe()) == "bfloat16"


def test_tf32_is_allowed_for_as_long_as_a_run_asks_for_it() -> None:
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    with arithmetic("tf32"):
        assert matmul.allow_tf32
    with arithmetic("float32"):
        assert not matmul.allow_tf32
    assert matmul.allow_tf32 == before


def test_the_capabilities_of_this_machine_can_be_asked_for() -> None:
    assert choose_precision("auto", CPU, convolutional(), Recipe()) in {"float32", "bfloat16"}


def test_a_description_tells_device_threads_and_precision() -> None:
    text = describe(CPU, "bfloat16")
    assert "CPU" in text
    assert f"{torch.get_num_threads()} thread" in text
    assert text.endswith("bfloat16")


@needs_cuda
def test_training_on_cuda_takes_the_path_of_the_cpu() -> None:
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28), dtype=np.uint8)
    recipe, losses = Recipe(batch_size=16), {}
    for name in ("cpu", "cuda"):
        engine = TorchEngine(dense(16), recipe, initial_weights(dense(16), 0), images, choose(name))
        engine.begin_epoch(np.arange(64)[::-1].copy())
        settings = StepSettings.of(recipe, (0, 1, 0))
        losses[name] = [
            float(engine.step(start, start + 16, settings).reconstruction) for start in range(0, 64, 16)
        ]
        losses[name].append(engine.evaluate(images, settings).reconstruction)
        assert engine.encode(images[:3]).shape == (3, 16)
        assert all(array.dtype == np.float32 for array in engine.weights().values())
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=1e-3)


@needs_cuda
def test_the_convolutional_network_trains_on_cuda_at_the_precision_chosen_there() -> None:
    images = np.random.default_rng(0).integers(0, 256, (64, 28, 28), dtype=np.uint8)
    device = choose("auto")
    precision = choose_precision("auto", device, convolutional(), Recipe())
    weights = initial_weights(convolutional(), 0, output_bias=-1.9)
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    engine = TorchEngine(convolutional(), Recipe(), weights, images, device, dtype)
    settings = StepSettings.of(Recipe(), (0, 1, 0))
    before = engine.evaluate(images, settings).reconstruction
    for _ in range(5):
        engine.step(0, 64, settings)
    assert engine.evaluate(images, settings).reconstruction < before
    assert torch.cuda.get_device_name(device) in describe(device, precision)


@needs_cuda
@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
@pytest.mark.parametrize("architecture", [dense(16), convolutional()], ids=["dense", "conv"])
def test_a_captured_step_is_the_step(architecture: Architecture, optimiser: Optimiser) -> None:
    images = np.random.default_rng(0).integers(0, 256, (200, 28, 28), dtype=np.uint8)
    recipe, weights = Recipe(batch_size=16, optimiser=optimiser), initial_weights(architecture, 0)
    losses: dict[bool, list[float]] = {True: [], False: []}
    for is_captured, told in losses.items():
        engine = TorchEngine(architecture, recipe, weights, images, choose("cuda"))
        if not is_captured:
            engine._captured = None
        engine.begin_epoch(np.arange(200))
        for step, start in enumerate(range(0, 200, 16)):  # the last one is smaller
            settings = replace(StepSettings.of(recipe, (0, 1, step)), learning_rate=1e-3 / (step + 1))
            told.append(float(engine.step(start, min(start + 16, 200), settings).reconstruction))
        told.append(engine.evaluate(images, settings).reconstruction)
        assert optimiser == "sgd" or engine.optimiser_state()["steps"][0] == 13
    assert losses[True] == pytest.approx(losses[False], rel=1e-3)


@needs_cuda
def test_a_run_begun_on_cuda_goes_on_on_the_cpu_and_back(digits: DataSet, tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run")
    config = TrainingConfig.of("dense-2d", data="digits", epochs=1, device="cuda", batch_size=64)
    list(run_training(config, digits, run))
    list(go_on(run, digits, device="cpu", epochs=2))
    list(go_on(run, digits, device="cuda", epochs=3))
    losses = [row["validation_loss"] for row in run.read_history()]
    assert losses == sorted(losses, reverse=True)
    assert len(losses) == 3
