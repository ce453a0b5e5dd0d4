"""`aedesk map`: what the figure shows, and what is refused."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aedesk as face
from aedesk.palette import class_colours


def colours_in(path: Path) -> dict[tuple[int, ...], int]:
    """How many pixels of a figure have each colour."""
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        return {colour: count for count, colour in picture.convert("RGB").getcolors(1 << 24)}


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


@pytest.fixture
def words(aedesk, trained: Path, tmp_path: Path):
    """Draws a map as an SVG and returns the texts in it: Matplotlib keeps each as a comment."""

    def draw(*options: object) -> list[str]:
        out = tmp_path / "map.svg"
        outcome = aedesk("map", trained, *options, "--out", out)
        assert outcome.status == 0, outcome.err
        return re.findall(r"<!-- (.*?) -->", out.read_text("utf-8"))

    return draw


def test_the_legend_counts_the_dots_of_each_class(words) -> None:
    legend = [text for text in words() if re.fullmatch(r"\d  \([\d,]+\)", text)]
    assert [text[0] for text in legend] == list("0123456789")
    assert sum(int(text[4:-1].replace(",", "")) for text in legend) == 1438


def test_only_the_named_classes_are_shown(aedesk, trained: Path, tmp_path: Path, words) -> None:
    legend = [text[0] for text in words("--classes", 7, 0, 1) if "  (" in text]
    assert legend == ["0", "1", "7"]
    out = tmp_path / "map.png"
    aedesk("map", trained, "--classes", 7, 0, 1, "--out", out)
    counts = colours_in(out)
    shown = [number for number, colour in enumerate(class_colours(10)) if counts.get(rgb(colour), 0) > 100]
    assert shown == [0, 1, 7]


def test_clusters_are_named_by_their_class_and_judged_by_their_purity(words) -> None:
    texts = words("--clusters", 4)
    assert any(re.fullmatch(r"4 clusters by k-means, purity 0\.\d\d", text) for text in texts), texts
    legend = [match for text in texts if (match := re.fullmatch(r"(\d): \d+% are (\d)  \((\d+)\)", text))]
    assert [match[1] for match in legend] == ["1", "2", "3", "4"]
    assert sum(int(match[3]) for match in legend) == 1438


def test_clusters_can_be_stretched(words) -> None:
    assert any(
        "3 clusters by a mixture" in text for text in words("--clusters", 3, "--cluster-method", "mixture")
    )


def test_colours_of_density_are_no_colours_of_classes(aedesk, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.png"
    assert aedesk("map", trained, "--colour", "density", "--out", out).status == 0
    counts = colours_in(out)
    assert not any(counts.get(rgb(colour), 0) > 100 for colour in class_colours(10))


@pytest.mark.parametrize("backdrop", ["digits", "trust"])
def test_a_backdrop_lies_behind_the_dots(aedesk, trained: Path, tmp_path: Path, backdrop: str) -> None:
    plain, full = tmp_path / "plain.png", tmp_path / "full.png"
    for out, kind in ((plain, "none"), (full, backdrop)):
        assert aedesk("map", trained, "--classes", 3, "--backdrop", kind, "--out", out).status == 0
    white, covered = (colours_in(out).get((255, 255, 255), 0) for out in (plain, full))
    assert covered < 0.8 * white
    assert colours_in(full)[rgb(class_colours(4)[3])] > 100


def test_a_backdrop_of_a_wide_model_is_decoded_too(aedesk, wide: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.png"
    assert aedesk("map", wide, "--backdrop", "digits", "--out", out).status == 0


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose codes have 32 numbers."""
    from aedesk.cli import main

    folder = tmp_path_factory.mktemp("wide") / "run"
    train = ["train", "--preset", "dense-32", "--data", "digits", "--epochs", "1", "--out", str(folder)]
    assert main(train) == 0
    return folder


