"""`aedesk reconstruct`, `generate` and `map`: what they write, and what they refuse to write."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aedesk as face
from aedesk.palette import class_colours

SCALE = 4


def read(path: Path) -> np.ndarray:
    """A written picture as floats in [0, 1]."""
    with Image.open(path) as picture:
        assert picture.mode == "L"
        return np.asarray(picture, np.float32) / 255


@pytest.fixture
def pictures(tmp_path: Path, digits) -> list[Path]:
    """Three real digits of 28x28 as files, two of them under the same name."""
    files = [tmp_path / "one" / "Digit.png", tmp_path / "two" / "digit.png", tmp_path / "other.png"]
    for file, image in zip(files, digits.test.images, strict=False):
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(file)
    return files


def test_a_sheet_shows_originals_over_reconstructions(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], digits
) -> None:
    out = tmp_path / "new" / "sheet.png"
    outcome = aedesk("reconstruct", trained, *pictures, "--out", out)
    assert outcome.status == 0
    sheet = read(out)[::SCALE, ::SCALE]
    originals = digits.test.pixels(slice(3))
    assert sheet.shape == (56, 84)
    assert np.array_equal(sheet[:28], np.hstack(originals))
    rebuilt = np.hstack(face.load(trained).reconstruct(originals))
    assert np.abs(sheet[28:] - rebuilt).max() <= 0.5 / 255 + 1e-6


def test_many_pictures_wrap_in_pairs_of_rows(aedesk, trained: Path, tmp_path: Path, digits) -> None:
    files = [tmp_path / f"{number}.png" for number in range(23)]
    for file, image in zip(files, digits.test.images, strict=False):
        Image.fromarray(image).save(file)
    assert aedesk("reconstruct", trained, *files, "--out", tmp_path / "sheet.png").status == 0
    sheet = read(tmp_path / "sheet.png")[::SCALE, ::SCALE]
    assert sheet.shape == (4 * 28, 20 * 28)
    assert np.array_equal(sheet[56:84, : 3 * 28], np.hstack(digits.test.pixels(slice(20, 23))))


def test_a_folder_gets_a_picture_each_under_names_of_their_own(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], digits
) -> None:
    out = tmp_path / "rebuilt"
    assert aedesk("reconstruct", trained, *pictures, "--out", out).status == 0
    assert sorted(path.name for path in out.iterdir()) == ["Digit.png", "digit-2.png", "other.png"]
    rebuilt = face.load(trained).reconstruct(digits.test.pixels(slice(3)))
    for name, picture in zip(["Digit.png", "digit-2.png", "other.png"], rebuilt, strict=True):
        assert np.abs(read(out / name) - picture).max() <= 0.5 / 255 + 1e-6


def test_a_large_dark_on_light_drawing_is_seen_like_a_digit(aedesk, trained: Path, tmp_path: Path) -> None:
    paper = np.full((300, 200, 3), 255, np.uint8)
    paper[60:240, 90:115] = 20
    Image.fromarray(paper).save(tmp_path / "one.jpg")
    assert aedesk("reconstruct", trained, tmp_path / "one.jpg", "--out", tmp_path / "sheet.png").status == 0
    seen = read(tmp_path / "sheet.png")[: 28 * SCALE : SCALE, ::SCALE]
    assert seen[14, 14] > 0.9
    assert seen[:, :6].max() < 0.1


def test_pictures_are_never_written_over_their_own_originals(
    aedesk, trained: Path, pictures: list[Path], untouched
) -> None:
    untouched()
    for out in (pictures[0].parent, pictures[0]):
        assert "Digit.png" in aedesk("reconstruct", trained, pictures[0], "--out", out).problem
    assert untouched()


def test_one_bad_picture_among_good_ones_and_nothing_is_written(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], untouched
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("this is text")
    untouched()
    for out in (tmp_path / "sheet.png", tmp_path / "folder"):
        assert "bad.png" in aedesk("reconstruct", trained, *pictures, bad, "--out", out).problem
    assert untouched()


@pytest.mark.parametrize("command", ["reconstruct", "generate", "map"])
@pytest.mark.parametrize("out", ["x.bmp", "taken.png", "file/x.png", "file/x/y.png"])
def test_an_impossible_out_is_refused_before_any_work(
    aedesk, tmp_path: Path, untouched, command: str, out: str
) -> None:
    (tmp_path / "taken.png").mkdir()
    (tmp_path / "file").write_text("mine")
    untouched()
    more = {"reconstruct": ["no-such-picture.png"], "generate": ["--sample", 2], "map": []}[command]
    problem = aedesk(command, "no-such-model", *more, "--out", tmp_path / out).problem
    assert Path(out).parts[0] in problem
    assert untouched()


def test_a_place_on_a_native_map_is_its_code(aedesk, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "places"
    assert aedesk("generate", trained, "--at", "-1.5e-1", "2", "--out", out).status == 0
    (file,) = out.iterdir()
    decoded = face.load(trained).decode(np.array([-0.15, 2], np.float32))[0]
    assert np.abs(read(file) - decoded).max() <= 0.5 / 255 + 1e-6


def test_a_place_is_read_on_the_map_that_is_named(aedesk, trained: Path, tmp_path: Path) -> None:
    for projection in ("native", "pca"):
        out = tmp_path / f"{projection}.png"
        place = ("--at", 0.3, -0.2, "--projection", projection)
        assert aedesk("generate", trained, *place, "--out", out).status == 0
        assert read(out).shape == (28 * SCALE, 28 * SCALE)
    assert (tmp_path / "native.png").read_bytes() != (tmp_path / "pca.png").read_bytes()


@pytest.mark.parametrize("sampler", ["gaussian", "mixture"])
def test_samples_follow_from_their_seed(aedesk, trained: Path, tmp_path: Path, sampler: str) -> None:
    def draw(name: str, seed: int) -> bytes:
        sample = ("--sample", 5, "--sampler", sampler, "--seed", seed)
        assert aedesk("generate", trained, *sample, "--out", tmp_path / name).status == 0
        return (tmp_path / name).read_bytes()

    assert draw("a.png", 1) == draw("b.png", 1)
    assert draw("c.png", 2) != draw("a.png", 1)
    assert read(tmp_path / "a.png").shape == (2 * 28 * SCALE, 3 * 28 * SCALE)


@pytest.fixture(scope="session")
def variational(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with variational codes, and without an atlas."""
    from aedesk.cli import main

    folder = tmp_path_factory.mktemp("trained") / "vae"
    words = ["--preset", "dense-2d", "--kind", "variational", "--data", "digits", "--epochs", "1"]
    assert main(["train", *words, "--out", str(folder)]) == 0
    (folder / "atlas.safetensors").unlink()
    return folder


