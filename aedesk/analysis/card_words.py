"""What each figure of a quality card means, in words, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aedesk.analysis.card import Card
from aedesk.analysis.published import Measure

Group = Literal["Rebuilding", "Classes and neighbours", "Generating", "Sketches", "How it was made"]
GROUPS: tuple[Group, ...] = (
    "Rebuilding",
    "Classes and neighbours",
    "Generating",
    "Sketches",
    "How it was made",
)


@dataclass(frozen=True)
class Figure:
    """A figure of `Card`. name: of its field. label: a few words. about: a sentence for who has never met it.

    form: how its number is written, as in `format`. better: where it is good; "" where neither end is.
    published: what it is called in `Published`; None where nobody else has it.
    """

    name: str
    group: Group
    label: str
    about: str
    form: str = ""
    better: Literal["higher", "lower", ""] = ""
    published: Measure | None = None


FIGURES: tuple[Figure, ...] = (
    Figure(
        "mse",
        "Rebuilding",
        "error of a pixel (MSE)",
        "The squared error of a pixel between 0 and 1, averaged over every pixel of the test images.",
        ".5f",
        "lower",
        "mse",
    ),
    Figure(
        "psnr",
        "Rebuilding",
        "PSNR in decibels",
        "The same error of each picture on the scale of engineers: 3 dB more is half the error.",
        ".2f",
        "higher",
    ),
    Figure(
        "ssim",
        "Rebuilding",
        "likeness (SSIM)",
        "How alike two pictures look, by brightness, contrast and structure in small windows; 1 is the same picture.",
        ".4f",
        "higher",
    ),
    Figure(
        "pca_mse",
        "Rebuilding",
        "error of PCA at this size",
        "What the best linear method reaches with as many numbers for a picture: a network should be well below.",
        ".5f",
    ),
    Figure(
        "knn_accuracy",
        "Classes and neighbours",
        "class by 5 neighbours",
        "How often the 5 nearest codes of training images tell what a test image shows.",
        ".1%",
        "higher",
        "knn_accuracy",
    ),
    Figure(
        "nn_accuracy",
        "Classes and neighbours",
        "class by 1 neighbour",
        "How often the nearest code of a training image alone tells what a test image shows.",
        ".1%",
        "higher",
        "nn_accuracy",
    ),
    Figure(
        "trustworthiness",
        "Classes and neighbours",
        "trustworthiness",
        "Whether pictures with neighbouring codes look alike: 1 if all of them do, about 0.5 by chance.",
        ".4f",
        "higher",
        "trustworthiness",
    ),
    Figure(
        "active_dimensions",
        "Classes and neighbours",
        "numbers in use",
        "How many of a code's numbers change with the picture; the others say nothing.",
        ",",
    ),
    Figure(
        "sample_score",
        "Generating",
        "samples that are digits",
        "Of 2,000 digits drawn at random, those that an independent classifier gives one class with p > .9.",
        ".1%",
        "higher",
    ),
    Figure(
        "map_sure",
        "Generating",
        "map that is digits",
        "The share of all places of the map whose digit the classifier is sure of.",
        ".1%",
        "higher",
    ),
    Figure(
        "map_sure_near",
        "Generating",
        "digits near the codes",
        "The same among the places that have the code of a training image nearby.",
        ".1%",
        "higher",
    ),
    Figure(
        "map_dead",
        "Generating",
        "largest dead area",
        "The largest area of the map where the classifier is sure of no digit, as a share of the whole.",
        ".1%",
        "lower",
    ),
    Figure(
        "judge_accuracy",
        "Generating",
        "the classifier itself",
        "How often the independent classifier is right about test images.",
        ".2%",
    ),
    Figure(
        "sketch_accuracy",
        "Sketches",
        "sketches recognised",
        "How often 5 neighbours tell what a simulated pen has drawn, in ways that training may have met.",
        ".1%",
        "higher",
    ),
    Figure(
        "held_out_accuracy",
        "Sketches",
        "other hands recognised",
        "The same of ways to draw that no training has met.",
        ".1%",
        "higher",
    ),
    Figure(
        "scan_accuracy",
        "Sketches",
        "the same digits as scans",
        "How often 5 neighbours tell the scanned digits that the sketches were drawn after: the aim for sketches.",
        ".1%",
    ),
    Figure(
        "sketch_ratio",
        "Sketches",
        "sketch error / scan error",
        "How many times the error of scans a sketch is rebuilt with; 1 is as well.",
        ".2f",
        "lower",
    ),
    Figure(
        "held_out_ratio",
        "Sketches",
        "the same, other hands",
        "How many times the error of scans a sketch is rebuilt with, of ways to draw that no training has met.",
        ".2f",
        "lower",
    ),
    Figure("network", "How it was made", "network", "Its layers, by how many numbers each has."),
    Figure("kind", "How it was made", "kind", "What it is taught beside rebuilding pictures."),
    Figure("code_size", "How it was made", "numbers in a code", "What is left of the 784 pixels.", ","),
    Figure("parameters", "How it was made", "parameters", "How many numbers the network has learned.", ","),
    Figure("trained_on", "How it was made", "trained on", "The data set of its training images."),
    Figure("loss", "How it was made", "loss", "What training made small."),
    Figure("epochs", "How it was made", "epochs", "How often training went through all images.", ","),
    Figure("seconds", "How it was made", "training time", "Of the machine that is named below."),
    Figure("device", "How it was made", "device", "What it was trained on, and how exactly it counts."),
    Figure("command", "How it was made", "command", "This trains it again."),
    Figure("data", "How it was made", "measured on", "The data set of the test images of all figures here."),
    Figure("date", "How it was made", "measured", "The day when these figures were taken."),
    Figure("versions", "How it was made", "with", "What the figures were taken with."),
)


def figures_of(group: Group) -> tuple[Figure, ...]:
    """The figures of a group, in order."""
    return tuple(each for each in FIGURES if each.group == group)


def text_of(card: Card, figure: Figure) -> str:
    """A figure as it is written; "-" where there is none."""
    value = getattr(card, figure.name)
    if value is None or value == "":
        return "-"
    if figure.name == "seconds":
        return duration(value)
    if figure.name == "versions":
        return ", ".join(f"{name} {version}" for name, version in value.items())
    if figure.name == "data":
        return f"{card.test_images:,} test images of {card.data}"
    if figure.name == "active_dimensions":
        return f"{value:,} of {card.code_size:,}"
    return format(value, figure.form)


def duration(seconds: float) -> str:
    """Seconds in words: `48 s`, `12 min`, `2 h 05 min`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02} min"
