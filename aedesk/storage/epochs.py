"""The epochs of a run that are kept: each a file from which training could go on, and pictures be made. No torch."""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aedesk.errors import AedeskError
from aedesk.models.architecture import Architecture
from aedesk.storage import files, tensors

_KIND = "epoch"
_MOST = 1000  # epochs that are kept, however small they are
_SUFFIX = ".safetensors"
_NAME = re.compile(r"(\d{5}|[1-9]\d{5,})" + re.escape(_SUFFIX), re.ASCII)  # as `Epochs.path` makes it


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A run as it was after `epoch` epochs; 0 is before the first step.

    weights: as of a checkpoint. optimiser: as `Engine.optimiser_state` gives it. points: (n, 2) float32, where the
    codes of the run's sample lay on its map. row: the epoch's row of the history, empty for epoch 0. changes: of the
    recipe's numbers, all up to here, each with `epoch`, `name`, `old` and `new`.
    """

    epoch: int
    architecture: Architecture
    weights: dict[str, np.ndarray]
    optimiser: dict[str, np.ndarray]
    points: np.ndarray
    row: dict[str, float] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Epochs:
    """The folder of a run's snapshots."""

    folder: Path

    def path(self, epoch: int) -> Path:
        return self.folder / f"{epoch:05}{_SUFFIX}"

    def kept(self) -> list[int]:
        """The epochs that are there, ascending; reading one may still fail."""
        # Names alone, without a look at each file: the window asks at every epoch, and there may be thousands.
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            names = [_NAME.fullmatch(entry.name) for entry in entries]
            return sorted(int(name[1]) for name in names if name)
        return []

    def bytes(self) -> int:
        """What they take on the disk."""
        return sum(self._sizes().values())

    def save(self, snapshot: Snapshot) -> None:
        """Write the snapshot, whole or not at all; it is on the disk when this returns."""
        files.make_folder(self.folder)
        arrays = {f"weights/{name}": array for name, array in snapshot.weights.items()}
        arrays |= {f"optimiser/{name}": array for name, array in snapshot.optimiser.items()}
        arrays["points"] = snapshot.points
        card = {
            "epoch": snapshot.epoch,
            "architecture": snapshot.architecture.to_json(),
            "row": {name: value if math.isfinite(value) else None for name, value in snapshot.row.items()},
            "changes": snapshot.changes,
        }
        tensors.write(self.path(snapshot.epoch), _KIND, arrays, card)

    def changes(self, epoch: int) -> list[dict[str, Any]]:
        """What had been changed by then, from the first bytes of the file. Raises AedeskError as `load` does."""
        path = self._kept_path(epoch)
        changes = tensors.read_card(path, _KIND).get("changes")
        if not isinstance(changes, list):
            raise AedeskError(f"{path}: not an epoch that aedesk can use: it does not say what was changed")
        return changes

    def _kept_path(self, epoch: int) -> Path:
        kept = self.kept()
        if epoch not in kept:
            told = f"epoch {epoch} is not kept; there are {in_words(kept)}"
            raise AedeskError(f"{self.folder.parent}: {told if kept else 'no epoch of this run is kept'}")
        return self.path(epoch)

    def load(self, epoch: int) -> Snapshot:
        """The snapshot of an epoch. Raises AedeskError in one line if it is not kept, and says which are, or if it is
        not what `save` wrote."""
        path = self._kept_path(epoch)
        card, arrays = tensors.read(path, _KIND)
        try:
            architecture = Architecture.from_json(card["architecture"])
            row = {name: math.nan if value is None else value for name, value in card["row"].items()}
            weights = _part(arrays, "weights/")
            snapshot = Snapshot(
                card["epoch"],
                architecture,
                {name: weights[name] for name in architecture.tensor_shapes},
                _part(arrays, "optimiser/"),
                arrays["points"],
                row,
                list(card["changes"]),
            )
            shapes = {name: array.shape for name, array in weights.items()}
            flat = snapshot.points.shape == (len(snapshot.points), 2)
            if snapshot.epoch != epoch or shapes != architecture.tensor_shapes or not flat:
                raise ValueError("its numbers are not those of its network and epoch")
        except (LookupError, TypeError, ValueError, AttributeError) as problem:
            raise AedeskError(
                f"{path}: not an epoch that aedesk can use: {tensors.one_line(problem)}"
            ) from None
        return snapshot

    def newest(self) -> Snapshot | None:
        """The last snapshot that can be read: where a run goes on."""
        for epoch in reversed(self.kept()):
            with contextlib.suppress(AedeskError):
                return self.load(epoch)
        return None

    def thin(self, budget: int, spared: Iterable[int]) -> None:
        """Remove epochs until the rest takes at most `budget` bytes; `spared` and the newest always stay."""
        with contextlib.suppress(
            OSError
        ):  # a folder that cannot be listed or changed is told by the next save
            sizes = self._sizes()
            for epoch in sizes.keys() - kept_within(sizes, budget, spared):
                self.path(epoch).unlink(missing_ok=True)

    def drop_after(self, epoch: int) -> None:
        """Remove what lies after `epoch`: training goes on from there."""
        for later in self.kept():
            if later > epoch:
                try:
                    self.path(later).unlink(missing_ok=True)
                except OSError as problem:
                    raise AedeskError(
                        f"{self.path(later)}: cannot be removed: {files.reason(problem)}"
                    ) from problem

    def _sizes(self) -> dict[int, int]:
        sizes = {}
        for epoch in self.kept():
            with contextlib.suppress(OSError):  # whoever trains the run has thinned it out since
                sizes[epoch] = self.path(epoch).stat().st_size
        return sizes


def kept_within(sizes: dict[int, int], budget: int, spared: Iterable[int] = ()) -> set[int]:
    """Which epochs to keep of those with these sizes in bytes: every one, or every second, fourth, eighth ..., the
    least power of two at which they take at most `budget` and a slider can tell them apart; `spared` and the
    newest whatever they take."""
    always = {*spared, max(sizes, default=0)} & sizes.keys()
    stride = 1
    while True:
        kept = always | {epoch for epoch in sizes if epoch % stride == 0}
        if len(kept) <= _MOST + len(always) and sum(sizes[epoch] for epoch in kept) <= budget:
            return kept
        if stride > max(sizes, default=0):  # only epoch 0 and the spared are left
            return always
        stride *= 2


def in_words(epochs: Sequence[int]) -> str:
    """Ascending epochs as ranges: `0 to 8, 10, 12`; of many, the first and the last."""
    ranges: list[list[int]] = []
    for epoch in epochs:
        if ranges and epoch == ranges[-1][-1] + 1:
            ranges[-1].append(epoch)
        else:
            ranges.append([epoch])
    told = [str(each[0]) if len(each) == 1 else f"{each[0]} to {each[-1]}" for each in ranges]
    return ", ".join(told if len(told) <= 8 else [*told[:4], "...", *told[-3:]])


def _part(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
