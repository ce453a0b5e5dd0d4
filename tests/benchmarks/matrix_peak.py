"""How fast this machine multiplies float32 matrices at its best, as a contender of `turns`.

An answer has `gigaflops` a second over the best of some shapes: of a batch of 256, and larger ones.
"""

from __future__ import annotations

import time

import torch
from turns import Answer, serve

SHAPES = ((256, 784, 512), (256, 2048, 2048), (256, 4096, 4096), (1024, 1024, 1024), (2048, 2048, 2048))
_CHUNK, _CHUNKS = 4e9, 8  # operations that are timed together, and how often


def gigaflops(rows: int, inner: int, columns: int) -> float:
    """A second, of (rows, inner) by (inner, columns): the best of some chunks."""
    left, right = torch.randn(rows, inner), torch.randn(inner, columns)
    product = torch.empty(rows, columns)
    operations = 2 * rows * inner * columns
    times = max(1, round(_CHUNK / operations))
    best = float("inf")
    for _ in range(_CHUNKS):
        begun = time.perf_counter()
        for _ in range(times):
            torch.mm(left, right, out=product)
        best = min(best, time.perf_counter() - begun)
    return times * operations / best / 1e9


def turn() -> Answer:
    return {"gigaflops": max(gigaflops(*shape) for shape in SHAPES)}


if __name__ == "__main__":
    serve({"threads": torch.get_num_threads()}, turn)
