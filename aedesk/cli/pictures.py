"""`aedesk reconstruct` and `aedesk generate`: pictures in, pictures out."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.cli import datasets, ends, maps, output
from aedesk.cli.arguments import add_model, finite, user_path
from aedesk.errors import AedeskError
from aedesk.storage.pictures import grey, in_rows, sheet

if TYPE_CHECKING:
    from aedesk.latent.atlas import Atlas
    from aedesk.models.model import Model

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
Draw digits that nobody wrote: decode a place of the model's map, codes drawn at random, or a sum of codes.
"""
_GENERATE_EXAMPLE = """\
examples:
  aedesk generate dense-2d --at 3.5 -1 --out place.png
  aedesk generate dense-32 --sample 100 --seed 7 --out sheet.png
  aedesk generate dense-32 --sample 100 --sampler gaussian --out digits/    one 28x28 picture for each
  aedesk generate dense-32 --sample 100 --temperature 0.5 --out tame.png    nearer to what is common
  aedesk generate my-vae --sample 100 --sampler prior --out prior.png       of a variational model
  aedesk generate dense-2d --arithmetic bold.png thin.png 3.5,-1 --out sum.png
"""
_OUT = "a sheet if it ends in .png, else a folder for one 28x28 picture each; made if need be"
_MOST = 10_000
_PAIRS_PER_ROW = 20
_DRAWN_FROM = {
    "prior": " from its prior",
    "mixture": " from a Gaussian mixture of its codes",
    "gaussian": " from a Gaussian of its codes",
}


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
    where.add_argument(
        "--arithmetic",
        nargs=3,
        type=ends.end,
        metavar=("A", "B", "C"),
        help=f"the code of A, less that of B, plus that of C; each {ends.HELP}",
    )
    maps.add_projection(parser, inverse=True)
    parser.add_argument(
        "--sampler",
        choices=SAMPLERS,
        help="what codes are drawn from (default: the prior of a variational model, else a mixture)",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        metavar="T",
        help="how far samples go from what is common: 0 not at all, 2 twice as far (default: %(default)g)",
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
    output.spare(targets, arguments.images)
    checkpoint = load_checkpoint(arguments.model)
    originals = np.stack([ends.read_picture(image) for image in arguments.images])

    from aedesk.models.model import Model

    rebuilt = Model(checkpoint).reconstruct(originals)
    if targets == [out]:
        pairs = zip(in_rows(originals, _PAIRS_PER_ROW), in_rows(rebuilt, _PAIRS_PER_ROW), strict=True)
        output.write_picture(out, sheet([row for pair in pairs for row in pair], output.SHEET_SCALE))
    else:
        for target, picture in zip(targets, rebuilt, strict=True):
            output.write_picture(target, grey(picture))
    print(f"{len(rebuilt)} rebuilt by {checkpoint.name}, in {out}; MSE {_error(originals, rebuilt):.4f}")
    return 0


def run_generate(arguments: argparse.Namespace) -> int:
    _check_sampling(arguments)
    out = output.destination(arguments.out, [".png"], or_folder=True)
    is_sheet = out.suffix.lower() == ".png"
    names = ["digit.png"]
    if arguments.sample is not None:
        numbers = range(1, arguments.sample + 1)
        names = [f"digit-{number:0{len(str(arguments.sample))}}.png" for number in numbers]
    terms = arguments.arithmetic or ([tuple(arguments.at)] if arguments.at else [])
    output.spare([out] if is_sheet else [out / name for name in names], ends.files_of(terms))
    found = ends.read(terms)
    if arguments.sample is not None:
        model, codes, how = _samples(arguments)
    else:
        model, atlas = maps.load_model_with_atlas(arguments)
        codes, how = _codes(arguments, found, model, atlas)
    pictures = model.decode(codes)
    if is_sheet:
        output.write_picture(out, sheet(in_rows(pictures), output.SHEET_SCALE))
    else:
        for name, picture in zip(names, pictures, strict=True):
            output.write_picture(out / name, grey(picture))
    print(f"{len(pictures)} drawn by {model.name}{how}, in {out}")
    return 0


def _check_sampling(arguments: argparse.Namespace) -> None:
    from aedesk.latent.temperature import HOTTEST

    if arguments.sample is not None and not 1 <= arguments.sample <= _MOST:
        raise AedeskError(f"--sample must be between 1 and {_MOST:,}, not {arguments.sample}")
    if not 0 <= arguments.seed < 2**32:
        raise AedeskError(f"--seed must be between 0 and {2**32 - 1}, not {arguments.seed}")
    if not 0 <= arguments.temperature <= HOTTEST:
        raise AedeskError(f"--temperature must be between 0 and {HOTTEST:g}, not {arguments.temperature:g}")


def _samples(arguments: argparse.Namespace) -> tuple[Model, np.ndarray, str]:
    """The model, codes (n, D) drawn at random, and what from in words. A prior needs no atlas, so no data either."""
    from aedesk.latent.sampling import check_kind, kinds, prior, sample
    from aedesk.storage import library

    path = library.resolve(arguments.model)
    checkpoint = library.load_checkpoint(arguments.model)
    variational = checkpoint.architecture.variational
    kind = arguments.sampler or kinds(prior=variational)[0]
    check_kind(kind, prior=variational)
    n, seed, temperature = arguments.sample, arguments.seed, arguments.temperature
    if kind == "prior":
        from aedesk.models.model import Model

        codes = prior(checkpoint.architecture.code_size, n, seed, temperature)
        return Model(checkpoint), codes, _DRAWN_FROM[kind]
    model, atlas = maps.load_model_with_atlas(arguments)
    codes = sample(kind, atlas, n, seed, temperature, model_path=path)
    return model, codes, _DRAWN_FROM[kind]


def _codes(
    arguments: argparse.Namespace, found: list[np.ndarray], model: Model, atlas: Atlas
) -> tuple[np.ndarray, str]:
    """The code (1, D) of a place or a sum, and where it comes from in words. found: by `ends.read`."""
    from aedesk.latent.morph import arithmetic

    terms = ends.codes(found, model, lambda: maps.lay_out(arguments, atlas))
    if arguments.at is not None:
        kind = maps.kind_of(arguments, atlas)
        return terms, f", at {arguments.at[0]:g}, {arguments.at[1]:g} of its {kind} map"
    a, b, c = map(ends.words, arguments.arithmetic)
    total = arithmetic(terms[0], terms[1], terms[2], non_negative=atlas.non_negative)
    return total[None], f", from {a} - {b} + {c}"


def _error(originals: np.ndarray, rebuilt: np.ndarray) -> float:
    return float(((originals - rebuilt) ** 2).mean())
