"""A map that was computed once is there at once the next time; until then the map is PCA."""

import numpy as np

from aedesk.latent.atlas import Atlas
from aedesk.latent.projection import best_known, project


def some_atlas(size: int) -> Atlas:
    codes = np.random.default_rng(0).normal(size=(60, size)).astype(np.float32)
    return Atlas(codes, np.arange(60) % 10, tuple("0123456789"), "noise")


def test_codes_of_two_numbers_are_their_own_map():
    assert best_known(some_atlas(2)).kind == "native"


def test_larger_codes_are_shown_by_pca_until_their_tsne_map_is_known():
    atlas = some_atlas(5)
    assert best_known(atlas).kind == "pca"
    computed = project("tsne", atlas)
    again = best_known(atlas)
    assert again.kind == "tsne"
    assert np.array_equal(again.points, computed.points)
