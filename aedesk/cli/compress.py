"""`aedesk compress` and `aedesk decompress`: pictures as a few bits of code in a file, and back."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.cli import datasets, ends, output
from aedesk.cli.arguments import add_model, user_path
from aedesk.cli.progress import Stages
from aedesk.errors import AedeskError
from aedesk.storage import files
from aedesk.storage.levels import BITS, KINDS
from aedesk.storage.pictures import grey, in_rows, png, sheet

if TYPE_CHECKING:
    from aedesk.storage.aez import Aez, Sizes

_COMPRESS = """\
Keep pictures of digits as codes of a model: each number of a code becomes one of a few levels, and what comes often
takes fewer bits. The file can be opened wherever the model is, and holds no copy of it. What comes back is what the
model rebuilds, not the picture: how near that is, is told as PSNR in dB and SSIM, where 1 is perfect.
"""
_COMPRESS_EXAMPLE = """\
examples:
  aedesk compress dense-32 3.png 8.png --out digits.aez
  aedesk compress dense-32 scan.png --out scan.aez --bits 6 --quantiser kmeans
  aedesk compress dense-32 --data mnist --limit 1000 --out thousand.aez
"""
_DECOMPRESS = """\
Bring back the pictures of a file that `aedesk compress` has written. The file names its model by a hash of the
weights: a shipped model or one of your runs is found by itself, another is named with --model.
"""
_DECOMPRESS_EXAMPLE = """\
examples:
  aedesk decompress digits.aez --out digits/        one 28x28 picture for each, named as before
  aedesk decompress thousand.aez --out sheet.png
