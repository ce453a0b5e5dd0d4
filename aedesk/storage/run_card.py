"""What a list shows of one training run, read quickly, and from broken files as far as they can be read."""

from __future__ import annotations

import contextlib
import math
import os
import stat
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.design import Design
from aedesk.models.history import HistoryRow, best_epoch
from aedesk.models.presets import PRESETS
from aedesk.storage import checkpoint as checkpoints
from aedesk.storage.lock import is_locked
from aedesk.storage.runs import CONFIG, EPOCHS, HISTORY, MODEL, Run
from aedesk.storage.tensors import one_line

Status = Literal["running", "completed", "stopped", "interrupted", "damaged"]

FILES = (MODEL, CONFIG, HISTORY)
_MAX_TEXT = 16 << 20  # bytes of a file that is meant for people; 10,000 epochs take about 1 MB
_ENDED = {"completed", "minutes", "patience", "target"}


@dataclass(frozen=True)
class RunCard:
    """All that a list shows of the run in the folder `path`. Words are empty, numbers None, where nothing is known.

    preset: `own network` where it is one. losses are per pixel, as the run's own loss measures them; test_mse is the
    mean squared error on test images.
    seconds: of training. size: bytes of everything in the folder. started, modified: seconds since 1970.
    status: `interrupted` is a run that nobody trains and that never said that it has ended; `reason` says what is
    wrong with a `damaged` one. has_model: whether its model can be used.
    branched_from: name and epoch of the run that this one began from. config: every setting, as in config.json.
    """

    path: Path
    status: Status = "interrupted"
    reason: str = ""
    has_model: bool = False
    preset: str = ""
    kind: str = ""
    network: str = ""
    code_size: int | None = None
    parameters: int | None = None
    data: str = ""
    engine: str = ""
    device_used: str = ""
    loss: str = ""
    epochs_done: int = 0
    epochs_planned: int | None = None
    best_validation: float | None = None
    best_epoch: int | None = None
    last_training: float | None = None
    test_mse: float | None = None
    seconds: float = 0.0
    size: int = 0
    started: float = 0.0
    modified: float = 0.0
    branched_from: tuple[str, float] | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The folder's name, in one line: a file system allows more."""
        return one_line(self.path.name)


def as_of_now(card: RunCard) -> RunCard:
    """With the status of a run that is being trained, if it is: a lock comes and goes, and changes no file."""
    return replace(card, status="running", reason="") if is_locked(card.path) else card


def stat_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def read_card(path: Path) -> RunCard:
    """The card of the run in `path`, from its files alone: `as_of_now` knows whether somebody trains it."""
    problems: list[str] = []
    model = _model(path, problems)
    config = _config(path, problems)
    if model is not None:
        config = config or model.config
    history = _history(path, model, problems)
    status = _status(config, history)
    if model is None and status == "completed" and not problems:
        problems.append(f"{MODEL} is missing; copy it back, or train the run again")
    card = RunCard(
        path,
        status="damaged" if problems else status,
        reason=problems[0] if problems else _text(config.get("reason")),
        has_model=model is not None,
        history=history,
        config=config,
    )
    return _with_times(_with_results(_with_settings(card, model), model))


def _with_settings(card: RunCard, model: Checkpoint | None) -> RunCard:
    config = card.config
    preset = _text(config.get("preset"))
    architecture = model.architecture if model is not None else _architecture(config)
    changes = config.get("changes")
    return replace(
        card,
        preset="own network" if _is_own(config) else preset,
        kind=_text(config.get("kind")) or ("plain" if config else ""),  # older runs had no other
        network=architecture.summary() if architecture is not None else "",
        code_size=architecture.code_size if architecture is not None else _whole(config.get("code")),
        parameters=architecture.parameters if architecture is not None else None,
        data=_data_name(config.get("data")),
        engine=_text(config.get("engine")),
        device_used=_text(config.get("device_used")),
        loss=_text(config.get("loss")),
        epochs_planned=_whole(config.get("epochs")),
        branched_from=_branch(config.get("branched_from")),
        changes=[change for change in changes if isinstance(change, dict)]
        if isinstance(changes, list)
        else [],
    )


def _is_own(config: dict[str, Any]) -> bool:
    return "layers" in config


def _architecture(config: dict[str, Any]) -> Architecture | None:
    """What the network will be, of a run that has no model yet."""
    try:
        if _is_own(config):
            names = [each.name for each in fields(Design) if each.name in config]
            plain = Design.from_json({name: config[name] for name in names}).architecture()
        else:
            plain = PRESETS[config["preset"]].architecture
        return plain.as_variational() if config.get("kind") == "variational" else plain
    except (AedeskError, ValueError, TypeError, LookupError):
        return None


