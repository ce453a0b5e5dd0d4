"""How the model of a quality card was made, and how the card was: facts in words. No Tk in here."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aedesk import paths
from aedesk.gui.card.lines import capital, groups

if TYPE_CHECKING:
    from aedesk.analysis.card import Card
    from aedesk.analysis.published import Published

_LOSSES = {"mse": "mean squared error", "bce": "binary cross-entropy", "mae": "mean absolute error"}
HEADS = ("MSE", "5-NN", "1-NN", "Trust")
"""Over what `published_texts` gives."""

_SHOWN_OF_HASH = 16


@dataclass(frozen=True)
class Fact:
    """label and what it says; sentence: about it. is_command: it can be typed into a terminal."""

    label: str
    text: str
    sentence: str
    is_command: bool = False


def heading(card: Card) -> str:
    """What all figures were taken on."""
    return f"Measured {card.date} on {card.test_images:,} test images of {card.data}"


def remark(card: Card) -> str:
    """What honesty adds, as a sentence; empty where there is nothing to add."""
    from aedesk.analysis.quality import caveat

    words = caveat(card.code_size)
    return f"{capital(words)}." if words else ""


def facts(card: Card, reference: str) -> Iterator[Fact]:
    """What is known of how the model was trained and measured. reference: what the model is loaded by."""
    from aedesk.analysis.card_words import duration

    yield Fact("Network", card.network, "The layers, and how many numbers leave each of them.")
    yield Fact(
        "Parameters",
        f"{card.parameters:,}; a code has {card.code_size:,} numbers",
        "How many numbers training has set, and into how many a picture is squeezed.",
    )
    yield Fact("Trained", _training(card), "What it has learnt from, for how long, and by which loss.")
    if card.device:
        yield Fact("Device", _machine(card), "The figures of a model depend a little on what trained it.")
    if card.command:
        yield Fact("To train it", card.command, "Type this into a terminal to train the same again.", True)
    for one in card.tuned:
        said = f"MSE {one.mse:.5f} after {duration(one.seconds)} on {one.device}, {one.date}"
        yield Fact("Tuned", said, "What a better schedule makes of the same network.")
        yield Fact(
            "To tune it", one.command, "Type this into a terminal to train the better one again.", True
        )
    yield Fact("Measured", _measuring(card), "Test images are only ever asked about, never learnt from.")
    yield Fact(
        "To measure it",
        f"aedesk evaluate {_called(reference)} --json",
        "Type this into a terminal to take every figure again.",
        True,
    )
    yield Fact(
        "Versions",
        ", ".join(f"{name} {version}" for name, version in card.versions.items()),
        "The versions of what it was measured with.",
    )
    yield Fact("Weights", card.fingerprint[:_SHOWN_OF_HASH], "The beginning of the SHA-256 of the weights.")


def as_text(card: Card, published: Sequence[Published], reference: str) -> str:
    """The whole card as lines for a letter or a notebook, in columns."""
    lines = [f"Quality card of {card.model}", *filter(None, (heading(card), remark(card))), ""]
    for group in groups(card, published):
        lines.append(group.title + (f" ({group.note.rstrip('.')})" if group.note else ""))
        lines += [
            f"  {line.label:<28}{line.text:>12}" + (f"   {line.beside}" if line.marks else "")
            for line in group.lines
        ]
        lines.append("")
    lines.append("Making of")
    lines += [f"  {fact.label:<16}{fact.text}" for fact in facts(card, reference)]
    if published:
        lines += ["", "Published"]
        for one in published:
            told = ", ".join(f"{name} {text}" for name, text in zip(HEADS, published_texts(one), strict=True))
            lines.append(f"  {one.name}: {told} ({one.source})")
    return "\n".join(lines) + "\n"


def published_texts(one: Published | Card) -> tuple[str, ...]:
    """MSE, 5-NN, 1-NN and trustworthiness as they are written; "-" where there is none."""
    from aedesk.analysis.card_words import FIGURES

    told = [(getattr(one, each.published), each.form) for each in FIGURES if each.published is not None]
    return tuple("-" if value is None else format(value, form) for value, form in told)


def _training(card: Card) -> str:
    from aedesk.analysis.card_words import duration

    epochs = f"{card.epochs:,} epoch{'' if card.epochs == 1 else 's'}"
    data = f" of {card.trained_on}" if card.trained_on else ""
    took = "" if card.seconds is None else f" in {duration(card.seconds)}"
    kind = "" if card.kind == "plain" else f"{card.kind}, "
    return f"{epochs}{data}{took}; {kind}{_LOSSES.get(card.loss, card.loss)}"


def _machine(card: Card) -> str:
    """The device with what it does not tell of itself."""
    threads = "" if card.threads is None else f"{card.threads} thread{'' if card.threads == 1 else 's'}"
    more = [part for part in (threads, card.precision) if part and part not in card.device]
    return ", ".join((card.device, *more))


def _measuring(card: Card) -> str:
    return (
        f"{card.date}, on {card.test_images:,} test images of {card.data};"
        f" neighbours among {card.train_images:,} training images"
    )


def _called(reference: str) -> str:
    """What a terminal takes for the model; a run of the user's goes by its name alone."""
    path = Path(reference)
    return shlex.quote(path.name if path.parent == paths.runs() else reference)
