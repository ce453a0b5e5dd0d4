"""The page of the Apply tab: Denoise."""

from __future__ import annotations

from typing import ClassVar

from aedesk.gui.apply.page import Page


class DenoisePage(Page):
    name: ClassVar[str] = "denoise"
    title: ClassVar[str] = "Denoise"
    about: ClassVar[str] = "..."
