"""`aedesk reconstruct` and `aedesk generate`: pictures in, pictures out."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

import numpy as np

from aedesk.cli import datasets, maps, output
from aedesk.cli.arguments import add_model, finite, user_path
from aedesk.errors import AedeskError

_RECONSTRUCT = """\
Send pictures of digits through a model. Any size, dark on light or light on dark: each is cropped and centred
like the digits of MNIST first; one of exactly 28x28 pixels is taken as it is.
"""
_RECONSTRUCT_EXAMPLE = """\
examples:
  aedesk reconstruct dense-32 three.png photo.jpg --out sheet.png   what the model saw over what it rebuilt
  aedesk reconstruct my-run scans/*.png --out rebuilt/              one 28x28 picture for each
"""
_GENERATE = """\
Draw digits that nobody wrote: decode a place of the model's map, or codes drawn at random.
"""
_GENERATE_EXAMPLE = """\
examples:
  aedesk generate dense-2d --at 3.5 -1 --out place.png
  aedesk generate dense-32 --sample 100 --seed 7 --out sheet.png
  aedesk generate dense-32 --sample 100 --sampler gaussian --out digits/    one 28x28 picture for each
"""
_OUT = "a sheet if it ends in .png, else a folder for one 28x28 picture each; made if need be"
_MOST = 10_000
_PAIRS_PER_ROW = 20


def add_to(commands: Any) -> None:
    from aedesk.latent.sampling import SAMPLERS

    parser = commands.add_parser(
        "reconstruct",
        help="rebuild pictures of digits",
        description=_RECONSTRUCT,
        epilog=_RECONSTRUCT_EXAMPLE,
    )
    add_model(parser)
    parser.add_argument("images", metavar="IMAGE", nargs="+", type=user_path, help="picture files")
    parser.add_argument("--out", type=user_path, required=True, metavar="OUT", help=_OUT)
    parser.set_defaults(run=run_reconstruct)

    parser = commands.add_parser(
        "generate", help="draw new digits", description=_GENERATE, epilog=_GENERATE_EXAMPLE
    )
    add_model(parser)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--at", nargs=2, type=finite, metavar=("X", "Y"), help="a place, in the coordinates of `aedesk map`"
    )
    where.add_argument("--sample", type=int, metavar="N", help="how many codes to draw at random")
    maps.add_projection(parser)
    parser.add_argument(
        "--sampler",
        choices=SAMPLERS,
        default="mixture",
        help="what codes are drawn from (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed draws the same (0)")
    parser.add_argument("--out", type=user_path, required=True, metavar="OUT", help=_OUT)
    datasets.add_data(parser, None, otherwise=maps.ATLAS_DATA)
    parser.set_defaults(run=run_generate)


def run_reconstruct(arguments: argparse.Namespace) -> int:
    from aedesk.storage.library import load_checkpoint

    out = output.destination(arguments.out, [".png"], or_folder=True)
    targets = [out]
    if out.suffix.lower() != ".png":
        targets = [out / name for name in output.unique_names(image.stem for image in arguments.images)]
    _spare_inputs(targets, arguments.images)
    checkpoint = load_checkpoint(arguments.model)
    originals = np.stack([_read(image) for image in arguments.images])

    from aedesk.models.model import Model

    rebuilt = Model(checkpoint).reconstruct(originals)
    if targets == [out]:
        starts = range(0, len(originals), _PAIRS_PER_ROW)
        parts = [slice(start, start + _PAIRS_PER_ROW) for start in starts]
        output.write_picture(out, output.sheet([row[part] for part in parts for row in (originals, rebuilt)]))
    else:
        for target, picture in zip(targets, rebuilt, strict=True):
            output.write_picture(target, output.grey(picture))
    print(f"{len(rebuilt)} rebuilt by {checkpoint.name}, in {out}; MSE {_error(originals, rebuilt):.4f}")
    return 0


def run_generate(arguments: argparse.Namespace) -> int:
    from aedesk.latent.projection import project
    from aedesk.latent.sampling import sample

    if arguments.sample is not None and not 1 <= arguments.sample <= _MOST:
        raise AedeskError(f"--sample must be between 1 and {_MOST:,}, not {arguments.sample}")
    if not 0 <= arguments.seed < 2**32:
        raise AedeskError(f"--seed must be between 0 and {2**32 - 1}, not {arguments.seed}")
    out = output.destination(arguments.out, [".png"], or_folder=True)
    model, atlas = maps.load_model_with_atlas(arguments)
    if arguments.at is not None:
        kind = maps.kind_of(arguments, atlas)
        with maps.layout_progress() as progress:
            codes = project(kind, atlas, progress=progress).to_codes(np.array([arguments.at], np.float32))
        names = ["digit.png"]
        how = f", at {arguments.at[0]:g}, {arguments.at[1]:g} of its {kind} map"
    else:
        how = ""
        codes = sample(arguments.sampler, atlas, arguments.sample, arguments.seed)
        names = [f"digit-{number:0{len(str(len(codes)))}}.png" for number in range(1, len(codes) + 1)]
    pictures = model.decode(codes)
    if out.suffix.lower() == ".png":
        columns = math.ceil(math.sqrt(len(pictures)))
        rows = [pictures[start : start + columns] for start in range(0, len(pictures), columns)]
        output.write_picture(out, output.sheet(rows))
    else:
        for name, picture in zip(names, pictures, strict=True):
            output.write_picture(out / name, output.grey(picture))
    print(f"{len(pictures)} drawn by {model.name}{how}, in {out}")
    return 0


def _read(file: Path) -> np.ndarray:
    """A picture file as the model sees it; AedeskError names the file."""
    from aedesk import sketch

    picture = sketch.open_picture(file)
    try:
        seen = sketch.from_picture(picture)
    except AedeskError as problem:
        raise AedeskError(f"{file}: {problem}") from None
    if not seen.any() and picture.size != seen.shape:  # one of 28x28 is taken as it is, whatever is on it
        raise AedeskError(f"{file}: no ink was found, it is all of one shade; choose a picture of a digit")
    return seen


def _spare_inputs(targets: list[Path], images: list[Path]) -> None:
    """Refuse to write over the pictures that are to be read."""
    inputs = {image.absolute() for image in images}
    for target in targets:
        if target.absolute() in inputs:
            raise AedeskError(f"{target}: this is one of the pictures to rebuild; choose another --out")


def _error(originals: np.ndarray, rebuilt: np.ndarray) -> float:
    return float(((originals - rebuilt) ** 2).mean())
