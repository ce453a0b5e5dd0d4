"""Quantisers: what is lost, what is exact, and levels at their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from sklearn.cluster import KMeans

from aedesk.latent.quantiser import Quantiser
from aedesk.storage.levels import KINDS, Levels

anywhere = st.floats(-1e6, 1e6, width=32)
codes_of_any_kind = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=anywhere)
kinds = st.sampled_from(KINDS)


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """Numbers as networks give them: linear, after a ReLU, skewed, of few values, never varying."""
    rng = np.random.default_rng(0)
    columns = [
        rng.normal(3, 2, 4000),
        np.maximum(rng.normal(0, 1, 4000), 0),
        rng.exponential(5, 4000),
        rng.integers(0, 3, 4000),
        np.zeros(4000),
        np.full(4000, -3.7),
    ]
    return np.stack(columns, 1).astype(np.float32)


def error(quantiser: Quantiser, codes: np.ndarray) -> np.ndarray:
    rebuilt = quantiser.codes(quantiser.indices(codes))
    return ((rebuilt.astype(np.float64) - codes) ** 2).mean(axis=0)


@given(codes_of_any_kind, st.integers(2, 16), kinds)
def test_each_code_becomes_the_nearest_level_and_a_level_stays_what_it_is(codes, bits, kind) -> None:
    quantiser = Quantiser.fit(codes, bits, kind)
    indices = quantiser.indices(codes)
    rebuilt = quantiser.codes(indices)
    assert indices.dtype == np.uint16
    assert rebuilt.dtype == np.float32
    assert np.array_equal(quantiser.codes(quantiser.indices(rebuilt)), rebuilt)
    for number, levels in enumerate(quantiser.levels):
        assert levels.dtype == np.float32
        assert 1 <= len(levels) == quantiser.table.counts[number] <= 2**bits
        assert (np.diff(levels) > 0).all()
        assert np.array_equal(levels[indices[:, number]], rebuilt[:, number])
        column = codes[:, number].astype(np.float64)
        best = np.abs(column[:, None] - levels.astype(np.float64)).min(axis=1)
        assert np.abs(column - rebuilt[:, number]) == pytest.approx(
            best, abs=1e-7 * np.abs(column).max() + 1e-30
        )


@given(codes_of_any_kind, st.integers(2, 16), kinds)
def test_levels_come_back_from_their_bytes_as_they_were(codes, bits, kind) -> None:
    table = Quantiser.fit(codes, bits, kind).table
    again = Levels.unpacked(table.packed(), kind, bits, table.code_size)
    for number in range(table.code_size):
        assert np.array_equal(again.of(number), table.of(number))


@given(st.binary(max_size=60), st.integers(2, 16), kinds, st.integers(1, 5))
def test_any_other_bytes_are_refused_or_are_levels(content, bits, kind, size) -> None:
    try:
        levels = Levels.unpacked(content, kind, bits, size)
    except ValueError:
        return
    for number in range(size):
        values = levels.of(number)
        assert 1 <= len(values) <= 2**bits
        assert np.isfinite(values).all()
        assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize("bits", [2, 4, 6])
def test_kmeans_is_as_good_as_the_one_of_scikit_learn(codes, bits) -> None:
    ours = error(Quantiser.fit(codes, bits, "kmeans"), codes)
    for number in range(3):
        oracle = KMeans(2**bits, n_init=3, random_state=0).fit(codes[:, [number]])
        assert ours[number] <= 1.15 * oracle.inertia_ / len(codes)


@pytest.mark.parametrize("bits", [2, 4, 6, 8])
def test_kmeans_loses_less_than_uniform_levels_and_a_bit_more_loses_less(codes, bits) -> None:
    kmeans, uniform = (error(Quantiser.fit(codes, bits, kind), codes)[:3] for kind in ("kmeans", "uniform"))
    assert (kmeans < uniform).all()
    for kind in KINDS:
        finer = error(Quantiser.fit(codes, bits + 1, kind), codes)[:3]
        assert (finer < 0.5 * error(Quantiser.fit(codes, bits, kind), codes)[:3]).all()


def test_uniform_levels_of_a_bell_are_near_the_best_known(codes) -> None:
    # Max (1960): the least error of 4, 8 and 16 uniform levels of a normal distribution of variance 1.
    for bits, least in ((2, 0.1188), (3, 0.03744), (4, 0.01154)):
        assert error(Quantiser.fit(codes[:, :1], bits), codes[:, :1])[0] / 4 < 1.1 * least


@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_bits_lose_next_to_nothing(codes, kind) -> None:
    assert (error(Quantiser.fit(codes, 16, kind), codes) < 1e-6).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_that_never_varies_has_one_level_exactly_and_zero_stays_zero(codes, kind) -> None:
    quantiser = Quantiser.fit(codes, 4, kind)
    assert [levels.tolist() for levels in quantiser.levels[4:]] == [[0.0], [np.float32(-3.7)]]
    rebuilt = quantiser.codes(quantiser.indices(codes))
    assert np.array_equal(rebuilt[:, 4:], codes[:, 4:])
    if kind == "uniform":
        assert (rebuilt[codes == 0] == 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_codes_beyond_the_levels_become_the_outermost(codes, kind) -> None:
    quantiser = Quantiser.fit(codes, 3, kind)
    far = np.full((1, 6), 1e9, np.float32)
    ends = [[levels[-1] for levels in quantiser.levels], [levels[0] for levels in quantiser.levels]]
    assert np.array_equal(quantiser.codes(quantiser.indices(np.concatenate([far, -far]))), ends)


def test_what_is_no_code_is_refused(codes) -> None:
    broken = codes.copy()
    broken[3, 2] = np.nan
    for wrong in (broken, codes[0], codes[:0]):
        with pytest.raises(ValueError, match="codes"):
            Quantiser.fit(wrong, 4)
    for bits, kind in ((1, "uniform"), (17, "uniform"), (4, "other")):
        with pytest.raises(ValueError, match="bits"):
            Quantiser.fit(codes, bits, kind)
    with pytest.raises(ValueError, match="levels for 6"):
        Quantiser.fit(codes, 4).indices(codes[:, :5])
