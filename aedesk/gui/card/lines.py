"""What a quality card says, line by line: figures with words about them and what they stand beside. No Tk in here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from aedesk.gui.card import scale
from aedesk.gui.card.scale import Scale
from aedesk.storage.table import Cell, Table

if TYPE_CHECKING:
    from aedesk.analysis.card import Card
    from aedesk.analysis.card_words import Figure
    from aedesk.analysis.published import Published

MarkKind = Literal["pca", "published", "scans", "tuned"]

KEY: dict[MarkKind | None, str] = {
    None: "this model",
    "pca": "PCA of the same size",
    "published": "best published",
    "scans": "same digits as scans",
    "tuned": "better schedule",
}
"""What each sign of a drawing stands for; None: the model itself."""

_DRAWN = ("Rebuilding", "Classes and neighbours", "Generating", "Sketches")
_REFERENCES = {
    "pca_mse",
    "judge_accuracy",
    "scan_accuracy",
}  # no lines of their own: they stand beside others
_SCALES = {
    "mse": scale.ERROR,
    "psnr": scale.DECIBELS,
    "ssim": scale.SIMILARITY,
    "knn_accuracy": scale.ACCURACY,
    "nn_accuracy": scale.ACCURACY,
    "trustworthiness": scale.TRUST,
    "sample_score": scale.SHARE,
    "map_sure": scale.SHARE,
    "map_sure_near": scale.SHARE,
    "map_dead": scale.LOSS,
    "sketch_accuracy": scale.ACCURACY,
    "held_out_accuracy": scale.ACCURACY,
    "sketch_ratio": scale.RATIO,
    "held_out_ratio": scale.RATIO,
}
_SHORT: dict[MarkKind, str] = {"pca": "PCA", "published": "published", "scans": "scans", "tuned": "tuned"}
_NONE = {
    "Generating": "Not measured: the judge of what is generated knows digits only.",
    "Sketches": "Not measured: sketches are drawn from handwritten digits only.",
}
_SAMPLERS = {
    "prior": "They are drawn from the model's prior, a standard normal distribution.",
    "mixture": "They are drawn from a Gaussian mixture that was fitted to training codes.",
    "gaussian": "They are drawn from one Gaussian that was fitted to training codes.",
}
_MAPS = {"native": "the code itself", "pca": "PCA of the codes", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True)
class Mark:
    """A figure that another one is put beside. text: it is written so. name: whose it is, in full."""

    kind: MarkKind
    value: float
    text: str
    name: str

    @property
    def words(self) -> str:
        """In short."""
        return f"{_SHORT[self.kind]} {self.text}"


@dataclass(frozen=True)
class Line:
    """One figure. key: its field of the card. about: what it is, in plain words. scale: for a drawing of it."""

    key: str
    label: str
    value: float
    text: str
    about: str
    scale: Scale
    marks: tuple[Mark, ...] = ()

    @property
    def beside(self) -> str:
        """The marks in short words."""
        return ", ".join(mark.words for mark in self.marks)

    @property
    def explanation(self) -> str:
        """What it is, and whose the marks are."""
        return "\n".join([self.about, *(f"{mark.name}: {mark.text}" for mark in self.marks)])


@dataclass(frozen=True)
class Group:
    """Figures of one kind; note: what holds for all of them, or why there are none."""

    title: str
    lines: tuple[Line, ...]
    note: str = ""


def groups(card: Card, published: Sequence[Published]) -> tuple[Group, ...]:
    """Every figure of the card that has been measured, in four groups."""
    from aedesk.analysis.card_words import FIGURES

    found = []
    for title in _DRAWN:
        figures = [each for each in FIGURES if each.group == title and each.name not in _REFERENCES]
        lines = [_line(card, each, published) for each in figures if getattr(card, each.name) is not None]
        found.append(Group(title, tuple(lines), _note(card, title) if lines else _NONE.get(title, "")))
    return tuple(found)


def table(card: Card, published: Sequence[Published]) -> Table:
    """A row for each figure, with PCA's and the best published one beside it."""
    from aedesk.analysis.card_words import FIGURES

    records: list[dict[str, Cell]] = []
    for figure in FIGURES:
        value = getattr(card, figure.name)
        if figure.name == "versions":
            value = ", ".join(f"{name} {version}" for name, version in value.items())
        marks = {mark.kind: mark.value for mark in _marks(card, figure, published)}
        best = _best(figure, published)
        records.append(
            {
                "group": figure.group,
                "figure": figure.label,
                "name": figure.name,
                "value": value,
                "pca": marks.get("pca"),
                "best_published": marks.get("published"),
                "published_by": None if best is None else best.name,
                "source": None if best is None else best.source,
            }
        )
    return Table.of(records)


def capital(words: str) -> str:
    """The words as they begin a line."""
    return words[:1].upper() + words[1:]


def _line(card: Card, figure: Figure, published: Sequence[Published]) -> Line:
    from aedesk.analysis.card_words import text_of

    return Line(
        figure.name,
        capital(figure.label),
        float(getattr(card, figure.name)),
        text_of(card, figure),
        _about(card, figure),
        _SCALES.get(figure.name) or Scale(0, card.code_size),
        _marks(card, figure, published),
    )


def _about(card: Card, figure: Figure) -> str:
    if figure.name == "sample_score" and card.sampler in _SAMPLERS:
        return f"{figure.about} {_SAMPLERS[card.sampler]}"
    if figure.name in {"map_sure", "map_sure_near", "map_dead"} and card.map_kind in _MAPS:
        return f"{figure.about} The map is {_MAPS[card.map_kind]}."
    return figure.about


def _note(card: Card, title: str) -> str:
    if title == "Generating" and card.judge_accuracy is not None:
        return f"Judged by a classifier that is right about {card.judge_accuracy:.2%} of test images."
    if title == "Sketches" and card.sketches is not None:
        return f"Drawn by a simulated pen, {card.sketches:,} test digits in each way."
    return ""


def _marks(card: Card, figure: Figure, published: Sequence[Published]) -> tuple[Mark, ...]:
    """What a figure is put beside: PCA, the best published one, scans, or a better schedule."""
    as_scans, found = "The same digits as scans", []

    def mark(kind: MarkKind, value: float, name: str) -> None:
        found.append(Mark(kind, value, format(value, figure.form), name))

    if figure.name == "mse" and card.pca_mse is not None:
        mark("pca", card.pca_mse, f"PCA with {card.code_size:,} numbers, measured here")
    elif figure.published is not None and figure.published != "mse":
        for one in published:
            value = getattr(one, figure.published)
            if one.kind == "linear" and value is not None:
                mark("pca", value, f"PCA with {one.code_size:,} numbers, as published")
    best = _best(figure, published)
    if best is not None and figure.published is not None:
        size = "" if best.code_size == card.code_size else f" with {best.code_size:,} numbers"
        mark("published", getattr(best, figure.published), f"Best published, {best.name}{size}")
    if figure.name == "mse" and card.tuned:
        mark("tuned", min(one.mse for one in card.tuned), "The same network, trained by a better schedule")
    if figure.name in {"sketch_accuracy", "held_out_accuracy"} and card.scan_accuracy is not None:
        mark("scans", card.scan_accuracy, as_scans)
    if figure.name in {"sketch_ratio", "held_out_ratio"}:
        mark("scans", 1.0, as_scans)
    return tuple(found)


def _best(figure: Figure, published: Sequence[Published]) -> Published | None:
    from aedesk.analysis.published import best_published

    return None if figure.published is None else best_published(published, figure.published)
