"""The page of the Apply tab: OddOneOut."""

from __future__ import annotations

from typing import ClassVar

from aedesk.gui.apply.page import Page


class AnomaliesPage(Page):
    name: ClassVar[str] = "anomalies"
    title: ClassVar[str] = "OddOneOut"
    about: ClassVar[str] = "..."
