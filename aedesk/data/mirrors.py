"""Where each published data set can be fetched, and by which hashes its files are known."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from aedesk.data.catalogue import Source
from aedesk.errors import AedeskError


@dataclass(frozen=True)
class Recipe:
    """Where a data set comes from: base URLs to try in turn, and the files below them with their MD5.

    A file `NAME.gz` holds NAME; an archive `.zip` holds all of `gzip/NAME.gz`.
    """

    mirrors: tuple[str, ...]
    files: dict[str, str]


def recipe(source: Source) -> Recipe:
    """torchvision knows the mirrors and the hashes; `AEDESK_MIRROR`, a base URL, is tried before them.

    Below `AEDESK_MIRROR` the files are expected in torchvision's layout, as in `MNIST/raw/NAME.gz`.
    """
    family = getattr(_torchvision_datasets(), source.family)
    if source.family == "EMNIST":
        mirror, _, archive = family.url.rpartition("/")
        known, files = [mirror], {archive: family.md5}
    else:
        known, files = family.mirrors, dict(family.resources)
    own = os.environ.get("AEDESK_MIRROR")
    first = [f"{own.rstrip('/')}/{source.family}/raw"] if own else []
    return Recipe((*first, *known), files)


def _torchvision_datasets() -> Any:
    try:
        from torchvision import datasets
    except (ImportError, RuntimeError, OSError, AttributeError) as problem:
        # A torchvision built for CUDA beside a torch without it: "operator torchvision::nms does not exist".
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise AedeskError(
            f"torchvision, which knows where the data sets are, cannot be imported ({reason}): install torch"
            " and torchvision together from the same index, `pip install --force-reinstall torch torchvision`"
        ) from None
    return datasets