"""
_OUT = "a sheet if it ends in .png, else a folder for one 28x28 picture each; made if need be"
_PNGS = 500  # pictures that the size of a PNG is measured on
_LARGE_SHEET = 10_000  # pictures; more are not enlarged


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "compress", help="keep pictures in a few bits", description=_COMPRESS, epilog=_COMPRESS_EXAMPLE
    )
    add_model(parser)
    images = parser.add_argument(
        "images", metavar="IMAGE", nargs="+", type=user_path, help="picture files; none with --data"
    )
    # By "*" Python 3.11 would not find pictures that are named after an option.
    images.required = False
    parser.add_argument("--out", type=user_path, required=True, metavar="FILE.aez", help="the file to write")
    parser.add_argument(
        "--bits",
        type=int,
        default=4,
        metavar="B",
        help=f"levels of a number: 2 to the power of B, from {BITS[0]} to {BITS[-1]} (default: %(default)s)",
    )
    parser.add_argument(
        "--quantiser",
        choices=KINDS,
        default="uniform",
        help="levels equally far apart, or where codes are: nearer pictures, larger tables (default: %(default)s)",
    )
    datasets.add_data(parser, None, otherwise="no data set, but the pictures that are named")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="at most so many test images of --data (default: all)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.set_defaults(run=run_compress)

    parser = commands.add_parser(
        "decompress", help="bring them back", description=_DECOMPRESS, epilog=_DECOMPRESS_EXAMPLE
    )
    parser.add_argument(
        "file", metavar="FILE.aez", type=user_path, help="a file that `aedesk compress` has written"
    )
    parser.add_argument("--out", type=user_path, required=True, metavar="OUT", help=_OUT)
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="the model it was made with: a shipped name, a run folder or a .safetensors file (default: found)",
    )
    parser.set_defaults(run=run_decompress)


def run_compress(arguments: argparse.Namespace) -> int:
    from aedesk.storage import library

    _check(arguments)
    out = output.destination(arguments.out, [".aez"])
    output.spare([out], arguments.images or [])
    path = library.resolve(arguments.model)
    checkpoint = library.load_checkpoint(arguments.model)
    images, names = _pictures(arguments)

    from aedesk.analysis import fidelity
    from aedesk.analysis.compression import compress, decompress
    from aedesk.latent.atlas import atlas_for
    from aedesk.models.model import Model
    from aedesk.storage import aez as container

    model, atlas = Model(checkpoint), atlas_for(path)
    with Stages("image") as bar:
        aez = compress(
            model,
            images,
            bits=arguments.bits,
            kind=arguments.quantiser,
            names=names,
            codes=None if atlas is None else atlas.codes,
            progress=bar,
        )
        rebuilt = decompress(aez, model, progress=bar)
    files.make_folder(out.parent)
    sizes = container.write(out, aez)
    originals = images.astype(np.float32) / 255 if images.dtype == np.uint8 else images
    psnr = float(fidelity.psnr(rebuilt, originals).mean())
    ssim = float(fidelity.ssim(rebuilt, originals).mean())
    report = _report(aez, sizes, psnr, ssim) | {"file": str(out), "png_bits_per_image": _png_bits(originals)}
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        _print_report(report)
    return 0


def run_decompress(arguments: argparse.Namespace) -> int:
    from aedesk.storage import aez as container

    out = output.destination(arguments.out, [".png"], or_folder=True)
    output.spare([out], [arguments.file])
    aez = container.read(arguments.file)
    targets = [] if out.suffix.lower() == ".png" else [out / name for name in _stems(aez)]
    for target in targets:
        if files.is_file(target):  # perhaps the picture itself, which is worth more than what comes back
            raise AedeskError(f"{target}: is there already; choose another folder for --out")

    from aedesk.analysis.compression import decompress, find_model
    from aedesk.storage import library

    model = library.load_model(arguments.model or find_model(aez))
    with Stages("image") as bar:
        pictures = decompress(aez, model, progress=bar)
    if out.suffix.lower() == ".png":
        scale = output.SHEET_SCALE if len(pictures) <= _LARGE_SHEET else 1
        output.write_picture(out, sheet(in_rows(pictures), scale))
    else:
        for target, picture in zip(targets, pictures, strict=True):
            output.write_picture(target, grey(picture))
    print(f"{_counted(len(pictures))} decompressed by {model.name}, in {out}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if arguments.bits not in BITS:
        raise AedeskError(f"--bits must be between {BITS[0]} and {BITS[-1]}, not {arguments.bits}")
    if bool(arguments.images) == (arguments.data is not None):
        raise AedeskError("name pictures, or a data set with --data: one of the two")
    if arguments.limit is not None and (arguments.data is None or arguments.limit < 1):
        raise AedeskError("--limit is a number of test images of --data, at least 1")


def _pictures(arguments: argparse.Namespace) -> tuple[np.ndarray, list[str]]:
    """(N, 28, 28) to compress, and a name for each, or none for those of a data set."""
    if arguments.data is None:
        pictures = np.stack([ends.read_picture(image) for image in arguments.images])
        return pictures, [_name(image) for image in arguments.images]
    data = datasets.load(arguments, arguments.data)
    if not len(data.test):
        raise AedeskError(f"{data.name} has no test images; choose another data set")
    return data.test.images[: arguments.limit], []


def _name(image: Path) -> str:
    """What a picture is called, as any system can show it."""
    from aedesk.storage.aez import NO_NAME

    return "".join(c if c.isprintable() and c not in NO_NAME else "_" for c in image.name)


def _stems(aez: Aez) -> list[str]:
    """A file name for each picture."""
    width = len(str(len(aez)))
    stems = [Path(name).stem for name in aez.names]
    return output.unique_names(stems or [f"picture-{number:0{width}}" for number in range(1, len(aez) + 1)])


def _png_bits(pictures: np.ndarray) -> float:
    """What a PNG of each picture alone takes, on average over some: it is all there then, to the last pixel."""
    some = pictures[:: max(1, len(pictures) // _PNGS)]
    return 8 * sum(len(png(grey(picture))) for picture in some) / len(some)


def _report(aez: Aez, sizes: Sizes, psnr: float, ssim: float) -> dict[str, Any]:
    from aedesk.analysis.compression import RAW_BITS

    return {
        "model": aez.model,
        "images": sizes.images,
        "quantiser": aez.levels.kind,
        "bits": aez.levels.bits,
        "raw_bits_per_image": RAW_BITS,
        "code_bits_per_image": sizes.code_bits,
        "table_bytes": sizes.tables,
        "name_bytes": sizes.names,
        "file_bytes": sizes.file,
        "file_bits_per_image": sizes.file_bits,
        "psnr": psnr if math.isfinite(psnr) else None,
        "ssim": ssim,
    }


def _print_report(report: dict[str, Any]) -> None:
    count, whole = report["images"], report["file_bits_per_image"]
    psnr = "-" if report["psnr"] is None else f"{report['psnr']:.2f} dB"
    print(f"{_counted(count)} compressed by {report['model']}, in {report['file']}")
    print(f"pixels  {report['raw_bits_per_image']:,} bits an image")
    print(f"PNG     {report['png_bits_per_image']:,.1f} bits an image, nothing lost")
    print(f"codes   {report['code_bits_per_image']:,.1f} bits an image")
    print(f"tables  {report['table_bytes']:,} bytes, once")
    print(f"file    {report['file_bytes']:,} bytes: {whole:,.1f} bits an image with all that is in it")
    print(f"PSNR    {psnr}, SSIM {report['ssim']:.4f} against the pictures")
    if whole >= report["png_bits_per_image"]:
        print(
            "\nThis is larger than PNG, which loses nothing: choose fewer bits, more pictures, or a smaller code."
        )


def _counted(count: int) -> str:
    return f"{count:,} {'picture' if count == 1 else 'pictures'}"