def test_a_variational_model_draws_from_its_prior_unless_told_otherwise(
    aedesk, variational: Path, tmp_path: Path
) -> None:
    def draw(*sampler: str) -> bytes:
        out = tmp_path / "sheet.png"
        outcome = aedesk(
            "generate", variational, "--sample", 4, *sampler, "--data-dir", tmp_path, "--out", out
        )
        assert outcome.status == 0, outcome.err
        said.append(outcome.out)
        return out.read_bytes()

    said: list[str] = []
    first = draw()
    assert draw("--sampler", "prior") == first
    assert draw("--sampler", "mixture") != first
    assert "from its prior" in said[1]
    assert "mixture" in said[2]
    codes = np.random.default_rng(0).standard_normal((4, 2), np.float32)
    drawn = face.load(variational).decode(codes)
    out = tmp_path / "each"
    aedesk("generate", variational, "--sample", 4, "--out", out)
    for file, expected in zip(sorted(out.iterdir()), drawn, strict=True):
        assert np.abs(read(file) - expected).max() <= 0.5 / 255 + 1e-5


def test_a_plain_model_has_no_prior(aedesk, trained: Path, tmp_path: Path, untouched) -> None:
    untouched()
    sample = ("--sample", 4, "--sampler", "prior", "--out", tmp_path / "x.png")
    assert "no prior" in aedesk("generate", trained, *sample).problem
    assert untouched()


