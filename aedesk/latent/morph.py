"""Ways from one code to another, frame by frame, and sums of codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.neighbours import Neighbours
from aedesk.latent.projection import Projection

_LEAST_SINE = 1e-3  # of the angle between two codes: below, their arc is a line, or could be any
_MOST_CODES = 10_000  # of a graph: it takes a second; 20,000 take four
_ROWS = 500  # codes looked up between two looks at `cancelled`


def straight(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """n codes at even steps on the line from a to b, both (D,) and both met exactly: (n, D) float32."""
    return even(np.stack([a, b]), n)


def spherical(a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
    """n codes on the arc from a to b, (n, D) float32: directions turn evenly, and lengths change evenly.

    Spherical linear interpolation (Shoemake 1985; for codes, White 2016). Straight where a code is zero, or
    both point the same or opposite ways: there is no one arc then.
    """
    _check(n)
    one, other = (np.asarray(code, np.float64) for code in (a, b))
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    if not all(lengths):
        return straight(a, b, n)
    cosine = float(one @ other / lengths[0] / lengths[1])
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < _LEAST_SINE:
        return straight(a, b, n)
    share = np.linspace(0, 1, n)[:, None]
    towards_one = np.sin((1 - share) * angle) / np.sin(angle) * one / lengths[0]
    towards_other = np.sin(share * angle) / np.sin(angle) * other / lengths[1]
    directions = towards_one + towards_other
    return _between(((1 - share) * lengths[0] + share * lengths[1]) * directions, a, b)


class Roads:
    """Ways that keep to where codes are dense: the shortest in the graph of every code's nearest neighbours.

    codes: (N, D); of more than 10,000, some are taken. An edge costs the square of its length, so that many short
    steps are preferred to one leap across an empty place. cancelled() -> bool is asked while the graph is built;
    raises Cancelled.
    """

    def __init__(self, codes: np.ndarray, k: int = 12, cancelled: Callable[[], bool] | None = None) -> None:
        some = np.random.default_rng(0).permutation(codes, axis=0)[:_MOST_CODES]
        self._codes = np.ascontiguousarray(some, np.float32)
        self._neighbours = Neighbours(self._codes)
        self._k = min(k, len(some))
        edges = self._edges(cancelled)
        # Dijkstra takes a cost of zero for no edge, and equal codes are worth a step.
        self._floor = 1e-9 * float(edges[2].mean()) + np.finfo(np.float32).tiny
        self._from, self._to, self._costs = self._connected(*edges)

    def between(self, a: np.ndarray, b: np.ndarray, n: int) -> np.ndarray:
        """n codes at even steps on the best way from a to b, both (D,) and both met exactly: (n, D) float32."""
        from scipy.sparse.csgraph import dijkstra

        _check(n)
        ends = np.stack([a, b]).astype(np.float32)
        start, goal = len(self._codes), len(self._codes) + 1
        indices, distances = self._neighbours.nearest(ends, self._k)
        ways = [self._from, np.repeat([start, goal], self._k)], [self._to, indices.ravel()]
        costs = [self._costs, self._cost(distances.ravel())]
        apart = np.linalg.norm(ends[0] - ends[1])
        if apart <= distances[:, -1].max():  # neighbours themselves: no code need lie between
            ways[0].append(np.array([start]))
            ways[1].append(np.array([goal]))
            costs.append(self._cost(np.array([apart])))
        graph = self._graph(np.concatenate(ways[0]), np.concatenate(ways[1]), np.concatenate(costs), 2)
        _, before = dijkstra(graph, indices=start, return_predecessors=True)
        passed = [goal]
        while passed[-1] != start:
            passed.append(int(before[passed[-1]]))
        return even(np.concatenate([self._codes, ends])[passed[::-1]], n)

    def _edges(self, cancelled: Callable[[], bool] | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """From, to (E,) and cost (E,) of the edges from every code to its nearest."""
        found = []
        for start in range(0, len(self._codes), _ROWS):
            if cancelled is not None and cancelled():
                raise Cancelled("the way along the data was cancelled; ask for it again to start over")
            found.append(self._neighbours.nearest(self._codes[start : start + _ROWS], self._k + 1))
        to, lengths = (np.concatenate(parts) for parts in zip(*found, strict=True))
        origins = np.repeat(np.arange(len(to)), to.shape[1])
        return origins, to.ravel(), lengths.ravel().astype(np.float64) ** 2

    def _connected(
        self, origins: np.ndarray, to: np.ndarray, squares: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same edges, floored, and bridges where the graph falls into parts."""
        from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

        squares = squares + self._floor
        count, part = connected_components(self._graph(origins, to, squares), directed=False)
        if count == 1:
            return origins, to, squares
        members = [np.flatnonzero(part == number) for number in range(count)]
        means = np.stack([self._codes[own].mean(axis=0) for own in members])
        apart = np.linalg.norm(means[:, None] - means[None], axis=2) + self._floor
        ends = []
        for one, other in zip(*minimum_spanning_tree(apart).nonzero(), strict=True):
            near = self._nearest_of(members[one], means[other])
            ends.append((near, self._nearest_of(members[other], self._codes[near])))
        near, far = np.array(ends).T
        bridges = self._cost(np.linalg.norm(self._codes[near] - self._codes[far], axis=1))
        return np.append(origins, near), np.append(to, far), np.append(squares, bridges)

    def _nearest_of(self, members: np.ndarray, code: np.ndarray) -> int:
        indices, _ = Neighbours(self._codes[members]).nearest(code, 1)
        return int(members[indices[0, 0]])

    def _cost(self, lengths: np.ndarray) -> np.ndarray:
        costs: np.ndarray = lengths.astype(np.float64) ** 2 + self._floor
        return costs

    def _graph(self, origins: np.ndarray, to: np.ndarray, costs: np.ndarray, more: int = 0) -> Any:
        """The edges as a sparse matrix that holds each in both directions, of as many nodes as codes and `more`."""
        from scipy.sparse import csr_array

        size = len(self._codes) + more
        oneway = csr_array((costs, (origins, to)), shape=(size, size))
        return oneway.maximum(oneway.T)


