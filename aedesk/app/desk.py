"""Everything that the Explore tab's views are about: one of each per window."""

from __future__ import annotations

from aedesk.app.code_editor import CodeEditor
from aedesk.app.explorer import Explorer
from aedesk.app.ink import Ink
from aedesk.app.jobs import Jobs
from aedesk.app.morpher import Morpher
from aedesk.app.point_pictures import PointPictures
from aedesk.app.samples import Samples
from aedesk.app.selection import Selection
from aedesk.app.trail import Trail


class Desk:
    """The drawing and the model that reads it, and what is done on the model's map."""

    def __init__(self, jobs: Jobs, ink: Ink) -> None:
        self.ink = ink
        self.explorer = Explorer(jobs)
        self.pictures = PointPictures(self.explorer, jobs)
        self.selection = Selection(self.explorer, self.pictures, jobs)
        self.trail = Trail(self.explorer, ink, jobs)
        self.morpher = Morpher(self.explorer, jobs)
        self.samples = Samples(self.explorer, jobs)
        self.editor = CodeEditor(self.explorer)
