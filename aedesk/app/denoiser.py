"""The drawing damaged and mended, live: by the shipped denoiser, the model in use and two filters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.analysis import denoising, fidelity
from aedesk.analysis.denoising import Comparison, Filter
from aedesk.analysis.watch import IsCancelled, Progress
from aedesk.app.jobs import Jobs
from aedesk.app.latest_wish import Found, LatestWish
from aedesk.app.signal import Signal
from aedesk.app.worker import Link
from aedesk.data import sources
from aedesk.data.corruption import Corruption, Mixture, corrupt

if TYPE_CHECKING:
    from aedesk.models.model import Model

DENOISER = "denoise-conv"
"""The shipped model that was trained to mend."""

_USUAL: dict[Filter, float] = {"median": 3, "tv": 0.1}  # where nothing tells a filter which setting is best


@dataclass(frozen=True)
class Damage:
    """What is to befall the drawing. seed: which draw of it."""

    kind: Corruption | Mixture = "gaussian"
    strength: float = 0.5
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Mended:
    """A picture (28, 28) that a method made, and how near it is to the clean one: None where that is not known.

    method: "damaged", "denoiser", "model" (the one in use), "median" or "tv". words: which model, which setting.
    """

    method: str
    words: str
    image: np.ndarray
    psnr: float | None
    ssim: float | None


@dataclass(frozen=True, eq=False)
class Mending:
    """clean: (28, 28), or None where nobody knows it. results: the damaged picture first; what there is no model for
    is left out."""

    clean: np.ndarray | None
    results: tuple[Mended, ...]


@dataclass(frozen=True, eq=False)
class _Wish:
    """damage: None where `damaged` is damaged already."""

    clean: np.ndarray | None
    damaged: np.ndarray | None
    damage: Damage | None
    model: Model


@dataclass(frozen=True, eq=False)
class _Shipped:
    model: Model | None


class Denoiser:
    """Mends the picture that was asked for last, in the background.

    Signals: `changed` (Mending, or None where there is nothing to mend), `failed`.
    """

    def __init__(self, jobs: Jobs) -> None:
        self.mending: Mending | None = None
        self.changed: Signal[Mending | None] = Signal()
        self.failed: Signal[BaseException] = Signal()
        self._wishes: LatestWish[_Wish, _Shipped, Mending] = LatestWish(
            jobs, "mend the drawing", _make, self._on_made, self._on_failed
        )
        self._needs_denoiser = True
        self._next: _Wish | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something that was asked for is still to come."""
        return self._wishes.is_busy

    def damage(self, clean: np.ndarray, damage: Damage, model: Model) -> None:
        """Damage a picture (28, 28) in [0, 1], and mend it; each filter at the setting that is best for it."""
        self._ask(_Wish(clean, None, damage, model))

    def mend(self, damaged: np.ndarray, clean: np.ndarray | None, model: Model) -> None:
        """Mend a picture (28, 28) that is damaged as it is; clean: what it was before, if that is known."""
        self._ask(_Wish(clean, damaged, None, model))

    def clear(self) -> None:
        """There is nothing to mend."""
        self._next = None
        self._wishes.forget()
        self._tell(None)

    def _ask(self, wish: _Wish) -> None:
        # What is at work is shown first: while the pen moves, each wish would be overtaken by the next.
        if self._wishes.is_busy:
            self._next = wish
        else:
            self._wishes.ask(wish, DENOISER, needs_help=self._needs_denoiser)

    def _on_made(self, _: _Wish, made: Mending) -> None:
        self._needs_denoiser = False
        self._tell(made)
        self._go_on()

    def _on_failed(self, problem: BaseException) -> None:
        self._tell(None)
        self.failed.emit(problem)
        self._go_on()

    def _go_on(self) -> None:
        wish, self._next = self._next, None
        if wish is not None:
            self._ask(wish)

    def _tell(self, mending: Mending | None) -> None:
        self.mending = mending
        self.changed.emit(mending)


def is_shipped() -> bool:
    """Whether this installation has the model that was trained to mend."""
    from aedesk.storage.library import shipped

    return DENOISER in shipped()


def shipped_denoiser() -> Model | None:
    """The shipped model that was trained to mend; None where this installation has none."""
    from aedesk.storage.library import load_model

    return load_model(DENOISER) if is_shipped() else None


def _make(wish: _Wish, shipped: _Shipped | None, link: Link[Any]) -> Iterator[Any]:
    if shipped is None:
        shipped = _Shipped(shipped_denoiser())
        yield Found(shipped)
    if link.stopped():
        return
    clean = None if wish.clean is None else wish.clean[None]
    if wish.damage is not None:
        assert clean is not None
        rng = np.random.default_rng(wish.damage.seed)
        damaged = corrupt(clean, wish.damage.kind, wish.damage.strength, rng)
    else:
        assert wish.damaged is not None
        damaged = wish.damaged[None]
    results = [_judged("damaged", "", damaged, clean)]
    for method, model in {"denoiser": shipped.model, "model": wish.model}.items():
        if model is not None:
            results.append(_judged(method, model.name, denoising.denoise(model, damaged), clean))
    for kind in denoising.FILTERS:
        setting = _USUAL[kind] if clean is None else denoising.best_setting(kind, clean, damaged)
        words = denoising.setting_words(kind, setting)
        results.append(_judged(kind, words, denoising.filtered(kind, damaged, setting), clean))
    yield Mending(wish.clean, tuple(results))


def _judged(method: str, words: str, images: np.ndarray, clean: np.ndarray | None) -> Mended:
    if clean is None:
        return Mended(method, words, images[0], None, None)
    return Mended(
        method,
        words,
        images[0],
        float(fidelity.psnr(images, clean)[0]),
        float(fidelity.ssim(images, clean)[0]),
    )


@dataclass(frozen=True)
class Measuring:
    """What to measure on test images. data: name or path. limit: how many of them at most. every: strength, not one."""

    data: str
    damage: Damage
    limit: int | None = None
    every: bool = False


def measure(wish: Measuring, model: Model, progress: Progress, cancelled: IsCancelled) -> list[Comparison]:
    """The shipped denoiser, the model in use and the filters compared; several where every strength is asked for.

    Raises AedeskError where the data set is not on this machine, Cancelled.
    """
    progress("loading the data", 0, 1)
    data = sources.load(wish.data, offline=True)
    denoiser = shipped_denoiser()
    models = [model] if denoiser is None or denoiser.name == model.name else [denoiser, model]
    damage = wish.damage
    if wish.every:
        return denoising.sweep(
            models,
            data,
            damage.kind,
            limit=wish.limit,
            seed=damage.seed,
            progress=progress,
            cancelled=cancelled,
        )
    return [
        denoising.compare(
            models,
            data,
            damage.kind,
            damage.strength,
            limit=wish.limit,
            seed=damage.seed,
            progress=progress,
            cancelled=cancelled,
        )
    ]
