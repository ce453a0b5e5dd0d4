"""The row about accuracy: what the precision that is chosen costs."""

from __future__ import annotations

import statistics

from contenders import BATCH, RECIPES, ours
from report import Section, table
from settings import Settings

_EPOCHS = 3


def accuracy(settings: Settings) -> Section:
    rows, met = [], []
    for preset in RECIPES:
        # Fewer than there are, so that no image is both learnt from and held out.
        images = settings.images_of_convolutions if preset == "conv" else min(settings.images, 57_000)
        ratios, losses = [], []
        seeds = 1 if settings.quick else 2
        for seed in range(seeds):
            pair = [_loss(preset, images, seed), _loss(preset, images, seed, "--precision", "float32")]
            losses.append(pair)
            ratios.append(pair[0][0] / pair[1][0])
        mean = statistics.geometric_mean(ratios)
        met.append(mean <= 1.01)
        ends = [statistics.mean(pair[at][0] for pair in losses) for at in (0, 1)]
        words = [f"{ends[0]:.5f}", f"{ends[1]:.5f}", f"{mean:.4f}", f"{max(ratios):.4f}"]
        rows.append([f"`{preset}`", images, *words, met[-1], losses[0][0][1]])
    columns = ["recipe", "images", "validation loss", "in float32", "ratio", "worst ratio", "met", "runs as"]
    about = f"""\
After {_EPOCHS} epochs with batches of {BATCH}, as chosen on this machine and with `--precision float32`, from the same
seeds; means over {seeds} of them. Bar: a ratio of at most 1.01."""
    return Section(f"{about}\n\n{table(columns, rows)}", met)


def _loss(preset: str, images: int, seed: int, *words: str) -> tuple[float, str]:
    """The validation loss after some epochs, and how they ran."""
    with ours(preset, images, "--seed", seed, "--epochs", _EPOCHS, *words)() as contender:
        losses = [contender.epoch()["validation_loss"] for _ in range(_EPOCHS)]
        return losses[-1], contender.about["runs as"]