def test_two_numbers_of_the_code_counted_from_1_make_a_map(aedesk, wide: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.svg"
    assert aedesk("map", wide, "--axes", 3, 17, "--out", out).status == 0
    text = out.read_text("utf-8")
    assert "<!-- number 3 of the code -->" in text
    assert "<!-- number 17 of the code -->" in text


def test_places_are_read_on_the_map_of_the_two_numbers(aedesk, wide: Path, tmp_path: Path) -> None:
    """One-off either way, other codes would be found there."""
    from aedesk.latent import atlas as atlases

    codes = atlases.load(wide / "atlas.safetensors").codes
    x, y = codes[5, [2, 31]]
    out = tmp_path / "place"
    assert aedesk("generate", wide, "--axes", 3, 32, "--at", x, y, "--out", out).status == 0
    with Image.open(out / "digit.png") as picture:
        decoded = face.load(wide).decode(codes[5])[0]
        assert np.abs(np.asarray(picture) / 255 - decoded).max() <= 0.5 / 255 + 1e-4


@pytest.mark.parametrize("axes", [(0, 1), (1, 33), (4, 4), (-1, 2)], ids=str)
def test_numbers_that_the_code_does_not_have_are_refused_as_they_were_asked_for(
    aedesk, wide: Path, tmp_path: Path, axes: tuple[int, int]
) -> None:
    problem = aedesk("map", wide, "--axes", *axes, "--out", tmp_path / "x.png").problem
    assert f"Numbers {axes[0]} and {axes[1]} of the code" in problem
    assert "from 1 to 32" in problem
    assert not any(tmp_path.iterdir())


def test_more_points_come_from_the_training_images(words) -> None:
    for points, count in ((50, "50"), ("all", "1,438"), (1_000_000, "1,438")):
        texts = words("--points", points)
        assert any(f": {count} training images" in text for text in texts), texts


def test_points_that_the_model_does_not_bring_are_encoded(
    aedesk, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With fewer codes in the atlas than there are images."""
    from aedesk.latent import atlas as atlases

    whole = atlases.atlas_for
    monkeypatch.setattr(atlases, "atlas_for", lambda path: first_codes(whole(path), 300))
    for points, count in ((200, "200"), (1000, "1,000"), ("all", "1,438")):
        outcome = aedesk("map", trained, "--points", points, "--out", tmp_path / "map.png")
        assert outcome.out.startswith(f"{count} training images"), outcome


def first_codes(atlas, count: int):
    from dataclasses import replace

    return replace(atlas, codes=atlas.codes[:count], labels=atlas.labels[:count], images=None)


@pytest.mark.parametrize(
    "options",
    [
        ["--clusters", 6, "--cluster-method", "mixture"],
        ["--colour", "density"],
        ["--backdrop", "digits"],
        ["--backdrop", "trust"],
        ["--points", 300],
    ],
    ids=lambda options: " ".join(map(str, options)),
)
@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_map_is_the_same_file(
    aedesk, trained: Path, tmp_path: Path, options: list[object], suffix: str
) -> None:
    one, again = tmp_path / f"one.{suffix}", tmp_path / f"again.{suffix}"
    for out in (one, again):
        assert aedesk("map", trained, *options, "--out", out).status == 0
    assert one.read_bytes() == again.read_bytes()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--clusters", 1], "between 2 and 62"),
        (["--clusters", 63], "between 2 and 62"),
        (["--clusters", "many"], "--clusters"),
        (["--clusters", 4, "--colour", "density"], "--colour density"),
        (["--colour", "taste"], "--colour"),
        (["--cluster-method", "guess"], "--cluster-method"),
        (["--backdrop", "kittens"], "--backdrop"),
        (["--classes", 3, "three"], "0, 1, 2, 3"),
        (["--classes"], "--classes"),
        (["--points", 0], "--points"),
        (["--points", "-5"], "--points"),
        (["--points", "some"], "--points"),
        (["--axes", 1], "--axes"),
        (["--axes", 1, 2, "--projection", "pca"], "--projection axes"),
        (["--axes", 1, 2], "native"),  # codes of two numbers have no other axes
        (["--projection", "globe"], "--projection"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_line(
    aedesk, trained: Path, tmp_path: Path, untouched, options: list[object], word: str
) -> None:
    untouched()
    assert word in aedesk("map", trained, *options, "--out", tmp_path / "x.png").problem
    assert untouched()
