"""The page of the Apply tab: Compress."""

from __future__ import annotations

from typing import ClassVar

from aedesk.gui.apply.page import Page


class CompressPage(Page):
    name: ClassVar[str] = "compress"
    title: ClassVar[str] = "Compress"
    about: ClassVar[str] = "..."