def test_a_temperature_decides_how_far_samples_go(aedesk, trained: Path, tmp_path: Path) -> None:
    def draw(temperature: float) -> np.ndarray:
        out = tmp_path / "sheet.png"
        sample = ("--sample", 9, "--sampler", "gaussian", "--temperature", temperature)
        assert aedesk("generate", trained, *sample, "--out", out).status == 0
        return read(out)[::SCALE, ::SCALE].reshape(3, 28, 3, 28).transpose(0, 2, 1, 3).reshape(9, 28, 28)

    variety = [draw(temperature).std(axis=0).mean() for temperature in (0, 0.5, 1)]
    assert variety[0] < 1e-6
    assert variety[0] < variety[1] < variety[2]


def test_codes_are_added_and_taken_away(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], digits
) -> None:
    out = tmp_path / "sum"
    terms = (pictures[0], pictures[1], "-1.5,2")
    outcome = aedesk("generate", trained, "--arithmetic", *terms, "--out", out)
    assert outcome.status == 0, outcome.err
    model = face.load(trained)
    a, b = model.encode(digits.test.pixels(slice(2)))
    expected = model.decode(a - b + np.array([-1.5, 2], np.float32))[0]
    assert np.abs(read(out / "digit.png") - expected).max() <= 0.5 / 255 + 1e-5


def test_a_code_less_itself_plus_another_is_the_other(
    aedesk, trained: Path, tmp_path: Path, pictures: list[Path], digits
) -> None:
    out = tmp_path / "sum"
    aedesk("generate", trained, "--arithmetic", "1,1", "1,1", pictures[0], "--out", out)
    rebuilt = face.load(trained).reconstruct(digits.test.pixels(slice(1)))[0]
    assert np.abs(read(out / "digit.png") - rebuilt).max() <= 0.5 / 255 + 1e-5


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (["1,1", "2,2"], "--arithmetic"),
        (["1,1", "2,2", "nan,3"], "nan is no number"),
        (["1,1", "gone.png", "3,3"], "gone.png"),
        (["1,1", "2,2", "3,3", "--sample", "2"], "--sample"),
        (["1,1", "2,2", "3,3", "--axes", "1", "7"], "axes"),
    ],
)
def test_sums_that_cannot_be_are_refused(
    aedesk, trained: Path, tmp_path: Path, untouched, terms: list[str], said: str
) -> None:
    untouched()
    assert said in aedesk("generate", trained, "--arithmetic", *terms, "--out", tmp_path / "x.png").problem
    assert untouched()


def test_a_sum_is_never_written_over_its_terms(
    aedesk, trained: Path, pictures: list[Path], untouched
) -> None:
    untouched()
    terms = ("1,1", pictures[2], "2,2")
    assert "other.png" in aedesk("generate", trained, "--arithmetic", *terms, "--out", pictures[2]).problem
    assert untouched()


def test_the_exact_way_back_from_a_pca_map_is_another_digit(aedesk, trained: Path, tmp_path: Path) -> None:
    for inverse in ("local", "exact"):
        place = ("--at", 40, -40, "--projection", "pca", "--inverse", inverse)
        assert aedesk("generate", trained, *place, "--out", tmp_path / f"{inverse}.png").status == 0
    assert (tmp_path / "local.png").read_bytes() != (tmp_path / "exact.png").read_bytes()


def test_samples_in_a_folder_sort_by_their_number(aedesk, trained: Path, tmp_path: Path) -> None:
    out = tmp_path / "digits"
    assert aedesk("generate", trained, "--sample", 12, "--out", out).status == 0
    names = sorted(path.name for path in out.iterdir())
    assert names[0] == "digit-01.png"
    assert names[-1] == "digit-12.png"
    assert {read(out / name).shape for name in names} == {(28, 28)}


@pytest.mark.parametrize(
    "words",
    [
        ["--sample", "0"],
        ["--sample", "-3"],
        ["--sample", "1000000"],
        ["--sample", "3", "--seed", "-1"],
        ["--sample", "3", "--sampler", "prior"],
        ["--sample", "3", "--temperature", "-0.1"],
        ["--sample", "3", "--temperature", "2.1"],
        ["--sample", "3", "--temperature", "nan"],
    ],
)
def test_samples_that_cannot_be_drawn_are_refused(
    aedesk, trained: Path, tmp_path: Path, words: list[str]
) -> None:
    aedesk("generate", trained, *words, "--out", tmp_path / "x.png").problem  # noqa: B018
    assert not any(tmp_path.iterdir())


