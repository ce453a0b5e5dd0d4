"""Clusters of the codes that are shown, found in the background."""

import dataclasses

import pytest

from aedesk.app.clustering import Clustering
from aedesk.app.loading import MapWish
from aedesk.errors import AedeskError
from aedesk.latent import pca
from aedesk.latent.clusters import purity


@pytest.fixture
def clustering(bench) -> Clustering:
    bench.load("dense-2d")
    made = Clustering(bench.explorer, bench.jobs)
    made.failed.connect(bench.problems.append)
    return made


def test_clusters_are_found_for_every_code_and_agree_with_the_classes_better_than_chance(
    bench, clustering
) -> None:
    clustering.find("kmeans", 10)
    assert clustering.result is None
    bench.settle()
    active = bench.explorer.active
    assert len(clustering.result.assignments) == len(active.shown)
    assert purity(clustering.result.assignments, active.shown.labels) > 0.3


def test_the_latest_wish_wins(bench, clustering) -> None:
    told = []
    clustering.changed.connect(told.append)
    clustering.find("kmeans", 5)
    clustering.find("kmeans", 7)
    bench.settle()
    assert clustering.result.k == 7
    assert [found.k for found in told] == [7]


def test_another_layout_of_the_same_codes_keeps_the_clusters(bench, clustering) -> None:
    clustering.find("kmeans", 5)
    bench.settle()
    found = clustering.result
    bench.explorer.set_projection(MapWish("pca"))
    bench.settle()
    assert clustering.result is found


def test_another_layout_does_not_begin_a_clustering_at_work_anew(bench, clustering) -> None:
    said = []
    clustering.status.connect(said.append)
    clustering.find("kmeans", 5)
    active = bench.explorer.active
    bench.explorer.model_changed.emit(dataclasses.replace(active, projection=pca.fit(active.atlas.codes)))
    bench.settle()
    assert len(said) == 1
    assert clustering.result.k == 5


def test_another_model_is_clustered_anew(bench, clustering) -> None:
    clustering.find("kmeans", 5)
    bench.settle()
    found = clustering.result
    bench.load("dense-32")
    assert clustering.result is not found
    assert clustering.result.k == 5


def test_what_is_not_asked_for_any_more_is_forgotten(bench, clustering) -> None:
    clustering.find("kmeans", 5)
    bench.settle()
    clustering.forget()
    assert clustering.result is None
    bench.load("dense-32")
    assert clustering.result is None


def test_a_number_that_makes_no_sense_is_told(bench, clustering) -> None:
    clustering.find("mixture", 1)
    bench.settle()
    assert isinstance(bench.problems[0], AedeskError)
    assert clustering.result is None
