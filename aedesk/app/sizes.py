"""The drawing under every shipped model at once, and the long measurements of code sizes and maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.app.jobs import Jobs
from aedesk.app.signal import Signal
from aedesk.app.worker import Link
from aedesk.errors import AedeskError
from aedesk.storage import library

if TYPE_CHECKING:
    from aedesk.analysis.dimensionality import SizeReport
    from aedesk.analysis.faithfulness import FaithReport
    from aedesk.analysis.pca import PixelPca
    from aedesk.app.loading import ActiveModel
    from aedesk.latent.atlas import Atlas
    from aedesk.models.model import Model

Progress = Callable[[str, int, int], None]
IsCancelled = Callable[[], bool]


@dataclass(frozen=True, eq=False)
class Standing:
    """One model in the arena. reference: what it is loaded by. in_use: whether it is the one of the whole window.

    picture: (28, 28), what it makes of the drawing, with its error per pixel; None for a blank canvas.
    pca_picture, pca_mse: the same of PCA with as many numbers; None until that is fitted, and beyond 784 numbers.
    """

    label: str
    reference: str
    code_size: int
    in_use: bool
    picture: np.ndarray | None = None
    mse: float | None = None
    pca_picture: np.ndarray | None = None
    pca_mse: float | None = None

    @property
    def beats_pca(self) -> bool | None:
        """None where there is nothing to compare."""
        return None if self.mse is None or self.pca_mse is None else self.mse < self.pca_mse


@dataclass(frozen=True, eq=False)
class _Contestant:
    label: str
    reference: str
    model: Model
    in_use: bool = False


@dataclass(frozen=True, eq=False)
class _Fitted:
    """PCA, and what it was fitted on, in words."""

    pca: PixelPca
    words: str


@dataclass(frozen=True, eq=False)
class _Wish:
    """image: (28, 28), or None for a blank canvas."""

    image: np.ndarray | None
    contestants: tuple[_Contestant, ...]
    pca: PixelPca | None


class Arena:
    """Shows the drawing to every shipped model, to the one in use, and to PCA with codes of the same sizes.

    Models and PCA come in the background, the first time that `show` is called. Signals: `changed` (the standings, the
    smallest code first), `failed` (a model that cannot be loaded).
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._shipped: list[_Contestant] = []
        self._fitted: _Fitted | None = None
        self._is_prepared = False
        self._in_use: _Contestant | None = None
        self._image: np.ndarray | None = None
        self._wanted: _Wish | None = None
        self._is_at_work = False
        self.standings: tuple[Standing, ...] = ()
        self.changed: Signal[tuple[Standing, ...]] = Signal()
        self.failed: Signal[BaseException] = Signal()

    @property
    def pca_words(self) -> str:
        """What PCA was fitted on."""
        return "is being fitted ..." if self._fitted is None else self._fitted.words

    def show(self, image: np.ndarray | None, active: ActiveModel | None) -> None:
        """What is drawn now, (28, 28) in [0, 1] or None, and the model in use."""
        self._image = image
        if active is not None and (self._in_use is None or self._in_use.model is not active.model):
            label = _short(active.reference)
            self._in_use = _Contestant(label, active.reference, active.model, in_use=True)
        if not self._is_prepared:
            self._is_prepared = True
            self._jobs.start("prepare the model arena", _prepare, self._on_item, self._on_end)
        self._ask()

    def _ask(self) -> None:
        """Have the drawing rebuilt. What is at work comes to its end first: the arena follows while the pen moves."""
        pca = None if self._fitted is None else self._fitted.pca
        self._wanted = _Wish(self._image, self._contestants(), pca)
        if not self._is_at_work:
            self._start(self._wanted)

    def _start(self, wish: _Wish) -> None:
        self._wanted = None
        self._is_at_work = True
        self._jobs.start("model arena", partial(_stand, wish), self._on_made, self._on_stood)

    def _on_stood(self, problem: BaseException | None) -> None:
        self._is_at_work = False
        if problem is not None:
            self.failed.emit(problem)
        if self._wanted is not None:
            self._start(self._wanted)

    def _contestants(self) -> tuple[_Contestant, ...]:
        own = self._in_use
        present = [one for one in self._shipped if own is None or one.reference != own.reference]
        if own is not None:
            present.append(own)
        return tuple(sorted(present, key=lambda one: (one.model.code_size, one.label)))

    def _on_item(self, item: _Contestant | _Fitted | AedeskError) -> None:
        if isinstance(item, AedeskError):
            self.failed.emit(item)
            return
        if isinstance(item, _Fitted):
            self._fitted = item
        else:
            self._shipped.append(item)
        self._ask()

    def _on_end(self, problem: BaseException | None) -> None:
        if problem is not None:
            self.failed.emit(problem)

    def _on_made(self, standings: tuple[Standing, ...]) -> None:
        self.standings = standings
        self.changed.emit(standings)


