"""Two numbers of the code as a map."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from aedesk.errors import AedeskError
from aedesk.latent.interpolation import Interpolator


@dataclass(frozen=True, eq=False)
class Axes:
    """The numbers i and j of the atlas codes, counted from 0, as a projection; the way back interpolates the codes.

    codes: (N, D) of the atlas. Raises AedeskError, whose words count
    from 1 as all that people read does, unless i and j are two of the D numbers.
    """

    codes: np.ndarray = field(repr=False)
    i: int = 0
    j: int = 1
    kind: Literal["axes"] = field(default="axes", init=False)

    def __post_init__(self) -> None:
        size = self.codes.shape[1]
        if not (0 <= self.i < size and 0 <= self.j < size and self.i != self.j):
            raise AedeskError(
                f"Numbers {self.i + 1} and {self.j + 1} of the code make no map;"
                f" choose two different ones from 1 to {size}."
                if size > 1
                else "Codes of one number have no second axis; choose another map."
            )

    @cached_property
    def points(self) -> np.ndarray:
        return self.to_points(self.codes)

    @cached_property
    def _codes_at(self) -> Interpolator:
        return Interpolator(self.points, self.codes)

    def to_points(self, codes: np.ndarray) -> np.ndarray:
        return np.asarray(codes, np.float32).reshape(-1, self.codes.shape[1])[:, [self.i, self.j]]

    def to_codes(self, points: np.ndarray) -> np.ndarray:
        return self._codes_at(points)
