"""`aedesk map`, and what other commands need of a model's map."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from aedesk.cli import backdrops, datasets, output
from aedesk.cli.arguments import add_model, user_path
from aedesk.cli.progress import Stages
from aedesk.errors import AedeskError

if TYPE_CHECKING:
    from aedesk.cli.colouring import Colouring
    from aedesk.latent.atlas import Atlas
    from aedesk.latent.pca import Inverse
    from aedesk.latent.projection import Projection
    from aedesk.models.model import Model

_ABOUT = """\
Draw a model's map: a dot for each of some thousand training images, where its code is, coloured by its class.
  native  the code itself, for codes of two numbers
  pca     the two directions in which codes vary most
  tsne    neighbours stay neighbours; takes a minute the first time, then it is remembered
  umap    likewise, and more of how the groups lie to each other; remembered as well
  axes    two numbers of the code, chosen by --axes
"""
_EXAMPLE = """\
examples:
  aedesk map dense-2d --out map.png
  aedesk map dense-32 --projection tsne --out map.svg
  aedesk map dense-32 --projection tsne --clusters 10 --cluster-method mixture --out clusters.png
  aedesk map dense-2d --backdrop digits --classes 4 9 --out 4-or-9.pdf
  aedesk map dense-2d --points all --colour density --out density.png
