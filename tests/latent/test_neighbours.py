import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from aedesk.data.imageset import DataSet
from aedesk.latent import neighbours as module
from aedesk.latent.neighbours import Neighbours


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 60),
    size=st.integers(1, 20),
    k=st.integers(1, 12),
    offset=st.sampled_from([0.0, 100.0]),
    seed=st.integers(0, 1000),
)
def test_neighbours_are_those_of_scikit_learn(n: int, size: int, k: int, offset: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = (rng.normal(size=(n, size)) + offset).astype(np.float32)
    queries = (rng.normal(size=(7, size)) + offset).astype(np.float32)
    indices, distances = Neighbours(codes).nearest(queries, k)
    oracle = NearestNeighbors(n_neighbors=min(k, n), algorithm="brute").fit(codes.astype(np.float64))
    expected, _ = oracle.kneighbors(queries.astype(np.float64))
    np.testing.assert_allclose(distances, expected, rtol=1e-4)
    np.testing.assert_allclose(
        np.linalg.norm(codes[indices] - queries[:, None], axis=2), distances, rtol=1e-4, atol=1e-6
    )


def test_a_code_of_the_references_is_its_own_neighbour_at_distance_zero() -> None:
    codes = np.random.default_rng(0).normal(1000, 1, (300, 5)).astype(np.float32)
    indices, distances = Neighbours(codes).nearest(codes, 1)
    np.testing.assert_array_equal(indices[:, 0], np.arange(300))
    assert not distances.any()


def test_real_digits_are_recognised_as_by_scikit_learn(digits: DataSet) -> None:
    train = digits.train.pixels().reshape(-1, 784)
    test = digits.test.pixels().reshape(-1, 784)
    references = Neighbours(train, digits.train.labels)
    oracle = KNeighborsClassifier(5, algorithm="brute").fit(train, digits.train.labels)
    found, expected = references.nearest(test, 5)[0], oracle.kneighbors(test, return_distance=False)
    np.testing.assert_array_equal(np.sort(found), np.sort(expected))
    differ = references.predict(test) != oracle.predict(test)
    votes = [np.sort(np.bincount(row)) for row in digits.train.labels[found[differ]]]
    assert all(counts[-1] == counts[-2] for counts in votes)  # ties alone are parted differently
    assert (references.predict(test) == digits.test.labels).mean() > 0.95


def test_chunks_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    references = Neighbours(rng.normal(size=(100, 4)), rng.integers(0, 3, 100))
    queries = rng.normal(size=(50, 4))
    whole = references.predict(queries)
    monkeypatch.setattr(module, "_CHUNK_NUMBERS", 700)
    np.testing.assert_array_equal(references.predict(queries), whole)


def test_a_guess_has_the_label_of_most_neighbours_and_their_share() -> None:
    codes = np.array([[0.0], [1.0], [2.0], [3.0], [50.0]])
    guess = Neighbours(codes, np.array([4, 7, 7, 7, 4])).guess(np.array([0.1]), k=4)
    assert (guess.label, guess.share) == (7, 0.75)
    np.testing.assert_array_equal(guess.neighbours, [0, 1, 2, 3])


def test_a_tie_of_votes_goes_to_the_class_of_the_nearest() -> None:
    codes = np.array([[0.0], [1.0], [2.0], [3.0]])
    references = Neighbours(codes, np.array([5, 2, 2, 5]))
    assert references.guess(np.array([-1.0]), k=4).label == 5
    assert references.guess(np.array([1.4]), k=4).label == 2


def test_fewer_references_than_asked_for_all_vote() -> None:
    references = Neighbours(np.array([[0.0], [1.0]]), np.array([1, 1]))
    assert references.guess(np.array([9.0]), k=5).share == 1
    assert references.nearest(np.array([9.0]), 5)[0].tolist() == [[1, 0]]


def test_input_that_makes_no_sense_is_refused_in_words() -> None:
    codes = np.zeros((3, 2))
    with pytest.raises(ValueError, match="N of 1 or more"):
        Neighbours(np.empty((0, 2)))
    with pytest.raises(ValueError, match="as many labels"):
        Neighbours(codes, np.zeros(2, np.int64))
    with pytest.raises(ValueError, match="at least one"):
        Neighbours(codes).nearest(codes, 0)
    with pytest.raises(ValueError, match="no labels"):
        Neighbours(codes).predict(codes)