def along(projection: Projection, places: np.ndarray, n: int) -> np.ndarray:
    """The codes at n places at even steps of a path (m, 2) over the map: (n, D) float32."""
    return projection.to_codes(even(np.asarray(places, np.float32).reshape(-1, 2), n))


def arithmetic(a: np.ndarray, b: np.ndarray, c: np.ndarray, non_negative: bool = False) -> np.ndarray:
    """a - b + c of codes (D,), as float32; with `non_negative`, not below zero, as after a ReLU."""
    total: np.ndarray = np.asarray(a, np.float32) - np.asarray(b, np.float32) + np.asarray(c, np.float32)
    return np.maximum(total, 0) if non_negative else total


def even(path: np.ndarray, n: int) -> np.ndarray:
    """n places at even distances along the corners of a path (m, D), its ends met exactly: (n, D) float32.

    Raises AedeskError for fewer than two frames, or a path of no corners.
    """
    _check(n)
    corners = np.asarray(path, np.float64)
    if not len(corners):
        raise AedeskError("A path needs at least two places; draw one, or name them.")
    steps = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    travelled = np.concatenate([[0.0], steps.cumsum()])
    wanted = np.linspace(0, travelled[-1], n)
    leg = np.clip(np.searchsorted(travelled, wanted, side="right") - 1, 0, max(0, len(steps) - 1))
    if not travelled[-1]:
        return np.repeat(corners[:1], n, axis=0).astype(np.float32)
    share = ((wanted - travelled[leg]) / np.where(steps[leg] > 0, steps[leg], 1))[:, None]
    return _between(corners[leg] + share.clip(0, 1) * (corners[leg + 1] - corners[leg]), path[0], path[-1])


def _between(frames: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The frames as float32, the first and the last as they were asked for: calculated, they are off by rounding."""
    exact = frames.astype(np.float32)
    exact[0], exact[-1] = a, b
    return exact


def _check(n: int) -> None:
    if n < 2:
        raise AedeskError(f"A way from one digit to another has at least 2 frames, not {n}.")
