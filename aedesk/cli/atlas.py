"""`aedesk atlas`: what the window needs beside a model to show it without a wait."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aedesk import paths
from aedesk.cli import datasets, maps
from aedesk.cli.arguments import add_model, user_path
from aedesk.cli.progress import Stages
from aedesk.errors import AedeskError
from aedesk.storage import files, runs

if TYPE_CHECKING:
    from aedesk.latent.atlas import Atlas

_ABOUT = """\
Make what belongs beside a model and takes long to compute, from the training images of its data set:
  atlas.safetensors     codes of some thousand of them: the dots of the map, and the neighbours of a guess
  mixture.safetensors   the mixture of normal distributions that samples are drawn from, fitted to all of them
  maps/...-tsne.safetensors
                        the t-SNE map of the atlas; none for codes of one or two numbers
Everything follows from the model, the data and the options: the same command makes the same files.
"""
_EXAMPLE = """\
examples:
  aedesk atlas my-run                                        beside the model, where the window finds it
  aedesk atlas my-run --count 3000 --compact --out shipped/  fewer dots in half the bytes, elsewhere
"""
_MOST_NATIVE = 2  # numbers of a code that is its own map


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "atlas", help="make a model's atlas, mixture and map", description=_ABOUT, epilog=_EXAMPLE
    )
    add_model(parser)
    parser.add_argument(
        "--count",
        type=int,
        metavar="N",
        help="how many training images the atlas has (default: by the size of a code, 10,000 to 1,500)",
    )
    parser.add_argument(
        "--compact",
        action="store_true",
        help="about half the bytes: no number moves by more than 1/254 of its range",
    )
    parser.add_argument(
        "--out", type=user_path, metavar="FOLDER", help="where the files go (default: the model's folder)"
    )
    parser.add_argument(
        "--maps",
        type=user_path,
        metavar="FOLDER",
        help="where the t-SNE map goes (default: your cache, where the window looks, or maps in --out)",
    )
    parser.add_argument("--no-map", action="store_true", help="leave the t-SNE map out")
    datasets.add_data(parser, None, otherwise="what the model was trained on")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from aedesk.latent import atlas as atlases
    from aedesk.latent import mixture as mixtures
    from aedesk.latent import tsne
    from aedesk.storage import library

    if arguments.count is not None and arguments.count < tsne.FEWEST:
        raise AedeskError(f"--count must be {tsne.FEWEST} or more, not {arguments.count}")
    path = library.resolve(arguments.model)
    checkpoint = library.load_checkpoint(arguments.model)
    has_map = checkpoint.architecture.code_size > _MOST_NATIVE and not arguments.no_map
    out, folder_of_map = _folders(arguments, path, has_map)
    name = datasets.of(arguments, checkpoint)
    data = datasets.load(arguments, name)

    from aedesk.data.sources import in_full
    from aedesk.models.model import Model

    model = Model(checkpoint)
    source = f"training images of {data.name}"
    atlas = atlases.build(model, data.train, arguments.count, source=source, data=in_full(name))
    with Stages("step", lines=True) as stages:
        mixture = mixtures.Mixture.of(model, data.train, progress=stages)
    written = [out / runs.ATLAS, out / mixtures.MIXTURE]
    atlases.save(atlas, written[0], compact=arguments.compact)
    mixtures.save(mixture, written[1])
    if has_map:
        # Of the codes as they will be read: a map is found by them.
        written.append(_write_map(atlases.load(written[0]), folder_of_map, arguments.compact))
    for file in written:
        print(f"{file}: {file.stat().st_size:,} bytes")
    return 0


def _folders(arguments: argparse.Namespace, model: Path, has_map: bool) -> tuple[Path, Path]:
    """Where the files go and where the map goes: there, and open to be written to."""
    if arguments.out is None and (model.is_relative_to(paths.weights()) or model.parent.name == runs.EPOCHS):
        raise AedeskError(f"{model.parent}: nothing is added to this folder; name another one by --out")
    out = arguments.out or model.parent
    kept = paths.cache() / "maps" if arguments.out is None else out / "maps"
    folder_of_map = arguments.maps or kept
    for folder in {out, folder_of_map} if has_map else {out}:
        files.make_folder(folder)
        files.check_writable(folder)
    return out, folder_of_map


def _write_map(atlas: Atlas, folder: Path, compact: bool) -> Path:
    from aedesk.latent import kept, tsne

    with maps.layout_progress() as progress:
        points = tsne.layout(atlas.codes, progress=progress)
    return kept.write(folder, atlas, "tsne", points, compact)