def test_a_map_is_drawn_in_every_format(aedesk, trained: Path, tmp_path: Path) -> None:
    for name, start in (("map.png", b"\x89PNG"), ("map.SVG", b"<?xml"), ("map.pdf", b"%PDF")):
        outcome = aedesk("map", trained, "--out", tmp_path / "maps" / name)
        assert outcome.status == 0, outcome.err
        assert (tmp_path / "maps" / name).read_bytes().startswith(start)
    svg = (tmp_path / "maps" / "map.SVG").read_text()
    assert svg.count("<use ") > 1000  # a dot for each of the training images


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_map_is_the_same_file(aedesk, trained: Path, tmp_path: Path, suffix: str) -> None:
    files = [tmp_path / f"{name}.{suffix}" for name in ("one", "again")]
    for file in files:
        assert aedesk("map", trained, "--out", file).status == 0
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1252", "\N{GREEK CAPITAL LETTER OMEGA}"), ("utf-8", "\udcff")]
)
def test_a_name_that_the_terminal_cannot_show_is_no_problem(
    aedesk, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, name: str
) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding=encoding))
    out = tmp_path / f"{name}.png"
    assert aedesk("generate", trained, "--at", 0, 0, "--out", out).status == 0
    assert out.exists()
    assert name.encode("ascii", "backslashreplace") in shown.getvalue()


def test_the_dots_of_a_map_have_the_colours_of_their_classes(aedesk, trained: Path, tmp_path: Path) -> None:
    aedesk("map", trained, "--out", tmp_path / "map.png")
    with Image.open(io.BytesIO((tmp_path / "map.png").read_bytes())) as picture:
        counts = {colour: count for count, colour in picture.convert("RGB").getcolors(1 << 24)}
    # A dot of the legend has about a hundred pixels.
    assert all(counts[tuple(bytes.fromhex(colour[1:]))] > 500 for colour in class_colours(10))


def test_a_map_that_the_codes_do_not_have_is_refused(aedesk, tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    train = ("train", "--preset", "vanilla-64", "--data", "digits", "--epochs", 1, "--out", wide)
    assert aedesk(*train).status == 0
    out = tmp_path / "map.png"
    assert "native" in aedesk("map", wide, "--projection", "native", "--out", out).problem
    assert not out.exists()
    assert aedesk("map", wide, "--out", out).status == 0  # pca


def test_a_bare_model_file_gets_its_map_from_the_training_images(
    aedesk, trained: Path, tmp_path: Path, home: Path
) -> None:
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes((trained / "model.safetensors").read_bytes())
    assert aedesk("map", alone, "--out", tmp_path / "map.png").status == 0
    assert list((home / "cache").rglob("*.safetensors"))
    # The next time the cache has it: the data is not looked for.
    outcome = aedesk("generate", alone, "--sample", 2, "--data", "gone.npz", "--out", tmp_path / "x.png")
    assert outcome.status == 0, outcome.err


def test_a_map_of_own_data_knows_from_any_folder_which_images_it_is_of(
    aedesk, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits
) -> None:
    from aedesk.data.sources import load
    from aedesk.latent import atlas as atlases

    alone = tmp_path / "alone.safetensors"
    alone.write_bytes((trained / "model.safetensors").read_bytes())
    np.savez(tmp_path / "own.npz", images=digits.test.images, labels=digits.test.labels)
    monkeypatch.chdir(tmp_path)
    assert aedesk("map", alone, "--data", "own.npz", "--out", "map.png").status == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    atlas = atlases.atlas_for(alone)
    assert atlas is not None
    assert atlas.can_be_of(load(atlas.data).train)


def test_a_shipped_name_works_like_a_run(aedesk, shipped: str, tmp_path: Path) -> None:
    assert aedesk("generate", shipped, "--at", 0, 0, "--out", tmp_path / "x.png").status == 0
