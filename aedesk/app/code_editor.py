"""A code that is changed number by number."""

from __future__ import annotations

import math

import numpy as np

from aedesk.app.explorer import Explorer, Pick, Reading
from aedesk.app.loading import ActiveModel
from aedesk.app.signal import Signal

ORIGIN = "code sliders"
SKETCH = "your drawing"
MOST = 64
"""Numbers of a code that can be changed: those that vary most in the atlas."""

_TAILS = 0.001  # share of the atlas's codes beyond each end of a range
_WIDER = 0.05  # of a range, at each end
_NARROWEST = 1e-3  # of the widest range: a number that hardly varies can be moved all the same


class CodeEditor:
    """Holds a code and changes single numbers of it; each change is picked on the map, decoded.

    dims: (m,) int64, which numbers of the code can be changed, the one of largest variance first; low, high: (m,)
    float32, how far; a position is a place in these. code: (D,) float32, or None as long as there is nothing to begin
    from. words: where it came from. image: (28, 28) float32 in [0, 1]. moved: the position changed last, None where
    the code is as it came.

    Begins from the drawing's code or the picked one, whichever came last, and stays with it once it has been moved,
    until `reset` or `begin`. `changed` tells of any of this.
    """

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self._active: ActiveModel | None = None
        self._base: np.ndarray | None = None
        self._base_image: np.ndarray | None = None
        self._read: np.ndarray | None = None  # the code of the last reading
        self._all_low = self._all_high = np.empty(0, np.float32)
        self.dims = np.empty(0, np.int64)
        self.low = self.high = np.empty(0, np.float32)
        self.code: np.ndarray | None = None
        self.image: np.ndarray | None = None
        self.words = ""
        self.moved: int | None = None
        self.changed: Signal[None] = Signal()
        if explorer.active is not None:
            self._adopt(explorer.active)
        explorer.model_changed.connect(self._adopt)
        explorer.reading_changed.connect(self._follow_reading)
        explorer.picked.connect(self._follow_pick)

    @property
    def change(self) -> np.ndarray | None:
        """(28, 28) in [-1, 1]: the picture now less that of the code as it came; None without a code."""
        if self.image is None or self._base_image is None:
            return None
        change: np.ndarray = self.image - self._base_image
        return change

    def begin(self, code: np.ndarray, words: str) -> None:
        """Begin from a code (D,) that came from `words`, whatever was done before."""
        if self._active is None:
            return
        code = np.array(code, np.float32)
        self._begin(code, self._active.model.decode(code)[0], words)

    def set(self, position: int, value: float) -> None:
        """Change the number at a position, as far as its range goes. Raises ValueError unless it is finite."""
        if self.code is None:
            return
        if not math.isfinite(value):
            raise ValueError(f"a number of a code must be finite, not {value}")
        code = self.code.copy()
        code[self.dims[position]] = np.clip(value, self.low[position], self.high[position])
        self._move(code, position)

    def reset(self) -> None:
        """Return to the code as it came."""
        if self._base is not None and self.moved is not None:
            self._move(self._base.copy(), None)

    def reset_one(self, position: int) -> None:
        """Return the number at a position to what it was as it came."""
        if self.code is None or self._base is None or self.moved is None:
            return
        code = self.code.copy()
        code[self.dims[position]] = self._base[self.dims[position]]
        self._move(code, position)

    def _move(self, code: np.ndarray, position: int | None) -> None:
        if self._base is not None and np.array_equal(code, self._base):
            code, position = self._base.copy(), None  # it came like this, but for the sign of a zero
        self.code, self.moved = code, position
        self._explorer.pick_code(code, ORIGIN)
        pick = self._explorer.pick
        if pick is not None:
            self.image = pick.image
        self.changed.emit(None)

    def _begin(self, code: np.ndarray | None, image: np.ndarray | None, words: str) -> None:
        self._base, self._base_image = code, image
        self.code = None if code is None else code.copy()
        self.image, self.words, self.moved = image, words, None
        self.low, self.high = self._all_low, self._all_high
        if code is not None:
            self.low = np.minimum(self.low, code[self.dims])
            self.high = np.maximum(self.high, code[self.dims])
        self.changed.emit(None)

    def _follow_reading(self, reading: Reading | None) -> None:
        before, self._read = self._read, None if reading is None else reading.code
        if self.moved is not None:
            return
        if reading is not None:
            if before is None or not np.array_equal(reading.code, before):  # else it only lies on another map
                self._begin(reading.code, reading.reconstruction, SKETCH)
        elif self.words == SKETCH:
            pick = self._explorer.pick
            if pick is None or pick.origin == ORIGIN:
                self._begin(None, None, "")
            else:
                self._begin(pick.code, pick.image, pick.origin)

    def _follow_pick(self, pick: Pick) -> None:
        if self.moved is None and pick.origin != ORIGIN:
            self._begin(pick.code, pick.image, pick.origin)

    def _adopt(self, active: ActiveModel) -> None:
        before, self._active = self._active, active
        if before is not None and before.model is active.model:
            return
        codes = active.atlas.codes
        variances = codes.var(axis=0)
        order = np.argsort(-variances, kind="stable")[:MOST]
        vary = order[variances[order] > 0]  # units of a ReLU code may never fire
        self.dims = vary if len(vary) else order
        self._all_low, self._all_high = _ranges(codes[:, self.dims], active.atlas.non_negative)
        self._read = None
        self._begin(None, None, "")


def _ranges(codes: np.ndarray, non_negative: bool) -> tuple[np.ndarray, np.ndarray]:
    """How far each number of codes (N, m) usually goes, and a little farther: two (m,) float32."""
    low, high = np.quantile(codes, (_TAILS, 1 - _TAILS), axis=0)
    widths = high - low
    narrowest = _NARROWEST * float(widths.max()) or 1.0
    more = _WIDER * np.maximum(widths, narrowest)
    low, high = low - more, high + more
    if non_negative:
        low = np.maximum(low, 0)
    return low.astype(np.float32), high.astype(np.float32)
