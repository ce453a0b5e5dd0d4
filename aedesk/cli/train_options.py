"""The options of `aedesk train`: one for every setting of a run, none of them with a default of its own."""

from __future__ import annotations

import argparse
import json
import tomllib
from pathlib import Path
from typing import Any, get_args

from aedesk.data.corruption import MOST
from aedesk.errors import AedeskError

_BOOLEAN = argparse.BooleanOptionalAction


def add_settings(parser: argparse.ArgumentParser) -> None:
    """An option for each field of `Design`, `Recipe` and `TrainingConfig` but the preset and the data."""
    _add_network(parser.add_argument_group("an own network (default: the preset's)"))
    _add_recipe(parser.add_argument_group("how to train (default: as the preset has it)"))
    _add_kind(parser.add_argument_group("what is learnt besides (default: as the preset has it)"))
    _add_end(parser.add_argument_group("when to end before the last epoch (0: not for that)"))
    _add_machine(parser.add_argument_group("where to train, and what is kept"))


def asked_for(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that were asked for, by name: those of `--config`, and over them those of the command line."""
    from aedesk.training.config import SETTINGS

    chosen = _read(arguments.config) if arguments.config is not None else {}
    words = {name: getattr(arguments, name) for name in ("preset", *SETTINGS)}
    return chosen | {name: value for name, value in words.items() if value is not None}


def _read(path: Path) -> dict[str, Any]:
    """The settings in a TOML file, or in JSON such as a run's `config.json`, whose other entries are passed over."""
    from aedesk.storage import files
    from aedesk.training.config import SETTINGS

    try:
        text = path.read_bytes().decode()
        plain = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as problem:
        raise AedeskError(f"{path}: cannot be read: {files.reason(problem)}") from problem
    except (ValueError, RecursionError) as problem:  # of JSON, TOML and UTF-8 alike
        raise AedeskError(f"{path}: no settings in TOML or JSON: {problem}") from None
    if not isinstance(plain, dict):
        raise AedeskError(f"{path}: settings are names with values, as in a run's config.json")
    known = {"preset", *SETTINGS}
    of_a_run = {"device_used", "command", "data_sha256", "changes", "status", "reason", "branched_from"}
    if unknown := plain.keys() - known - of_a_run:
        raise AedeskError(
            f"{path}: there is no setting {', '.join(sorted(unknown))}; see `aedesk train --help`"
        )
    return {name: value for name, value in plain.items() if name in known}


def _widths(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",")) if text.strip() else ()


_widths.__name__ = "list of whole numbers, such as 256,128,"  # as argparse tells of a mistake


def _add_network(group: Any) -> None:
    from aedesk.models.architecture import Output
    from aedesk.models.design import Layers
    from aedesk.models.layers import Activation

    group.add_argument("--layers", choices=get_args(Layers), help="fully connected, or convolutions")
    group.add_argument("--widths", type=_widths, metavar="N,N", help="hidden layers from picture to code")
    group.add_argument("--filters", type=_widths, metavar="N,N", help="filters of each convolution")
    group.add_argument("--code", type=int, metavar="D", help="numbers in a code, 1 to 256")
    group.add_argument("--activation", choices=get_args(Activation), help="of hidden layers")
    group.add_argument("--code-activation", choices=get_args(Activation), help="of the code")
    group.add_argument("--dropout", type=float, metavar="P", help="after hidden layers, a probability")
    group.add_argument("--batch-norm", action=_BOOLEAN, help="normalise hidden layers over the batch")
    group.add_argument("--tied", action=_BOOLEAN, help="the decoder uses the encoder's weights, transposed")
    group.add_argument("--output", choices=get_args(Output), help="what the last layer goes through")


def _add_recipe(group: Any) -> None:
    from aedesk.models.initialisation import Initialisation
    from aedesk.models.presets import Loss, Optimiser, Reduction, Schedule

    group.add_argument("--epochs", type=int, metavar="N", help="passes over the training images")
    group.add_argument("--batch-size", type=int, metavar="B", help="images for each step")
    group.add_argument("--learning-rate", type=float, metavar="R", help="size of a step")
    group.add_argument("--schedule", choices=get_args(Schedule), help="how the learning rate moves")
    group.add_argument("--loss", choices=get_args(Loss), help="squared error, cross-entropy, absolute error")
    group.add_argument("--optimiser", "--optimizer", choices=get_args(Optimiser), help="the rule of a step")
    group.add_argument(
        "--initialisation", "--initialization", choices=get_args(Initialisation), help="the first weights"
    )
    group.add_argument(
        "--output-bias", type=float, metavar="B", help="where the biases of the last layer begin, as logits"
    )
    group.add_argument("--reduction", choices=get_args(Reduction), help="loss averaged or summed over pixels")
    group.add_argument(
        "--validation-fraction",
        type=float,
        metavar="F",
        help="share of the training images that is only validated on (0.05)",
    )
    group.add_argument("--seed", type=int, metavar="S", help="the same seed gives the same run (0)")


def _add_kind(group: Any) -> None:
    from aedesk.models.presets import Kind

    group.add_argument("--kind", choices=get_args(Kind), help="of autoencoder")
    group.add_argument("--noise", choices=tuple(MOST), help="that a denoising one takes away")
    group.add_argument(
        "--noise-level", type=float, metavar="L", help="standard deviation, or share of pixels"
    )
    group.add_argument("--sparsity", type=float, metavar="W", help="weight of the size of a sparse code")
    group.add_argument("--contraction", type=float, metavar="W", help="weight of a contractive code's slope")
    group.add_argument("--beta", type=float, metavar="W", help="weight of a variational code's divergence")
    group.add_argument("--warm-up", type=int, metavar="N", help="epochs until beta has its full weight (0)")
    group.add_argument("--sketches", type=float, metavar="S", help="sketches of images, as a share of them")
    group.add_argument("--warp", type=float, metavar="W", help="pictures a little moved and turned (0.05)")
    group.add_argument("--guidance", type=float, metavar="W", help="draw flat codes to a t-SNE map (1)")
    group.add_argument("--teacher", metavar="MODEL", help="whose encoder a network with a memory begins with")
    group.add_argument("--filling", type=float, metavar="W", help="digits in the gaps of a flat map (0.3)")


def _add_end(group: Any) -> None:
    group.add_argument("--minutes", type=float, metavar="M", help="of work")
    group.add_argument("--patience", type=int, metavar="N", help="epochs without a better validation loss")
    group.add_argument("--target", type=float, metavar="L", help="validation loss")


def _add_machine(group: Any) -> None:
    from aedesk.training.config import EngineName, Precision

    group.add_argument(
        "--engine", choices=get_args(EngineName), help="PyTorch, or NumPy alone for dense networks (torch)"
    )
    group.add_argument(
        "--device", metavar="DEVICE", help="auto, cpu, cuda or cuda:N (auto: a GPU if there is one)"
    )
    group.add_argument("--precision", choices=get_args(Precision), help="of the network's arithmetic (auto)")
    group.add_argument("--threads", type=int, metavar="T", help="of the CPU (0: as many as torch takes)")
    group.add_argument(
        "--keep-mb", type=int, metavar="MB", help="megabytes that kept epochs may take; 0 keeps few (256)"
    )
