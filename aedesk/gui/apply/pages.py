"""The pages of the Apply tab, in the order of their buttons. Each is imported when it is first shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aedesk.gui.apply.page import Page


@dataclass(frozen=True)
class Use:
    """A use of autoencoders. name: of its page. title: on the button that shows it. load: imports the page's class."""

    name: str
    title: str
    load: Callable[[], type[Page]]


def _denoise() -> type[Page]:
    from aedesk.gui.apply.denoise_page import DenoisePage

    return DenoisePage


def _anomalies() -> type[Page]:
    from aedesk.gui.apply.anomalies_page import AnomaliesPage

    return AnomaliesPage


def _compress() -> type[Page]:
    from aedesk.gui.apply.compress_page import CompressPage

    return CompressPage


def _features() -> type[Page]:
    from aedesk.gui.apply.features_page import FeaturesPage

    return FeaturesPage


def _sizes() -> type[Page]:
    from aedesk.gui.apply.sizes_page import SizesPage

    return SizesPage


PAGES = (
    Use("denoise", "Denoise", _denoise),
    Use("anomalies", "Odd one out", _anomalies),
    Use("compress", "Compress", _compress),
    Use("features", "Features", _features),
    Use("sizes", "Code size", _sizes),
)
