"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """quick: fewer images and rounds, to see that it works. keras: the Python that has it, where one is named.
    minutes: of the loop that watches the memory."""

    quick: bool = False
    keras: Path | None = None
    minutes: float = 30

    @property
    def images(self) -> int:
        return 6_000 if self.quick else 60_000

    @property
    def images_of_convolutions(self) -> int:
        """Keras takes minutes for 60,000; a step takes the same time whatever their number."""
        return 1_024 if self.quick else 5_120

    @property
    def rounds(self) -> int:
        return 2 if self.quick else 5