"""
ATLAS_DATA = "what the model was trained on, and only needed where it comes without its map"
COLOURS = ("classes", "density", "clusters")

_CLUSTERS = 10
_ALL = 1 << 62  # points
_MOST_NAMED = 62  # classes, in a message
_AXES = {
    "pca": ("first principal component", "second principal component"),
    "tsne": ("t-SNE 1", "t-SNE 2"),
    "umap": ("UMAP 1", "UMAP 2"),
}


def add_to(commands: Any) -> None:
    from aedesk.latent.clusters import METHODS

    parser = commands.add_parser("map", help="draw a model's latent map", description=_ABOUT, epilog=_EXAMPLE)
    add_model(parser)
    add_projection(parser)
    parser.add_argument("--colour", choices=COLOURS, help="what a dot's colour means (default: classes)")
    parser.add_argument(
        "--clusters",
        type=int,
        metavar="K",
        help=f"colour by groups that are found without the classes: how many (default: {_CLUSTERS})",
    )
    parser.add_argument(
        "--cluster-method",
        choices=METHODS,
        default="kmeans",
        help="how they are found (default: %(default)s)",
    )
    parser.add_argument(
        "--backdrop",
        choices=backdrops.KINDS,
        default="none",
        help="behind the dots: digits decoded there, or how far the decoder can be trusted there",
    )
    parser.add_argument(
        "--classes", nargs="+", metavar="CLASS", help="show only these, by the names in the legend"
    )
    parser.add_argument(
        "--points",
        type=_points,
        metavar="N",
        help="how many training images, or all of them; more than come with the model need its data",
    )
    parser.add_argument(
        "--out", type=user_path, required=True, metavar="FILE", help="a picture: .png, .svg or .pdf"
    )
    datasets.add_data(parser, None, otherwise=ATLAS_DATA)
    parser.set_defaults(run=run)


def add_projection(parser: argparse.ArgumentParser, *, inverse: bool = False) -> None:
    """The options that `lay_out` reads. inverse: whether places of the map are to become codes."""
    from aedesk.latent.projection import Kind

    parser.add_argument(
        "--projection",
        choices=get_args(Kind),
        help="which map (default: native for codes of two numbers, else pca)",
    )
    parser.add_argument(
        "--axes",
        nargs=2,
        type=int,
        metavar=("I", "J"),
        help="map two numbers of the code, counted from 1: implies --projection axes",
    )
    if inverse:
        parser.add_argument(
            "--inverse",
            choices=("local", "exact"),
            default="local",
            help="of pca: a place is like the images near it, or the one code in the plane (default: %(default)s)",
        )


def run(arguments: argparse.Namespace) -> int:
    from aedesk.cli import figures

    _check(arguments)
    out = output.destination(arguments.out, output.DRAWN)
    model, atlas = load_model_with_atlas(arguments)
    more = _more_points(arguments, model, atlas)
    shown = _of_classes(more, arguments.classes)
    projection = lay_out(arguments, atlas)
    points = projection.points if more is atlas else projection.to_points(more.codes)
    figures.write_map(
        out,
        points[shown],
        _axes_names(arguments, atlas),
        f"{model.name}: {len(shown):,} {atlas.source or 'images'}",
        _colouring(arguments, more, points, shown),
        backdrops.draw(arguments.backdrop, projection, atlas, model),
    )
    print(f"{len(shown):,} {atlas.source or 'images'} under {model.name}, in {out}")
    return 0


def lay_out(arguments: argparse.Namespace, atlas: Atlas) -> Projection:
    """The map of an atlas that was asked for by the options of `add_projection`."""
    from aedesk.latent.projection import project

    inverse: Inverse = getattr(arguments, "inverse", "local")
    kind, axes = kind_of(arguments, atlas), _axes(arguments)
    with layout_progress() as progress:
        return project(kind, atlas, inverse=inverse, axes=axes, progress=progress)


def kind_of(arguments: argparse.Namespace, atlas: Atlas) -> str:
    """The projection that was asked for, or the best one for codes of this size."""
    from aedesk.latent.projection import kinds

    if arguments.axes is None:
        return arguments.projection or kinds(atlas.code_size)[0]
    if arguments.projection not in {None, "axes"}:
        raise AedeskError(f"--axes is for --projection axes, not for {arguments.projection}")
    return "axes"


def load_model_with_atlas(arguments: argparse.Namespace) -> tuple[Model, Atlas]:
    """The model and its atlas; one that comes without is encoded now, and its atlas kept in the cache."""
    from aedesk.latent import atlas as atlases
    from aedesk.storage import library

    path = library.resolve(arguments.model)
    checkpoint = library.load_checkpoint(arguments.model)
    atlas = atlases.atlas_for(path)
    name = datasets.of(arguments, checkpoint)
    data = None if atlas else datasets.load(arguments, name)

    from aedesk.data.sources import in_full
    from aedesk.models.model import Model

    model = Model(checkpoint)
    if data is not None:
        source = f"training images of {data.name}"
        atlas = atlases.ensure(path, model, data.train, source=source, data=in_full(name))
    assert atlas is not None
    return model, atlas


@contextmanager
def layout_progress() -> Iterator[Callable[[int, int, np.ndarray | None], None]]:
    """A bar for laying out a map, where there is a terminal; what it looks like on the way is for the window."""
    with Stages("step") as bar:
        yield lambda done, total, points: bar("laying out the map", done, total)


def _points(text: str) -> int:
    """How many, for argparse."""
    return _ALL if text == "all" else int(text)


def _axes(arguments: argparse.Namespace) -> tuple[int, int]:
    """Which two numbers of the code, from 0; on the command line they are counted from 1, as in the window."""
    i, j = arguments.axes or (1, 2)
    return i - 1, j - 1


def _axes_names(arguments: argparse.Namespace, atlas: Atlas) -> tuple[str, str]:
    i, j = _axes(arguments)
    of_the_code = f"number {i + 1} of the code", f"number {j + 1} of the code"
    return _AXES.get(kind_of(arguments, atlas), of_the_code)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.clusters is not None:
        if arguments.colour not in {None, "clusters"}:
            raise AedeskError(f"--clusters colours by clusters; leave out --colour {arguments.colour}")
        arguments.colour = "clusters"
    if arguments.points is not None and arguments.points < 1:
        raise AedeskError(f"--points must be 1 or more, or all, not {arguments.points}")


def _more_points(arguments: argparse.Namespace, model: Model, atlas: Atlas) -> Atlas:
    """The atlas with as many codes as were asked for: some of them, or those of more training images."""
    from aedesk.latent import atlas as atlases

    if arguments.points is None or arguments.points == len(atlas):
        return atlas
    if arguments.points < len(atlas):
        chosen = np.sort(np.random.default_rng(0).permutation(len(atlas))[: arguments.points])
        return replace(atlas, codes=atlas.codes[chosen], labels=atlas.labels[chosen], images=None)
    data = datasets.load(arguments, datasets.of(arguments, model.checkpoint))
    if data.train.classes != atlas.classes:
        raise AedeskError(f"{data.name} has other classes than the images of the map; choose another --data")
    count = min(arguments.points, len(data.train))
    return atlases.build(model, data.train, count, source=atlas.source)


def _of_classes(atlas: Atlas, names: list[str] | None) -> np.ndarray:
    """The codes of the named classes, or of all: their indices."""
    if names is None:
        return np.arange(len(atlas))
    unknown = [name for name in names if name not in atlas.classes]
    if unknown:
        known = ", ".join(atlas.classes[:_MOST_NAMED]) + (" ..." if len(atlas.classes) > _MOST_NAMED else "")
        raise AedeskError(f"there is no class {unknown[0]!r}; the classes are: {known}")
    shown = np.flatnonzero(np.isin(atlas.labels, [atlas.classes.index(name) for name in names]))
    if not len(shown):
        raise AedeskError(f"the map has no images of the classes {', '.join(names)}; choose others")
    return shown


def _colouring(
    arguments: argparse.Namespace, atlas: Atlas, points: np.ndarray, shown: np.ndarray
) -> Colouring:
    from aedesk.cli import colouring

    if arguments.colour == "density":
        return colouring.by_density(points[shown])
    if arguments.colour == "clusters":
        count = _CLUSTERS if arguments.clusters is None else arguments.clusters
        return colouring.by_cluster(atlas, shown, arguments.cluster_method, count)
    return colouring.by_class(atlas, shown)
