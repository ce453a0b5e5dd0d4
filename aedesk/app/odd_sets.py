"""How odd the pictures of a data set are, and how well odd ones are told from the known: works for a `Task`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from aedesk.app.odd_one import Known, images_of
from aedesk.app.task import Work
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.analysis.anomaly import ScoreKind
    from aedesk.analysis.protocols import HeldOut, Told
    from aedesk.analysis.ranking import Ranking
    from aedesk.analysis.watch import IsCancelled, Progress
    from aedesk.data.imageset import ImageSet

SCRIBBLES = "scribbles"
"""Stands for drawings that are no digits, where a data set is asked for."""

_SCRIBBLES = 200
_SCRIBBLES_SEED = 1


def ranking_of(known: Known, data: str, kind: ScoreKind) -> Work[Ranking]:
    """The work that puts the test images of a data set into the order of their oddness."""

    def work(progress: Progress, cancelled: IsCancelled) -> Ranking:
        from aedesk.analysis.ranking import rank

        progress("reading pictures", 0, 1)
        return rank(known.detector, images_of(data).test, kind=kind, progress=progress, cancelled=cancelled)

    return work


def reordered(ranking: Ranking, known: Known, kind: ScoreKind) -> Ranking:
    """The same pictures in the order of another kind of score."""
    if ranking.kind == kind:
        return ranking
    scores = ranking.scores.of(kind)
    usual = np.sort(known.detector.usual.of(kind))
    shares = np.searchsorted(usual, scores, side="left") / len(usual)
    return replace(ranking, order=np.argsort(-scores, kind="stable"), shares=shares, kind=kind)


@dataclass(frozen=True, eq=False)
class Contest:
    """Known test images against odd ones. known, odd: what they are, in words. told: how well they are told apart."""

    known: str
    odd: str
    told: Told


def contest(known: Known, odd: str, classes: str = "") -> Work[Contest]:
    """The work that sees how well `odd`, a data set or `SCRIBBLES`, is told from the known set's test images.

    classes: names of the odd set's classes that are the odd ones, with commas; "" for all of them. Where the set is the
    known one too, its other classes are the known ones.
    """

    def work(progress: Progress, cancelled: IsCancelled) -> Contest:
        from aedesk.analysis.protocols import other_set

        progress("reading pictures", 0, 1)
        usual = images_of(known.data).test
        strange: ImageSet | np.ndarray
        if odd == SCRIBBLES:
            from aedesk.sketch.scribbles import scribbles

            strange, name = scribbles(_SCRIBBLES, _SCRIBBLES_SEED), SCRIBBLES
        else:
            test = usual if odd == known.data else images_of(odd).test
            is_odd = (
                np.isin(test.labels, _chosen(test, classes)) if classes.strip() else np.ones(len(test), bool)
            )
            if odd == known.data:
                if is_odd.all():
                    raise AedeskError(
                        f"{odd} is what the model knows: name the classes of it that shall be the odd ones,"
                        " or choose another set."
                    )
                usual = usual[~is_odd]
            strange = test[is_odd]
            name = f"{odd} {classes.strip()}".strip()
        told = other_set(known.detector, usual, strange, progress=progress, cancelled=cancelled)
        return Contest(f"{known.data} (test)", name, told)

    return work


def holding_out(
    data: str, wished: str, preset: str, epochs: int, tell: Callable[[HeldOut], object]
) -> Work[list[HeldOut]]:
    """The work that trains a network for each class of `wished`, without that class, and then looks for it.

    wished: names of classes with commas, "" for all. tell: hears of each class at once, in the thread of the work.
    """

    def work(progress: Progress, cancelled: IsCancelled) -> list[HeldOut]:
        from aedesk.analysis.protocols import hold_out
        from aedesk.training.in_memory import trainer

        progress("reading pictures", 0, 1)
        images = images_of(data)
        classes = _chosen(images.test, wished)
        found = []
        train = trainer(preset, epochs=epochs)
        for one in hold_out(images, classes, train, progress=progress, cancelled=cancelled):
            tell(one)
            found.append(one)
        return found

    return work


def _chosen(images: ImageSet, names: str) -> list[int]:
    """The indices of the classes that `names` lists with commas; all of them for "". Raises AedeskError."""
    wished = [name.strip() for name in names.split(",") if name.strip()]
    by_name = {name.lower(): index for index, name in enumerate(images.classes)}
    for name in wished:
        if name.lower() not in by_name:
            raise AedeskError(f"There is no class {name!r}: the classes are {', '.join(images.classes)}.")
    return [by_name[name.lower()] for name in wished] or list(range(len(images.classes)))
