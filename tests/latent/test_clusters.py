import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score
from sklearn.metrics.cluster import contingency_matrix

from aedesk.errors import AedeskError, Cancelled
from aedesk.latent.clusters import METHODS, Clusters, cluster, purity

METHOD = pytest.mark.parametrize("method", METHODS)


def heaps(sizes: tuple[int, ...] = (50, 120, 200), numbers: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Codes in heaps far apart, shuffled, and the heap of each."""
    rng = np.random.default_rng(0)
    truth = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    centres = 20 * rng.normal(size=(len(sizes), numbers))
    return (centres[truth] + rng.normal(size=(len(truth), numbers))).astype(np.float32), truth


@METHOD
@pytest.mark.parametrize("numbers", [2, 40, 300])
def test_heaps_far_apart_are_found(method: str, numbers: int) -> None:
    codes, truth = heaps(numbers=numbers)
    found = cluster(codes, method, 3)
    assert adjusted_rand_score(truth, found.assignments) == 1
    assert purity(found.assignments, truth) == 1
    assert (found.method, found.k) == (method, 3)
    assert found.assignments.dtype == np.int64


@METHOD
def test_the_largest_cluster_comes_first(method: str) -> None:
    codes, _ = heaps()
    assert np.bincount(cluster(codes, method, 3).assignments).tolist() == [200, 120, 50]


def test_a_mixture_tells_a_tight_heap_from_a_wide_one_that_k_means_cuts() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 400)
    codes = rng.normal(size=(800, 2)) * np.where(truth, 0.3, 5)[:, None] + np.c_[6 * truth, np.zeros(800)]
    agreement = {
        method: adjusted_rand_score(truth, cluster(codes, method, 2).assignments) for method in METHODS
    }
    assert agreement["mixture"] > 0.9 > 0.7 > agreement["kmeans"]


@METHOD
def test_the_seed_decides_the_clusters(method: str) -> None:
    codes = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    one, again = (cluster(codes, method, 7, seed=5).assignments for _ in range(2))
    assert np.array_equal(one, again)


@given(seed=st.integers(0, 1000), n=st.integers(1, 80), k=st.integers(1, 9), classes=st.integers(1, 12))
def test_purity_is_what_the_contingency_table_says(seed: int, n: int, k: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    assignments, labels = rng.integers(k, size=n), rng.integers(classes, size=n)
    table = contingency_matrix(labels, assignments)
    assert purity(assignments, labels) == pytest.approx(table.max(axis=0).sum() / n)


def test_a_cluster_is_described_by_the_class_most_of_it_has() -> None:
    found = Clusters(np.array([0, 0, 0, 0, 1, 1]), "kmeans", 2)
    first, second = found.describe(np.array([7, 7, 7, 2, 0, 0]))
    assert (first.size, first.label, first.share) == (4, 7, 0.75)
    assert (second.size, second.label, second.share) == (2, 0, 1)


@METHOD
def test_codes_that_coincide_make_no_empty_clusters(method: str) -> None:
    codes = np.repeat(np.array([[0.0, 0], [9, 9]], np.float32), 20, axis=0)
    found = cluster(codes, method, 5)
    assert set(found.assignments) == set(range(found.k))
    assert len(found.describe(np.zeros(40, np.int64))) == found.k


@pytest.mark.parametrize(
    ("method", "k", "words"),
    [
        ("kmeans", 1, "between 2 and 62"),
        ("mixture", 63, "between 2 and 62"),
        ("mixture", 6, "only 5 codes"),
        ("guess", 2, "kmeans, mixture"),
    ],
)
def test_clusters_that_cannot_be_are_refused_in_words(method: str, k: int, words: str) -> None:
    with pytest.raises(AedeskError, match=words):
        cluster(np.eye(5, dtype=np.float32), method, k)


@METHOD
def test_clustering_can_be_ended(method: str) -> None:
    with pytest.raises(Cancelled):
        cluster(heaps()[0], method, 3, cancelled=lambda: True)
