"""A quality card in words: every figure, beside those of others where there are any."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from aedesk.analysis.card import Card
from aedesk.analysis.card_words import GROUPS, duration, figures_of, text_of
from aedesk.analysis.published import Published, published_for
from aedesk.analysis.quality import caveat
from aedesk.cli.run_tables import in_columns
from aedesk.models.architecture import Architecture

_WIDTH = 110
_OURS = 26  # columns of the labels


def print_card(card: Card, architecture: Architecture) -> None:
    """Print a card of a network, a figure in each line, then what is published of codes of its size."""
    for line in lines_of(card, published_for(architecture, card.data)):
        print(line)


def lines_of(card: Card, published: tuple[Published, ...]) -> Iterator[str]:
    """The lines of `print_card`."""
    yield f"{card.model}: {card.network}"
    for group in GROUPS:
        yield ""
        yield group
        for figure in figures_of(group):
            yield from textwrap.wrap(
                f"  {figure.label:<{_OURS}}  {text_of(card, figure)}{_note(card, figure.name)}",
                _WIDTH,
                subsequent_indent=" " * (_OURS + 4),
                break_long_words=False,
                break_on_hyphens=False,
            )
    yield from _comparison(card, published)
    for tuned in card.tuned:
        yield ""
        yield f"The same network by a better schedule: an MSE of {tuned.mse:.5f}"
        yield f"  in {duration(tuned.seconds)} on {tuned.device}, {tuned.date}"
        yield f"  {tuned.command}"
    remark = caveat(card.code_size)
    if remark:
        yield ""
        yield f"{card.model}: {remark}."


def _note(card: Card, name: str) -> str:
    """By which of several ways a figure was taken."""
    how = {"sample_score": card.sampler, "map_sure": card.map_kind}.get(name)
    return f" ({how})" if how else ""


def _comparison(card: Card, published: tuple[Published, ...]) -> Iterator[str]:
    """This model, PCA at its size and what is published, a line each, and where that is from."""
    sources = list(dict.fromkeys(each.source for each in published))
    rows = [("", "code", "MSE", "5-NN", "1-NN", "trust", ""), _row(card.model, card, "")]
    if card.pca_mse is not None:
        rows.append(("PCA, measured here", f"{card.code_size:,}", f"{card.pca_mse:.5f}", "-", "-", "-", ""))
    rows += [_row(each.name, each, f"[{sources.index(each.source) + 1}]") for each in published]
    yield ""
    yield "Beside others" if published else "Beside PCA; nothing is published of codes of this size"
    for line in in_columns(rows, {0, 6}):
        yield f"  {line}"
    for number, source in enumerate(sources, start=1):
        yield from textwrap.wrap(
            f"[{number}] {source}", _WIDTH, initial_indent="  ", subsequent_indent="      "
        )


def _row(name: str, of: Card | Published, mark: str) -> tuple[str, ...]:
    """The cells of a model under the names of the columns."""
    shares = (of.knn_accuracy, of.nn_accuracy)
    return (
        name,
        f"{of.code_size:,}",
        f"{of.mse:.5f}",
        *("-" if share is None else f"{share:.1%}" for share in shares),
        "-" if of.trustworthiness is None else f"{of.trustworthiness:.4f}",
        mark,
    )