def _with_results(card: RunCard, model: Checkpoint | None) -> RunCard:
    history = card.history
    told = [(_text(change.get("name")), _finite(change.get("epoch"))) for change in card.changes]
    changes = [(name, epoch) for name, epoch in told if epoch is not None]
    losses = {
        _epoch(row, number): loss
        for number, row in enumerate(history, start=1)
        if (loss := _finite(row.get("validation_loss"))) is not None
    }
    rows: list[HistoryRow] = [{"epoch": epoch, "validation_loss": loss} for epoch, loss in losses.items()]
    best = best_epoch(rows, changes) or None
    seconds = (row.get("seconds", math.nan) for row in history)
    metrics = model.metrics if model is not None else {}
    return replace(
        card,
        epochs_done=_epoch(history[-1], len(history)) if history else 0,
        best_validation=None if best is None else losses[best],
        best_epoch=best,
        last_training=_finite(history[-1].get("train_loss")) if history else None,
        test_mse=_finite(metrics.get("test_mse")),
        seconds=sum(taken for taken in seconds if math.isfinite(taken)),
    )


def _with_times(card: RunCard) -> RunCard:
    found = [
        known
        for folder in (card.path, card.path / EPOCHS)
        for path in _content(folder)
        if (known := stat_of(path)) is not None and stat.S_ISREG(known.st_mode)
    ]
    times = [known.st_mtime for known in found]
    # The lock is no news: it is made by whoever moves the folder, too.
    news = [known.st_mtime for name in FILES if (known := stat_of(card.path / name)) is not None]
    return replace(
        card,
        size=sum(known.st_size for known in found),
        started=min(times, default=0.0),
        modified=max(news or times, default=0.0),
    )


def _content(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _model(path: Path, problems: list[str]) -> Checkpoint | None:
    if stat_of(path / MODEL) is None:
        return None
    try:
        return checkpoints.read_card(path / MODEL)
    except AedeskError as problem:
        problems.append(_without_folder(problem, path))
        return None


def _config(path: Path, problems: list[str]) -> dict[str, Any]:
    if not _can_be_read(path / CONFIG, problems):
        return {}
    try:
        return Run(path).read_config()
    except AedeskError as problem:
        problems.append(_without_folder(problem, path))
        return {}


def _history(path: Path, model: Checkpoint | None, problems: list[str]) -> list[dict[str, float]]:
    """Every epoch that is told by the table or by the model, whichever tells more of them."""
    rows: list[dict[str, float]] = []
    if _can_be_read(path / HISTORY, problems):
        with contextlib.suppress(AedeskError):  # the model has been read, and what is wrong with it been said
            rows = Run(path).read_history()
        if not _has_columns(path / HISTORY):
            problems.append(f"{HISTORY}: damaged: this is no table of epochs")
    of_model = model.history if model is not None else []
    return rows if len(rows) >= len(of_model) else of_model


def _has_columns(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"epoch".startswith(file.read(5))
    except OSError:
        return False


def _can_be_read(path: Path, problems: list[str]) -> bool:
    known = stat_of(path)
    if known is not None and known.st_size > _MAX_TEXT:
        problems.append(f"{path.name}: damaged: larger than the {_MAX_TEXT >> 20} MiB that aedesk reads")
    return known is not None and known.st_size <= _MAX_TEXT


def _without_folder(problem: AedeskError, folder: Path) -> str:
    return str(problem).replace(f"{folder}{os.sep}", "")


def _status(config: dict[str, Any], history: list[dict[str, float]]) -> Status:
    said = config.get("status")
    if said is None:  # older runs said nothing, and could not be continued
        planned = _whole(config.get("epochs"))
        if not history:
            return "interrupted"
        return "completed" if planned is not None and len(history) >= planned else "stopped"
    if said == "stopped":
        return "stopped"
    return "completed" if isinstance(said, str) and said in _ENDED else "interrupted"


def _epoch(row: dict[str, float], otherwise: int) -> int:
    epoch = _finite(row.get("epoch"))
    return otherwise if epoch is None else int(epoch)


def _finite(number: object) -> float | None:
    try:
        is_number = isinstance(number, int | float) and math.isfinite(number)
    except OverflowError:  # an integer of hundreds of digits
        return None
    return float(number) if is_number and isinstance(number, int | float) else None


def _whole(number: object) -> int | None:
    return number if type(number) is int and 0 <= number < 2**63 else None


def _text(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""


def _data_name(value: object) -> str:
    """The name of a data set; of the user's own, that of its file or folder."""
    return _text(value).replace("\\", "/").rstrip("/").rpartition("/")[2]


def _branch(value: object) -> tuple[str, float] | None:
    if not isinstance(value, dict):
        return None
    return _data_name(value.get("run")), _finite(value.get("epoch")) or 0.0
