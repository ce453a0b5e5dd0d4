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
  aedesk morph dense-32 3.png 8.png --out morph.gif   let one digit become another
  aedesk map dense-2d --out map.png                   see where the digits are
  aedesk runs list --sort validation                  what you have trained, the best first

`aedesk COMMAND --help` explains a command. Data sets are kept in AEDESK_DATA_DIR, or where your system
keeps a user's data; AEDESK_HOME puts everything that is yours into one folder.
"""


def build() -> Parser:
    """The parser of every command; the chosen command's function is `run` of what it returns."""
    import aedesk
    from aedesk.cli import datasets, evaluate, maps, models, morph, pictures, runs, train

    parser = Parser(prog="aedesk", description=_ABOUT, epilog=_EXAMPLES)
    parser.add_argument("--version", action="version", version=f"aedesk {aedesk.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (models, train, runs, evaluate, pictures, morph, maps, datasets):
        group.add_to(commands)
    return parser
