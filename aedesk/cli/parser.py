"""The commands and their help, put together from the modules that run them."""

from __future__ import annotations

from aedesk.cli.arguments import Parser

_ABOUT = (
    "A desktop lab for autoencoders. Without a command the window opens; each command works without a screen."
)
_EXAMPLES = """\
examples:
  aedesk                                              open the window
  aedesk models                                       what is shipped, and how good it is
  aedesk train --preset dense-2d --out my-run         train a model of your own
  aedesk reconstruct dense-32 photo.png --out see.png rebuild a picture of a digit
  aedesk generate dense-32 --sample 100 --out new.png draw new digits
  aedesk denoise denoise-conv scan.png --out mended/  mend a damaged picture
  aedesk morph dense-32 3.png 8.png --out morph.gif   let one digit become another
  aedesk compress dense-32 3.png --out 3.aez          keep a picture in a few bits
  aedesk rates dense-32 --figure rates.png            its bits and quality beside PNG, JPEG and WebP
  aedesk map dense-2d --out map.png                   see where the digits are
  aedesk features dense-32 --out codes.csv            take the codes of a data set elsewhere
  aedesk sizes --figure sizes.svg                     see what a code of each size loses, beside PCA
  aedesk anomalies dense-32 --top 20                  the strangest of all test images
  aedesk runs list --sort validation                  what you have trained, the best first

`aedesk COMMAND --help` explains a command. Data sets are kept in AEDESK_DATA_DIR, or where your system
keeps a user's data; AEDESK_HOME puts everything that is yours into one folder.
"""


def build() -> Parser:
    """The parser of every command; the chosen command's function is `run` of what it returns."""
    import aedesk
    from aedesk.cli import (
        anomalies,
        atlas,
        compress,
        datasets,
        denoise,
        evaluate,
        features,
        judge,
        maps,
        models,
        morph,
        pictures,
        rates,
        runs,
        sizes,
        sketches,
        train,
    )

    parser = Parser(prog="aedesk", description=_ABOUT, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"aedesk {aedesk.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (
        models,
        train,
        runs,
        evaluate,
        pictures,
        denoise,
        anomalies,
        compress,
        rates,
        morph,
        maps,
        atlas,
        features,
        sizes,
        sketches,
        judge,
        datasets,
    ):
        group.add_to(commands)
    return parser
