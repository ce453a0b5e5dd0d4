"""What a linter of imports cannot say: which modules are really loaded, and what works without them."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "torchvision", "sklearn", "matplotlib", "tkinter", "openTSNE", "skimage")


def loaded(*statements: str, without: tuple[str, ...] = ()) -> set[str]:
    """Which heavy modules a fresh Python has after these statements; those of `without` cannot be imported."""
    script = "\n".join(
        [
            "import sys",
            f"for name in {without!r}: sys.modules[name] = None",
            *statements,
            f"print([name for name in {HEAVY!r} if sys.modules.get(name)])",
        ]
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(eval(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "module",
    [
        "aedesk.errors",
        "aedesk.paths",
        "aedesk.sketch",
        "aedesk.data.sources",
        "aedesk.models.architecture",
        "aedesk.models.presets",
        "aedesk.models.initialisation",
        "aedesk.models.checkpoint",
        "aedesk.scratch.engine",
        "aedesk.storage.checkpoint",
        "aedesk.storage.runs",
        "aedesk.storage.library",
        "aedesk.training.config",
        "aedesk.training.events",
        "aedesk.app.explorer",
        "aedesk.app.ink",
        "aedesk.app.jobs",
        "aedesk.app.settings",
        "aedesk.app.trainer",
        "aedesk.cli",
    ],
)
def test_what_a_window_needs_at_once_waits_for_nothing_heavy(module: str) -> None:
    assert loaded(f"import {module}") == set()


def test_the_help_of_every_command_is_there_without_torch() -> None:
    assert loaded("from aedesk.cli.parser import build", "build().format_help()") == set()


def test_a_configuration_is_checked_without_torch() -> None:
    statement = "TrainingConfig.of('conv', epochs=3).command('run')"
    assert loaded("from aedesk.training.config import TrainingConfig", statement, without=("torch",)) == set()


def test_the_numpy_engine_trains_without_torch() -> None:
    statements = """
import numpy as np
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.models.step import StepSettings
from aedesk.scratch.engine import NumpyEngine
from aedesk.training.config import TrainingConfig
from aedesk.training.events import EpochDone
preset = PRESETS["vanilla-64"]
images = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
engine = NumpyEngine(preset.architecture, preset.recipe, initial_weights(preset.architecture, 0), images)
settings = StepSettings.of(preset.recipe, (0, 1, 0))
before = engine.evaluate(images, settings).reconstruction
for _ in range(3):
    engine.step(0, 40, settings)
assert engine.evaluate(images, settings).reconstruction < before
"""
    assert loaded(statements, without=("torch",)) == set()


def test_a_file_is_read_and_described_without_torch(tmp_path) -> None:
    statements = f"""
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.presets import PRESETS
from aedesk.storage import checkpoint
from aedesk.storage.library import load_checkpoint
from aedesk.storage.runs import Run
network = PRESETS["dense-2d"].architecture
run = Run.create({str(tmp_path / "run")!r})
run.save(Checkpoint("mine", network, initial_weights(network, 0), {{"preset": "dense-2d"}}))
assert load_checkpoint(run.path).architecture.summary() == network.summary()
"""
    assert loaded(statements, without=("torch", "tkinter")) == set()


def test_training_and_exploring_work_where_there_is_no_tk_and_no_matplotlib(tmp_path) -> None:
    statements = f"""
import os, time
os.environ["AEDESK_HOME"] = {str(tmp_path)!r}
from aedesk.app.explorer import Explorer
from aedesk.app.jobs import Jobs
from aedesk.app.trainer import Trainer
from aedesk.training.config import TrainingConfig
jobs = Jobs()
trainer, explorer = Trainer(jobs), Explorer(jobs)
trainer.failed.connect(lambda problem: sys.exit(repr(problem)))
explorer.failed.connect(lambda problem: sys.exit(repr(problem)))
trainer.finished.connect(lambda folder: explorer.load(str(folder)))
trainer.start(TrainingConfig.of("dense-2d", data="digits", epochs=1, device="cpu"))
while explorer.active is None or jobs.are_running:
    jobs.poll()
    time.sleep(0.01)
explorer.pick_at(0.0, 0.0)
assert explorer.pick.image.shape == (28, 28)
"""
    gui = ("tkinter", "_tkinter", "ttkbootstrap", "matplotlib", "PIL.ImageTk")
    assert "torch" in loaded(statements, without=gui)
