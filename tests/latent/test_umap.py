"""The UMAP map, computed in a process of its own."""

import importlib.util
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from aedesk import paths
from aedesk.errors import AedeskError, Cancelled
from aedesk.latent import umap
from aedesk.latent.atlas import Atlas
from aedesk.latent.projection import project


def clusters(n: int, size: int, seed: int = 0) -> tuple[Atlas, np.ndarray]:
    """(an atlas of n codes, which of three clusters far apart each is in)."""
    which = np.arange(n) % 3
    codes = np.random.default_rng(seed).normal(size=(n, size)) + 30 * np.eye(3, size)[which]
    return Atlas(codes.astype(np.float32), which, ("a", "b", "c"), "random"), which


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, source: str) -> None:
    """Put a package in the way of umap-learn, for this process and for the child."""
    folder.mkdir()
    (folder / "umap.py").write_text(textwrap.dedent(source))
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_umap_parts_clusters_is_told_in_steps_and_is_computed_once() -> None:
    atlas, which = clusters(90, 5)
    told: list[tuple[int, int]] = []
    projection = project("umap", atlas, progress=lambda done, total, points: told.append((done, total)))
    assert projection.kind == "umap"
    assert projection.points.shape == (90, 2)
    assert projection.points.dtype == np.float32
    assert {total for _, total in told} == {told[0][1]}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] > told[0][0]
    centres = np.stack([projection.points[which == c].mean(axis=0) for c in range(3)])
    nearest = np.linalg.norm(projection.points[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == which).all()
    np.testing.assert_allclose(projection.to_codes(projection.points), atlas.codes, atol=1e-3)
    np.testing.assert_allclose(projection.to_points(atlas.codes), projection.points, atol=1e-3)

    again = project("umap", atlas, progress=lambda *step: pytest.fail("it was in the cache"))
    np.testing.assert_array_equal(again.points, projection.points)
    assert "umap" not in sys.modules  # its import would hold up a window


def test_a_cancelled_umap_ends_its_process_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    alive = tmp_path / "alive"
    pretend(
        monkeypatch,
        tmp_path / "package",
        f"""
        import time, pathlib
        while True:
            pathlib.Path({str(alive)!r}).touch()
            time.sleep(0.01)
        """,
    )
    with pytest.raises(Cancelled):
        project("umap", clusters(30, 3)[0], cancelled=alive.exists)
    alive.unlink()
    umap.time.sleep(0.2)
    assert not alive.exists()
    assert not (paths.cache() / "maps").exists()


def test_what_fails_in_the_process_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path / "package", "raise RuntimeError('no such\\tluck')")
    with pytest.raises(AedeskError, match=r"^UMAP failed: RuntimeError: no such luck; use t-SNE\.$"):
        project("umap", clusters(30, 3)[0])


def test_without_the_package_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AedeskError, match="pip install umap-learn"):
        project("umap", clusters(30, 3)[0])


def test_umap_of_a_handful_is_refused_in_words() -> None:
    with pytest.raises(AedeskError, match="at least 10 codes, and this atlas has 4"):
        project("umap", clusters(4, 3)[0])
