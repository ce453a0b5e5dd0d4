"""`aedesk map`, and what other commands need of a model's map."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, get_args

from aedesk.cli import datasets, output
from aedesk.cli.arguments import add_model, user_path
from aedesk.cli.progress import Stages

if TYPE_CHECKING:
    from aedesk.latent.atlas import Atlas
    from aedesk.models.model import Model

_ABOUT = """\
Draw a model's map: a dot for each of some thousand training images, where its code is, coloured by its class.
  native  the code itself, for codes of two numbers
  pca     the two directions in which codes vary most
  tsne    neighbours stay neighbours; takes a minute the first time, then it is remembered
"""
_EXAMPLE = """\
examples:
  aedesk map dense-2d --out map.png
  aedesk map dense-32 --projection tsne --out map.svg
"""
ATLAS_DATA = "what the model was trained on, and only needed where it comes without its map"


def add_to(commands: Any) -> None:
    parser = commands.add_parser("map", help="draw a model's latent map", description=_ABOUT, epilog=_EXAMPLE)
    add_model(parser)
    add_projection(parser)
    parser.add_argument(
        "--out", type=user_path, required=True, metavar="FILE", help="a picture: .png, .svg or .pdf"
    )
    datasets.add_data(parser, None, otherwise=ATLAS_DATA)
    parser.set_defaults(run=run)


def add_projection(parser: argparse.ArgumentParser) -> None:
    """The option that `kind_of` reads."""
    from aedesk.latent.projection import Kind

    parser.add_argument(
        "--projection",
        choices=get_args(Kind),
        help="which map (default: native for codes of two numbers, else pca)",
    )


def run(arguments: argparse.Namespace) -> int:
    from aedesk.cli import figures
    from aedesk.latent.projection import project

    out = output.destination(arguments.out, figures.SUFFIXES)
    model, atlas = load_model_with_atlas(arguments)
    with layout_progress() as progress:
        projection = project(kind_of(arguments, atlas), atlas, progress=progress)
    figures.write_map(out, projection, atlas, model.name)
    print(f"{len(atlas):,} {atlas.source or 'images'} under {model.name}, in {out}")
    return 0


def kind_of(arguments: argparse.Namespace, atlas: Atlas) -> str:
    """The projection that was asked for, or the best one for codes of this size."""
    from aedesk.latent.projection import kinds

    return arguments.projection or kinds(atlas.code_size)[0]


def load_model_with_atlas(arguments: argparse.Namespace) -> tuple[Model, Atlas]:
    """The model and its atlas; one that comes without is encoded now, and its atlas kept in the cache."""
    from aedesk.latent import atlas as atlases
    from aedesk.storage import library

    path = library.resolve(arguments.model)
    checkpoint = library.load_checkpoint(arguments.model)
    atlas = atlases.atlas_for(path)
    data = None if atlas else datasets.load(arguments, datasets.of(arguments, checkpoint))

    from aedesk.models.model import Model

    model = Model(checkpoint)
    if data is not None:
        atlas = atlases.ensure(path, model, data.train, source=f"training images of {data.name}")
    assert atlas is not None
    return model, atlas


@contextmanager
def layout_progress() -> Iterator[Callable[[int, int], None]]:
    """A bar for laying out a map, where there is a terminal."""
    with Stages("step") as bar:
        yield lambda done, total: bar("laying out the map", done, total)
