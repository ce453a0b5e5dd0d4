"""`aedesk morph`: one digit becomes another, frame by frame."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aedesk.cli import datasets, ends, maps, output
from aedesk.cli.arguments import add_model, user_path
from aedesk.errors import AedeskError
from aedesk.storage.pictures import grey, in_rows, sheet

if TYPE_CHECKING:
    from aedesk.latent.atlas import Atlas
    from aedesk.latent.projection import Projection
    from aedesk.models.model import Model

_ABOUT = """\
Let one digit become another: decode the codes on a way from A to B.
  straight   the line between the two codes
  spherical  the arc between them: directions and lengths change evenly
  data       from neighbour to neighbour among the codes of training images, so that no frame is far from a digit
Or walk over the map along a path that you name.
"""
_EXAMPLE = """\
examples:
  aedesk morph dense-32 three.png eight.png --out morph.gif            there and back, again and again
  aedesk morph dense-2d -40,8 3.5,-1 --how data --out strip.png        two places of the map
  aedesk morph dense-32 three.png 10,4 --projection pca --out frames/  one 28x28 picture for each frame
  aedesk morph dense-32 --projection tsne --path -20,5 0,0 12,-30 --frames 60 --out walk.gif
"""
_OUT = "an animation if it ends in .gif, a film strip if in .png, .svg or .pdf, else a folder for the frames"
WAYS = ("straight", "spherical", "data")
FEWEST, MOST = 2, 500  # frames
_PER_ROW = 20


class _Path(argparse.Action):
    """A path stands in for A and B: argparse is not to ask for them then.

    Were they optional from the start (`nargs="?"`), argparse would not find them behind an option.
    """

    def __init__(self, *words: Any, instead_of: Sequence[argparse.Action], **settings: Any) -> None:
        super().__init__(*words, **settings)
        self._instead_of = instead_of

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values)
        for action in self._instead_of:
            action.required = False


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "morph", help="let one digit become another", description=_ABOUT, epilog=_EXAMPLE
    )
    add_model(parser)
    a = parser.add_argument("a", metavar="A", type=ends.end, help=ends.HELP)
    b = parser.add_argument("b", metavar="B", type=ends.end, help="likewise, where it ends")
    parser.add_argument(
        "--path",
        metavar="X,Y",
        nargs="+",
        type=ends.place,
        action=_Path,
        instead_of=(a, b),
        help="instead of A and B: places of the map, two or more, to walk past in this order",
    )
    parser.add_argument("--how", choices=WAYS, help="the way from A to B (default: straight)")
    parser.add_argument("--frames", type=int, default=16, metavar="N", help="how many (default: %(default)s)")
    maps.add_projection(parser, inverse=True)
    parser.add_argument("--out", type=user_path, required=True, metavar="OUT", help=_OUT)
    datasets.add_data(parser, None, otherwise=maps.ATLAS_DATA)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    out = output.destination(arguments.out, [".gif", *output.DRAWN], or_folder=True)
    chosen = [] if arguments.path else [arguments.a, arguments.b]
    count = arguments.frames
    is_folder = out.suffix.lower() not in {".gif", *output.DRAWN}
    names = [f"frame-{number:0{len(str(count))}}.png" for number in range(1, count + 1)]
    output.spare([out / name for name in names] if is_folder else [out], ends.files_of(chosen))
    found = ends.read(chosen)
    model, atlas = maps.load_model_with_atlas(arguments)
    frames = model.decode(_codes(arguments, found, model, atlas))
    if is_folder:
        for name, frame in zip(names, frames, strict=True):
            output.write_picture(out / name, grey(frame))
    else:
        _write(out, frames)
    way = "along the path" if arguments.path else f"from {ends.words(chosen[0])} to {ends.words(chosen[1])}"
    print(f"{count} frames drawn by {model.name}, {way}, in {out}")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    if not FEWEST <= arguments.frames <= MOST:
        raise AedeskError(f"--frames must be between {FEWEST} and {MOST}, not {arguments.frames}")
    if arguments.path is None:
        return
    if arguments.a is not None:
        raise AedeskError("name either A and B or a --path, not both")
    if len(arguments.path) < 2:
        raise AedeskError("--path needs two places or more, such as --path 0,0 3.5,-1")
    if arguments.how is not None:
        raise AedeskError("--how says how to go from A to B; a --path is a way of its own")


def _codes(arguments: argparse.Namespace, found: list[np.ndarray], model: Model, atlas: Atlas) -> np.ndarray:
    from aedesk.latent import morph

    def lay_out() -> Projection:
        return maps.lay_out(arguments, atlas)

    if arguments.path:
        return morph.along(lay_out(), np.array(arguments.path, np.float32), arguments.frames)
    a, b = ends.codes(found, model, lay_out)
    if arguments.how == "data":
        return morph.Roads(atlas.codes).between(a, b, arguments.frames)
    return (morph.spherical if arguments.how == "spherical" else morph.straight)(a, b, arguments.frames)


def _write(out: Path, frames: np.ndarray) -> None:
    """The frames (n, 28, 28) as an animation or a strip, as the name of the file says."""
    rows = in_rows(frames, _PER_ROW)
    if out.suffix.lower() == ".gif":
        output.write_animation(out, frames)
    elif out.suffix.lower() == ".png":
        output.write_picture(out, sheet(rows, output.SHEET_SCALE))
    else:
        from aedesk.cli import figures

        figures.write_sheet(out, sheet(rows, 1))
