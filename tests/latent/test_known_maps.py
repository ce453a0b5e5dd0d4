"""A map that was computed once is there at once the next time; until then the map is PCA."""

import numpy as np

from aedesk import paths
from aedesk.latent import kept, tsne
from aedesk.latent.atlas import Atlas
from aedesk.latent.projection import best_known, project
from aedesk.storage import tensors


def some_atlas(size: int) -> Atlas:
    codes = np.random.default_rng(0).normal(size=(60, size)).astype(np.float32)
    return Atlas(codes, np.arange(60) % 10, tuple("0123456789"), "noise")


def test_codes_of_two_numbers_are_their_own_map():
    assert best_known(some_atlas(2)).kind == "native"


def test_larger_codes_are_shown_by_pca_until_their_tsne_map_is_known(monkeypatch):
    monkeypatch.setattr(tsne, "_EARLY_STEPS", 20)
    monkeypatch.setattr(tsne, "_STEPS", 20)
    atlas = some_atlas(5)
    assert best_known(atlas).kind == "pca"
    computed = project("tsne", atlas)
    again = best_known(atlas)
    assert again.kind == "tsne"
    assert np.array_equal(again.points, computed.points)


def test_a_map_in_half_the_bytes_is_the_same_to_the_eye(tmp_path, monkeypatch):
    atlas = some_atlas(5)
    points = np.random.default_rng(1).normal(0, 50, (60, 2)).astype(np.float32)
    monkeypatch.setattr(paths, "weights", lambda: tmp_path)
    (tmp_path / "maps").mkdir()
    kept.write(tmp_path / "maps", atlas, "tsne", points, compact=True)
    found = best_known(atlas)
    assert found.kind == "tsne"
    assert found.points.dtype == np.float32
    assert (np.abs(found.points - points) <= np.ptp(points, axis=0) / 65_534).all()


def test_a_compact_map_that_does_not_fit_together_is_passed_over():
    atlas = some_atlas(5)
    kept.keep(atlas, "tsne", np.ones((60, 2), np.float32))
    (path,) = (paths.cache() / "maps").iterdir()
    steps, pair = np.zeros((60, 2), np.uint16), np.ones(2, np.float32)
    for spoilt in ({"offset": pair}, {"offset": pair, "scale": -pair}, {"offset": pair, "scale": pair[:1]}):
        tensors.write(path, "map", {"points": steps, **spoilt}, {})
        assert best_known(atlas).kind == "pca"
    tensors.write(path, "map", {"points": steps, "offset": pair, "scale": pair}, {})
    assert best_known(atlas).kind == "tsne"
