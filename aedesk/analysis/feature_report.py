"""What a comparison of representations has found: its figures, its tables, and what follows from them in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from aedesk.analysis.linear_probe import LinearProbe
from aedesk.latent.neighbours import Neighbours
from aedesk.storage.table import Cell, Table

PROBE, NEIGHBOURS = "linear probe", "k-NN"
METHODS = (PROBE, NEIGHBOURS)

Encode = Callable[[np.ndarray], np.ndarray]
"""Images (N, 28, 28) in [0, 1] -> features (N, D) float32."""

_SURE = 2.0  # standard errors by which a lead is called one


@dataclass(frozen=True)
class Representation:
    """What pictures are turned into. name: "pixels", "pca" or "codes". title: for people. numbers: of one picture.

    seconds: that it took to turn all pictures of the comparison into it.
    """

    name: str
    title: str
    numbers: int
    seconds: float


@dataclass(frozen=True)
class Score:
    """What a method has learnt from so many labels. accuracies: on the test images, one for each draw of the labels.

    setting: what the validation images chose, in words. seconds: to learn and to tell all test images, mean of a draw.
    """

    representation: str
    method: str
    labels: int
    accuracies: tuple[float, ...] = field(repr=False)
    setting: str
    seconds: float

    @property
    def accuracy(self) -> float:
        """The mean over the draws, in [0, 1]."""
        return float(np.mean(self.accuracies))

    @property
    def spread(self) -> float | None:
        """The standard deviation over the draws; None where there is only one."""
        return float(np.std(self.accuracies, ddof=1)) if len(self.accuracies) > 1 else None


@dataclass(frozen=True)
class Groups:
    """What k-means finds among the test images without any label.

    purity: the share of images whose class is that of most in their group. silhouette: of the groups, and
    class_silhouette of the true classes, in [-1, 1]: how much closer images are to their own group than to the next
    one; None where it is not defined. seconds: that k-means took.
    """

    representation: str
    groups: int
    purity: float
    silhouette: float | None
    class_silhouette: float | None
    seconds: float


@dataclass(frozen=True, eq=False)
class View:
    """How the numbers of a representation are scaled: (features - offset) / scale. words: for people, or ""."""

    words: str
    offset: np.ndarray
    scale: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """(N, D) -> (N, D) float32."""
        scaled: np.ndarray = ((features - self.offset) / self.scale).astype(np.float32)
        return scaled


@dataclass(frozen=True, eq=False)
class Classifier:
    """One that has learnt from one draw of labels, for telling single pictures.

    encode: images (N, 28, 28) in [0, 1] -> the features (N, D) that it knows. k: of the neighbours, if it asks them.
    """

    representation: str
    method: str
    labels: int
    encode: Encode
    view: View
    model: LinearProbe | Neighbours
    k: int = 1

    def guess(self, image: np.ndarray) -> tuple[int, float]:
        """The class of an image (28, 28), and the share in (0, 1] of the votes or of the likelihood that it has."""
        features = self.view(self.encode(image[None]))
        if isinstance(self.model, Neighbours):
            guess = self.model.guess(features[0], self.k)
            return guess.label, guess.share
        shares = self.model.shares(features)[0]
        return int(shares.argmax()), float(shares.max())


@dataclass(frozen=True, eq=False)
class FeatureReport:
    """representations: pixels, PCA and codes. scores: for each of them, each method and each number of labels.

    learnt_from: the data set that the model was trained on, or "" where that is not known.
    known: labelled training images that labels were drawn from. validation: other training images, by which settings
    were chosen. test: images that accuracy was measured on. draws: of labels, where not all are taken.
    """

    model: str
    data: str
    learnt_from: str
    classes: tuple[str, ...]
    known: int
    validation: int
    test: int
    draws: int
    representations: tuple[Representation, ...]
    scores: tuple[Score, ...] = field(repr=False)
    groups: tuple[Groups, ...] = field(repr=False)
    classifiers: tuple[Classifier, ...] = field(repr=False, default=())

    @cached_property
    def labels(self) -> tuple[int, ...]:
        """The numbers of labels, ascending."""
        return tuple(sorted({score.labels for score in self.scores}))

    def score(self, representation: str, method: str, labels: int) -> Score:
        """The one that is asked for; LookupError where it was not measured."""
        for score in self.scores:
            if (score.representation, score.method, score.labels) == (representation, method, labels):
                return score
        raise LookupError(f"no score of {method} on {representation} with {labels} labels")

    def table(self) -> Table:
        """A row for each representation, method and number of labels; one more for k-means on each."""
        numbers = {each.name: each.numbers for each in self.representations}
        records: list[dict[str, Cell]] = [
            {
                "representation": score.representation,
                "numbers": numbers[score.representation],
                "method": score.method,
                "labels": score.labels,
                "accuracy": score.accuracy,
                "spread": score.spread,
                "draws": len(score.accuracies),
                "purity": None,
                "silhouette": None,
                "class_silhouette": None,
                "seconds": score.seconds,
                "setting": score.setting,
            }
            for score in self.scores
        ]
        records += [
            {
                "representation": found.representation,
                "numbers": numbers[found.representation],
                "method": "k-means",
                "labels": 0,
                "purity": found.purity,
                "silhouette": found.silhouette,
                "class_silhouette": found.class_silhouette,
                "seconds": found.seconds,
                "setting": f"{found.groups} groups",
            }
            for found in self.groups
        ]
        return Table.of(records)

    def how(self) -> str:
        """How the figures were made, in a few sentences."""
        if self.learnt_from == self.data:
            seen = "The network and PCA have seen all training images without their labels."
        else:
            seen = (
                "PCA has seen all training images without their labels; the network was trained on "
                f"{self.learnt_from or 'other data'}."
            )
        return (
            f"{self.data}: measured on {self.test:,} test images; labels drawn from {self.known:,} training images, the"
            " same for each row and as even over the classes as can be: mean and spread of"
            f" {self.draws} draws, but one draw where all are taken. Settings were chosen on {self.validation:,} other"
            f" training images. {seen}"
        )

    def verdict(self, labels: int) -> str:
        """Who is ahead with so many labels, each representation by its better method, in one sentence.

        A lead counts where it is larger than two standard errors of the differences in the same draws.
        """
        best = {each.name: self._better(each.name, labels) for each in self.representations}
        titles = {each.name: each.title for each in self.representations}
        codes = best.pop("codes")
        rival = max(best.values(), key=lambda score: score.accuracy)
        figures = (
            f"{codes.accuracy:.1%} ({codes.method}) against {rival.accuracy:.1%} of "
            f"{titles[rival.representation]} ({rival.method})"
        )
        margin = codes.accuracy - rival.accuracy
        if abs(margin) <= self._doubt(codes, rival):
            lead = "codes are level"
        else:
            lead = "codes are ahead" if margin > 0 else "codes are behind"
        return f"With {labels:,} labels {lead}: {figures}."

    def _better(self, representation: str, labels: int) -> Score:
        scores = [self.score(representation, method, labels) for method in METHODS]
        return max(scores, key=lambda score: score.accuracy)

    def _doubt(self, one: Score, other: Score) -> float:
        """Up to which difference of accuracy two scores count as level."""
        differences = np.subtract(one.accuracies, other.accuracies)
        if len(differences) > 1:
            return float(_SURE * differences.std(ddof=1) / np.sqrt(len(differences)))
        # One draw: what chance does to the accuracy on so many test images.
        variances = [score.accuracy * (1 - score.accuracy) / self.test for score in (one, other)]
        return float(_SURE * np.sqrt(sum(variances)))


def percent(score: Score) -> str:
    """An accuracy with its spread, such as "74.1 ± 2.0%"."""
    spread = "" if score.spread is None else f" ± {100 * score.spread:.1f}"
    return f"{100 * score.accuracy:.1f}{spread}%"