def with_shipped(active: ActiveModel | None) -> list[str]:
    """The references of the shipped models, and of the model in use where it is another."""
    references = library.shipped()
    if active is not None and active.reference not in references:
        references.append(active.reference)
    return references


def measure_sizes(
    references: Sequence[str], data: str, progress: Progress, cancelled: IsCancelled
) -> SizeReport:
    """The error of models against their code sizes, on the test images of a data set that is on this machine."""
    from aedesk.analysis import dimensionality
    from aedesk.data import sources

    loaded = sources.load(data, offline=True, cancelled=cancelled)
    models = dimensionality.load_models(references)
    return dimensionality.compare(models, loaded, progress=progress, cancelled=cancelled)


def judge_maps(own: tuple[str, Atlas] | None, progress: Progress, cancelled: IsCancelled) -> FaithReport:
    """How true the maps of the shipped models are, and of `own`: the label and the atlas of another."""
    from aedesk.analysis import faithfulness
    from aedesk.latent.atlas import atlas_for

    atlases = [(name, atlas_for(library.resolve(name))) for name in library.shipped()]
    there = [(name, atlas) for name, atlas in atlases if atlas is not None]
    chosen = there if own is None else [*there, own]
    return faithfulness.compare(chosen, progress=progress, cancelled=cancelled)


def own_atlas(active: ActiveModel | None) -> tuple[str, Atlas] | None:
    """The label and the atlas of the model in use, unless it is a shipped one."""
    if active is None or active.reference in library.shipped():
        return None
    return _short(active.reference), active.atlas


def _short(reference: str) -> str:
    from aedesk.analysis.dimensionality import label_of

    try:
        return label_of(reference)
    except AedeskError:  # its file is gone since it was loaded
        return reference


def _prepare(link: Link[Any]) -> Iterator[_Contestant | _Fitted | AedeskError]:
    """The shipped models, and PCA of what they were trained on if that is here, else of the digits that always are."""
    from aedesk.analysis.pca import PixelPca
    from aedesk.data import sources
    from aedesk.errors import Cancelled

    trained_on = set()
    for name in library.shipped():
        if link.stopped():
            return
        try:
            model = library.load_model(name)
        except AedeskError as problem:
            yield problem
            continue
        trained_on.add(str(model.checkpoint.config.get("data", "")))
        yield _Contestant(name, name, model)
    here = [name for name in sorted(trained_on) if name in sources.NAMES and sources.is_present(name)]
    try:
        data = sources.load(here[0] if here else "digits", offline=True, cancelled=link.stopped)
        pca = PixelPca.fit(data.train, cancelled=link.stopped)
    except Cancelled:
        return
    # On another set PCA knows what the networks have never seen: its pictures are still worth a look.
    fair = "" if here else ", not on what the networks learnt: no fair race"
    yield _Fitted(pca, f"fitted on {data.name}{fair}")


def _stand(wish: _Wish, link: Link[Any]) -> Iterator[tuple[Standing, ...]]:
    """What everyone makes of the picture."""
    image = wish.image
    numbers = None if wish.pca is None or image is None else wish.pca.encode(image[None])
    standings = []
    for one in wish.contestants:
        if link.stopped():
            return
        size = one.model.code_size
        picture = pca_picture = None
        if image is not None:
            picture = one.model.reconstruct(image)[0]
            if wish.pca is not None and numbers is not None and size <= image.size:
                pca_picture = wish.pca.truncated(size).decode(numbers[:, :size])[0]
        standings.append(
            Standing(
                one.label,
                one.reference,
                size,
                one.in_use,
                picture,
                _mse(picture, image),
                pca_picture,
                _mse(pca_picture, image),
            )
        )
    yield tuple(standings)


def _mse(picture: np.ndarray | None, image: np.ndarray | None) -> float | None:
    """Per pixel; of PCA before its picture is cut to what can be shown."""
    if picture is None or image is None:
        return None
    return float(((picture.astype(np.float64) - image) ** 2).mean())
