"""`aedesk evaluate`: the quality card of a model, taken on test images."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import Any

from aedesk.cli import datasets
from aedesk.cli.arguments import add_model
from aedesk.cli.progress import Stages, say
from aedesk.errors import AedeskError
from aedesk.models.checkpoint import Checkpoint

_ABOUT = """\
Measure a model on the test images of a data set: its quality card. The figures, by their names in --json:
  mse           mean squared error of a pixel between 0 and 1; lower is better
  psnr          the same per image in decibels, averaged; higher is better
  ssim          structural similarity, 1 is perfect
  pca_mse       what PCA (the best linear method) reaches with a code of the same size
  knn_accuracy, nn_accuracy
                how often the 5 nearest codes, the nearest code of all training images tell the right class
  trustworthiness
                whether the 12 nearest codes are near in pixels too, of the first 5,000 test images; 1 is perfect
  active_dimensions
                how many numbers of a code change with the picture
Of digits also, by a classifier of digits that has no part in any model (its own accuracy is judge_accuracy):
  sample_score  of 2,000 codes drawn by `sampler`, how many decode to a picture that it is sure of (p > .9)
  map_sure, map_sure_near, map_dead
                the share of the map (map_kind) that it is sure of, the same near codes, and the largest dead area
and with sketches of test digits, drawn by a simulated pen in ways that training may have met or (held_out) not:
  scan_accuracy, sketch_accuracy, held_out_accuracy
                how often 5 neighbours tell the class of the digits, of their sketches
  sketch_ratio, held_out_ratio
                the error of sketches over that of the same digits
"""
_EXAMPLE = """\
examples:
  aedesk evaluate dense-32
  aedesk evaluate my-run --save
  aedesk evaluate my-run --data fashion-mnist --json
"""


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate", help="measure a model on test images", description=_ABOUT, epilog=_EXAMPLE
    )
    add_model(parser)
    datasets.add_data(parser, None, otherwise="what the model was trained on")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many test images (default: all)")
    parser.add_argument(
        "--save",
        action="store_true",
        help="keep the card beside the model, for `aedesk models` and the window",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from aedesk.latent.atlas import atlas_for
    from aedesk.storage import card_file
    from aedesk.storage.library import load_checkpoint, resolve

    if arguments.limit is not None and arguments.limit < 1:
        raise AedeskError(f"--limit must be 1 or more, not {arguments.limit}")
    path = resolve(arguments.model)
    checkpoint = load_checkpoint(arguments.model)
    if arguments.save:
        _check_saving(arguments, checkpoint)
        card_file.check_can_be_kept(path)
    data = datasets.load(arguments, datasets.of(arguments, checkpoint))
    data = replace(data, test=data.test.at_most(arguments.limit))

    from aedesk.analysis.card import keep, measure
    from aedesk.models.model import Model

    with Stages("image") as bar:
        card = measure(Model(checkpoint), data, atlas_for(path), path, progress=bar)
    if arguments.save:
        card = keep(card, path)
        say(f"the card is kept in {card_file.path_of(path)}")
    if arguments.json:
        from aedesk.analysis.quality import caveat

        print(json.dumps(card.to_json() | {"caveat": caveat(card.code_size)}, indent=2))
    else:
        from aedesk.cli.card_table import print_card

        print_card(card, checkpoint.architecture)
    return 0


def _check_saving(arguments: argparse.Namespace, checkpoint: Checkpoint) -> None:
    """A card that is kept is of all test images of the data that the model was trained on, like any other."""
    from aedesk.data.sources import in_full

    trained_on = checkpoint.config.get("data") or "mnist"
    another = arguments.data is not None and in_full(arguments.data) != trained_on
    if another or arguments.limit is not None:
        raise AedeskError(
            f"a card that is kept is taken on all test images of {trained_on}; "
            "leave out --save, or else --data and --limit"
        )
