"""The page of the Apply tab: Features."""

from __future__ import annotations

from typing import ClassVar

from aedesk.gui.apply.page import Page


class FeaturesPage(Page):
    name: ClassVar[str] = "features"
    title: ClassVar[str] = "Features"
    about: ClassVar[str] = "..."
