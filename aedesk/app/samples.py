"""New digits: codes drawn at random, from a prior or from where those of the atlas lie."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.app.explorer import Explorer
from aedesk.app.jobs import Jobs
from aedesk.app.latest_wish import Found, LatestWish
from aedesk.app.loading import ActiveModel
from aedesk.app.signal import Signal
from aedesk.app.worker import Link
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.temperature import HOTTEST
from aedesk.storage.pictures import in_rows, sheet, write_png

if TYPE_CHECKING:
    from aedesk.latent.mixture import Mixture

MOST = 500
"""Samples on a sheet."""

_SEEDS = 1_000_000  # as many different surprises, of numbers short enough to be typed
_ENLARGED = 8  # pixels of a file for one of a sample
_AT_ONCE = 8  # samples decoded between two looks at whether they are still wanted


@dataclass(frozen=True, eq=False)
class Sheet:
    """New codes (n, D), their images (n, 28, 28) in [0, 1], and their points (n, 2) on the map in use.

    kind, temperature, seed: what they were drawn by.
    """

    codes: np.ndarray
    images: np.ndarray
    points: np.ndarray
    kind: str
    temperature: float
    seed: int


@dataclass(frozen=True, eq=False)
class _Wish:
    """What a sheet is made from."""

    active: ActiveModel
    kind: str
    temperature: float
    seed: int
    count: int


class Samples:
    """The sheet of samples that was drawn last, and by what the next one will be.

    kinds: the samplers of the model in use, the best first; kind: one of them. temperature: in [0, HOTTEST], see
    `latent.sampling`. sheet: None before the first one of a model; the latest wish wins. Signals: `changed` (any of
    these, or `is_busy`), `failed` (what went wrong).
    """

    def __init__(self, explorer: Explorer, jobs: Jobs) -> None:
        self._active: ActiveModel | None = None
        self._work: LatestWish[_Wish, Mixture, Sheet] = LatestWish(
            jobs, "samples", _draw, self._on_made, self._on_failed
        )
        self.kinds: tuple[str, ...] = ()
        self.kind = ""
        self._chosen = ""  # the sampler that was asked for last, which a model need not have
        self.temperature = 1.0
        self.seed = 0
        self.count = 24
        self.sheet: Sheet | None = None
        self.changed: Signal[None] = Signal()
        self.failed: Signal[BaseException] = Signal()
        if explorer.active is not None:
            self._adopt(explorer.active)
        explorer.model_changed.connect(self._adopt)

    @property
    def is_busy(self) -> bool:
        """Whether a sheet is on its way from the background."""
        return self._work.is_busy

    def draw(
        self,
        kind: str | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        count: int | None = None,
    ) -> None:
        """Draw a sheet in the background; what is not given is as before. Without a model nothing happens.

        Raises AedeskError for what no sheet can be drawn by.
        """
        if self._active is None:
            return
        wish = _Wish(
            self._active,
            self.kind if kind is None else kind,
            self.temperature if temperature is None else temperature,
            self.seed if seed is None else seed,
            self.count if count is None else count,
        )
        _check(wish, self.kinds)
        if wish.kind != self.kind:
            self._chosen = wish.kind
        self.kind, self.temperature, self.seed, self.count = (
            wish.kind,
            wish.temperature,
            wish.seed,
            wish.count,
        )
        self._work.ask(wish, wish.active.atlas.fingerprint, needs_help=wish.kind == "mixture")
        self.changed.emit(None)

    def surprise(self) -> None:
        """Draw a sheet by a seed that nobody chose."""
        self.draw(seed=secrets.randbelow(_SEEDS))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the sheet as a PNG. Raises AedeskError."""
        if self.sheet is None:
            raise AedeskError("There are no samples to save yet; draw some first.")
        write_png(path, sheet(in_rows(self.sheet.images), _ENLARGED))

    def _adopt(self, active: ActiveModel) -> None:
        from aedesk.latent.sampling import kinds

        before, self._active = self._active, active
        if before is not None and before.model is active.model:
            self._lay_out()
        else:
            self.kinds = kinds(prior=active.model.architecture.variational)
            self.kind = self._chosen if self._chosen in self.kinds else self.kinds[0]
            self.sheet = None
            self._work.stop()
        self.changed.emit(None)

    def _lay_out(self) -> None:
        """Find the places of the samples on the map in use."""
        if self._active is not None and self.sheet is not None:
            self.sheet = replace(self.sheet, points=self._active.projection.to_points(self.sheet.codes))

    def _on_made(self, wish: _Wish, sheet: Sheet) -> None:
        self.sheet = sheet
        if self._active is not None and self._active.projection is not wish.active.projection:
            self._lay_out()
        self.changed.emit(None)

    def _on_failed(self, problem: BaseException) -> None:
        self.failed.emit(problem)
        self.changed.emit(None)


def _check(wish: _Wish, kinds: tuple[str, ...]) -> None:
    from aedesk.latent.sampling import check_kind

    check_kind(wish.kind, prior="prior" in kinds)
    if not 0 <= wish.temperature <= HOTTEST:
        raise AedeskError(f"The temperature must be between 0 and {HOTTEST:g}, not {wish.temperature:g}.")
    if wish.seed < 0:
        raise AedeskError(f"The seed must be 0 or more, not {wish.seed}.")
    if not 1 <= wish.count <= MOST:
        raise AedeskError(f"A sheet has from 1 to {MOST} samples, not {wish.count}.")


def _draw(wish: _Wish, mixture: Mixture | None, link: Link[Any]) -> Iterator[Found[Mixture] | Sheet]:
    """Yield the mixture, where it is needed and not there yet, and the sheet."""
    from aedesk.latent.mixture import mixture_for
    from aedesk.latent.sampling import sample
    from aedesk.storage import library

    active = wish.active
    if wish.kind == "mixture":
        if mixture is None:
            try:
                mixture = mixture_for(active.atlas, library.found(active.reference), cancelled=link.stopped)
            except Cancelled:
                return
            yield Found(mixture)
        codes = mixture.sample(wish.count, wish.seed, wish.temperature)
    else:
        codes = sample(wish.kind, active.atlas, wish.count, wish.seed, wish.temperature)
    images = []
    for start in range(0, len(codes), _AT_ONCE):
        if link.stopped():
            return
        images.append(active.model.decode(codes[start : start + _AT_ONCE]))
    points = active.projection.to_points(codes)
    yield Sheet(codes, np.concatenate(images), points, wish.kind, wish.temperature, wish.seed)
