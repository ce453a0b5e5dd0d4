"""The page of the Apply tab: CodeSize."""

from __future__ import annotations

from typing import ClassVar

from aedesk.gui.apply.page import Page


class SizesPage(Page):
    name: ClassVar[str] = "sizes"
    title: ClassVar[str] = "CodeSize"
    about: ClassVar[str] = "..."
