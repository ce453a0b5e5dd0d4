"""Ink and pictures become what a model trained on MNIST expects."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageDraw

from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError
from aedesk.sketch import from_picture, ink_of_picture, normalise, open_picture
from aedesk.sketch.hand import RASTER, Hand, draw, placed
from aedesk.sketch.strokes import trace

SEVEN = [np.array([[0.2, 0.2], [0.75, 0.2], [0.45, 0.85]]), np.array([[0.35, 0.5], [0.7, 0.52]])]
"""A 7 with a bar, as strokes."""


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean squared difference of two pictures."""
    return float(np.mean((one - other) ** 2))


def centre_of_mass(picture: np.ndarray) -> tuple[float, float]:
    places = np.arange(28) + 0.5
    return float(picture.sum(0) @ places / picture.sum()), float(picture.sum(1) @ places / picture.sum())


def extent(picture: np.ndarray) -> tuple[int, int]:
    """(width, height) of the box around the pixels that are at least faintly inked."""
    box = Image.fromarray(picture > 0.2).getbbox()
    return (box[2] - box[0], box[3] - box[1]) if box else (0, 0)


def spot(diameter: float, side: int = RASTER) -> np.ndarray:
    raster = Image.new("L", (side, side))
    start = side / 3
    ImageDraw.Draw(raster).ellipse((start, start, start + diameter, start + diameter), fill=255)
    return np.asarray(raster)


class TestNormalise:
    def test_ink_fits_20_pixels_and_its_mass_is_central(self) -> None:
        picture = normalise(draw(SEVEN))
        assert picture.shape == (28, 28)
        assert picture.dtype == np.float32
        assert max(extent(picture)) in {20, 21}
        assert np.allclose(centre_of_mass(picture), 14.5, atol=0.15)
        assert picture.max() > 0.95
        assert ((picture > 0.1) & (picture < 0.9)).sum() > 20, "edges are grey as MNIST's"

    @given(
        scale=st.floats(0.45, 1),
        x=st.floats(-1, 1),
        y=st.floats(-1, 1),
    )
    @settings(max_examples=40, deadline=None)
    def test_place_and_size_on_the_canvas_do_not_matter(self, scale: float, x: float, y: float) -> None:
        free = (1 - scale) * RASTER * 0.4
        moved = Hand(40 * scale, scale, (x * free, y * free))
        assert difference(normalise(draw(SEVEN, moved)), normalise(draw(SEVEN, Hand(40)))) < 0.004

    @given(x=st.integers(-80, 80), y=st.integers(-80, 80))
    @settings(max_examples=20, deadline=None)
    def test_moving_the_raster_changes_nothing(self, x: int, y: int) -> None:
        ink = draw(SEVEN, Hand(30, 0.7))
        assert np.allclose(normalise(np.roll(ink, (y, x), (0, 1))), normalise(ink), atol=1e-4)

    @pytest.mark.parametrize("width", [6, 10, 20, 50, 60])
    def test_thin_and_thick_pens_give_nearly_the_same_picture(self, width: int) -> None:
        assert difference(normalise(draw(SEVEN, Hand(width))), normalise(draw(SEVEN, Hand(40)))) < 0.006

    def test_a_natural_pen_width_is_left_alone(self) -> None:
        finer, broader = normalise(draw(SEVEN, Hand(48))), normalise(draw(SEVEN, Hand(53)))
        assert broader.sum() > finer.sum() * 1.03
        assert normalise(draw(SEVEN, Hand(12))).sum() == pytest.approx(
            normalise(draw(SEVEN, Hand(24))).sum(), rel=0.05
        )

    def test_a_picture_of_28x28_passes_untouched(self) -> None:
        pixels = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
        assert np.array_equal(normalise(pixels), pixels.astype(np.float32) / 255)
        fractions = pixels.astype(np.float32) / 255
        assert np.array_equal(normalise(fractions), fractions)

    @pytest.mark.parametrize("shape", [(560, 560), (28, 28), (1, 1), (0, 5), (3, 900)])
    def test_no_ink_gives_zeros(self, shape: tuple[int, int]) -> None:
        for kind in (np.uint8, np.float64):
            picture = normalise(np.zeros(shape, kind))
            assert picture.shape == (28, 28)
            assert not picture.any()

    @pytest.mark.parametrize("diameter", [1, 6, 20, 36, 60])
    def test_a_dot_stays_a_dot(self, diameter: int) -> None:
        picture = normalise(spot(diameter))
        assert picture.max() > 0.7
        assert 2 <= max(extent(picture)) <= 5
        assert np.allclose(centre_of_mass(picture), 14.5, atol=0.1)

    def test_a_single_pixel_is_seen_as_a_dot(self) -> None:
        ink = np.zeros((560, 560), np.uint8)
        ink[100, 300] = 255
        assert 2 <= max(extent(normalise(ink))) <= 5

    def test_a_growing_stroke_never_makes_the_picture_jump(self) -> None:
        pictures = [
            normalise(draw([np.array([[0.2, 0.5], [0.2 + n / 280, 0.52]])])) for n in range(1, 120, 2)
        ]
        steps = [difference(one, other) for one, other in pairwise(pictures)]
        assert max(steps) < 0.01
        assert extent(pictures[-1])[0] >= 20

    def test_a_filled_shape_keeps_its_form(self) -> None:
        shape = np.zeros((560, 560), np.uint8)
        shape[100:400, 100:450] = 255
        width, height = extent(normalise(shape))
        assert width == pytest.approx(18, abs=1)
        assert height == pytest.approx(15, abs=1)

    def test_faint_ink_counts_like_strong_ink(self) -> None:
        ink = draw(SEVEN)
        assert difference(normalise(ink // 5), normalise(ink)) < 1e-4

    def test_a_huge_raster_of_hairlines_is_read(self) -> None:
        raster = Image.new("L", (4000, 3000))
        for points in placed(SEVEN, Hand(scale=4)):
            ImageDraw.Draw(raster).line([(x + 1200, y + 1200) for x, y in points], fill=255, width=3)
        assert difference(normalise(np.asarray(raster)), normalise(draw(SEVEN))) < 0.006

    @pytest.mark.parametrize("side", [60, 700, 6000])
    def test_two_far_pixels_are_both_seen(self, side: int) -> None:
        ink = np.zeros((side, side), np.uint8)
        ink[1, 1] = ink[-2, -2] = 255
        picture = normalise(ink)
        assert np.isfinite(picture).all()
        assert picture[:14].max() > 0.3
        assert picture[14:].max() > 0.3

    @given(
        arrays.arrays(
            st.sampled_from([np.uint8, np.bool_]),
            arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=40),
        )
    )
    @settings(max_examples=60, deadline=None)
    def test_any_raster_gives_a_finite_picture_in_range(self, ink: np.ndarray) -> None:
        picture = normalise(ink)
        assert picture.shape == (28, 28)
        assert picture.dtype == np.float32
        assert np.isfinite(picture).all()
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert picture.any() == (ink.size > 0 and ink.any())

    @pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (2, 3), (27, 28), (1, 100_000)])
    def test_odd_shapes_full_of_ink_are_no_problem(self, shape: tuple[int, int]) -> None:
        picture = normalise(np.ones(shape))
        assert picture.max() > 0.9
        assert 18 <= max(extent(picture)) <= 21

    @pytest.mark.parametrize(
        ("ink", "word"),
        [
            (np.full((9, 9), np.nan), "finite"),
            (np.full((28, 28), np.inf), "finite"),
            (np.zeros((3, 9, 9)), "grey"),
            (np.zeros(9), "grey"),
            (np.full((9, 9), 255.0), "255"),
            (np.full((9, 9), 300), "255"),
            (np.full((9, 9), -1), "255"),
            (np.full((9, 9), "x"), "numbers"),
        ],
    )
    def test_what_is_no_ink_is_told_in_one_line(self, ink: np.ndarray, word: str) -> None:
        with pytest.raises(AedeskError, match=word) as problem:
            normalise(ink)
        assert "\n" not in str(problem.value)


class TestRealDigits:
    def test_an_enlarged_digit_comes_back_nearly_as_it_was(self, mnist: DataSet) -> None:
        digits = mnist.train[slice(55_000, 55_100)]
        back = [
            normalise(np.asarray(Image.fromarray(image).resize((560, 560), Image.Resampling.BICUBIC)))
            for image in digits.images
        ]
        errors = ((np.stack(back) - digits.pixels()) ** 2).mean((1, 2))
        assert errors.mean() < 0.014, "0.0103 when written; two different digits differ by 0.1"
        assert np.percentile(errors, 90) < 0.03, "broad strokes lose some of their width"

    @pytest.mark.parametrize(
        "hand",
        [Hand(), Hand(8), Hand(60), Hand(18, 0.35, (150, -120)), Hand(slant=0.15), Hand(jitter=3)],
        ids=["plain", "thin", "thick", "small and off-centre", "slanted", "trembling"],
    )
    def test_sketches_along_a_digit_are_recognised_nearly_as_often(self, mnist: DataSet, hand: Hand) -> None:
        reference, unseen = mnist.train[slice(0, 8_000)], mnist.train[slice(55_000, 55_150)]
        sketches = np.stack([normalise(draw(trace(image), hand)) for image in unseen.images])
        digits_right = recognised(reference.pixels(), reference.labels, unseen.pixels(), unseen.labels)
        assert (
            recognised(reference.pixels(), reference.labels, sketches, unseen.labels) >= digits_right - 0.04
        )


def recognised(images: np.ndarray, labels: np.ndarray, queries: np.ndarray, truth: np.ndarray) -> float:
    """The share of queries whose five nearest neighbours, in the space of 32 principal components, agree."""
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier

    components = PCA(32, random_state=0).fit(images[:2_000].reshape(-1, 784))
    neighbours = KNeighborsClassifier(5).fit(components.transform(images.reshape(-1, 784)), labels)
    return float((neighbours.predict(components.transform(queries.reshape(-1, 784))) == truth).mean())


def photograph(ink: np.ndarray) -> Image.Image:
    """Pencil on unevenly lit, grainy paper."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[0 : 1 : ink.shape[0] * 1j, 0 : 1 : ink.shape[1] * 1j]
    paper = 0.85 - 0.25 * x - 0.15 * y * y
    grey = paper * (1 - 0.35 * (ink / 255.0)) + random.normal(scale=0.03, size=ink.shape)
    return Image.fromarray((grey.clip(0, 1) * 255).astype(np.uint8))


def stencil(ink: np.ndarray, tone: int) -> Image.Image:
    """Ink of one tone on a transparent ground."""
    return Image.merge("LA", (Image.new("L", ink.shape[::-1], tone), Image.fromarray(ink)))


LOOKS: dict[str, Callable[[np.ndarray], Image.Image]] = {
    "light on dark": Image.fromarray,
    "dark on light": lambda ink: Image.fromarray(255 - ink),
    "two greys": lambda ink: Image.fromarray((180 - (ink // 4)).astype(np.uint8)),
    "colours": lambda ink: Image.merge("RGB", [Image.fromarray(c) for c in (ink // 2, 255 - ink, 255 - ink)]),
    "palette": lambda ink: Image.fromarray(255 - ink).convert("RGB").quantize(8),
    "one bit": lambda ink: Image.fromarray(ink < 128),
    "16 bits": lambda ink: Image.fromarray((255 - ink).astype(np.uint16) * 257),
    "32-bit float": lambda ink: Image.fromarray(ink.astype(np.float32) / 255),
    "black ink, transparent ground": lambda ink: stencil(ink, 0),
    "white ink, transparent ground": lambda ink: stencil(ink, 255),
    "CMYK": lambda ink: Image.fromarray(255 - ink).convert("CMYK"),
    "photograph": photograph,
}


class TestFromPicture:
    @pytest.mark.parametrize("look", LOOKS)
    def test_every_kind_of_picture_of_a_drawing_gives_the_drawing(self, look: str) -> None:
        ink = draw(SEVEN, Hand(scale=0.7))
        assert difference(from_picture(LOOKS[look](ink)), normalise(ink)) < 0.002

    @pytest.mark.parametrize("look", LOOKS)
    def test_ink_to_edit_is_seen_as_the_picture_is(self, look: str) -> None:
        picture = LOOKS[look](draw(SEVEN, Hand(scale=0.7))[:, 60:500])
        ink = ink_of_picture(picture, 400)
        assert ink.shape == (400, 400)
        assert ink.dtype == np.uint8
        assert difference(normalise(ink), from_picture(picture)) < 0.002

    @given(seed=st.integers(0, 2**31), width=st.integers(10, 60), side=st.integers(40, 300))
    @settings(max_examples=30, deadline=None)
    def test_polarity_does_not_matter(self, seed: int, width: int, side: int) -> None:
        points = np.random.default_rng(seed).uniform(0.2, 0.8, (5, 2))
        grey = Image.fromarray(draw([points], Hand(width))).resize((side, side), Image.Resampling.BOX)
        inverted = Image.fromarray(255 - np.asarray(grey))
        assert difference(from_picture(grey), from_picture(inverted)) < 1e-4

    def test_a_28x28_picture_passes_untouched_but_for_polarity(self) -> None:
        pixels = np.random.default_rng(1).integers(0, 256, (28, 28)).astype(np.uint8)
        pixels[[0, -1]] = pixels[:, [0, -1]] = 0
        exact = pixels.astype(np.float32) / 255
        assert np.array_equal(from_picture(Image.fromarray(pixels)), exact)
        assert np.allclose(from_picture(Image.fromarray(255 - pixels)), exact, atol=1e-6)

    def test_a_28x28_picture_to_edit_keeps_what_is_in_it(self, digits: DataSet) -> None:
        for image in digits.train.images[:10]:
            ink = ink_of_picture(Image.fromarray(image), 560)
            assert (
                difference(np.asarray(Image.fromarray(ink).resize((28, 28), 4)) / 255.0, image / 255.0) < 0.01
            )

    def test_dust_and_grain_are_no_ink(self) -> None:
        ink = draw(SEVEN, Hand(scale=0.6)).copy()
        clean = normalise(ink)
        ink[10:14, 10:14] = ink[540:543, 500:506] = 255
        assert difference(from_picture(Image.fromarray(255 - ink)), clean) < 0.001

    @pytest.mark.parametrize("noise", [0, 3, 20])
    def test_an_empty_sheet_gives_zeros(self, noise: int) -> None:
        sheet = np.random.default_rng(0).normal(190, noise, (400, 300)).clip(0, 255).astype(np.uint8)
        assert not from_picture(Image.fromarray(sheet)).any()
        assert not ink_of_picture(Image.fromarray(sheet), 100).any()

    @pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2), (5, 3), (28, 1), (3000, 20)])
    @pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "I;16", "F", "YCbCr", "HSV", "CMYK"])
    def test_any_size_and_mode_gives_a_picture_in_range(self, size: tuple[int, int], mode: str) -> None:
        image = Image.new(mode, size)
        image.putpixel((0, 0), tuple(255 for _ in image.getbands()) if len(image.getbands()) > 1 else 1)
        picture = from_picture(image)
        assert picture.shape == (28, 28)
        assert picture.dtype == np.float32
        assert np.isfinite(picture).all()
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert ink_of_picture(image, 50).shape == (50, 50)


def png(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A PNG file that claims to be this large."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def saved(kind: str) -> bytes:
    held = io.BytesIO()
    Image.fromarray(draw(SEVEN)).save(held, kind)
    return held.getvalue()


BROKEN = {
    "empty": (b"", "empty file"),
    "text": (b"not a picture at all", "not a picture"),
    "truncated PNG": (saved("PNG")[:400], "broken"),
    "truncated JPEG": (saved("JPEG")[:900], "broken"),
    "bomb": (png(60_000, 60_000), "megapixels"),
    "large": (png(9_000, 9_000), "megapixels"),
    "no pixels": (png(0, 5), "broken|pixels|not a picture"),
    "program": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
}


class TestOpenPicture:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
    def test_a_picture_file_is_loaded_whole(self, tmp_path: Path, kind: str) -> None:
        file = tmp_path / "seven"
        file.write_bytes(saved(kind))
        image = open_picture(file)
        file.unlink()
        assert difference(from_picture(image), normalise(draw(SEVEN))) < 0.002

    def test_a_turned_photograph_is_turned_upright(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("L", (40, 20)).save(tmp_path / "turned.jpg", exif=exif)
        assert open_picture(tmp_path / "turned.jpg").size == (20, 40)

    @pytest.mark.parametrize("kind", BROKEN)
    def test_a_broken_file_is_told_in_one_line_that_names_it(self, tmp_path: Path, kind: str) -> None:
        content, reason = BROKEN[kind]
        file = tmp_path / "broken.png"
        file.write_bytes(content)
        with pytest.raises(AedeskError, match=reason) as problem:
            open_picture(file)
        assert str(file) in str(problem.value)
        assert "\n" not in str(problem.value)

    def test_a_missing_file_and_a_folder_are_told(self, tmp_path: Path) -> None:
        with pytest.raises(AedeskError, match=r"no file .*absent"):
            open_picture(tmp_path / "absent.png")
        with pytest.raises(AedeskError, match="folder"):
            open_picture(tmp_path)

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
    def test_what_is_no_regular_file_is_told(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.png")
        with pytest.raises(AedeskError, match=r"pipe\.png is not a regular file"):
            open_picture(tmp_path / "pipe.png")

    def test_names_that_no_file_can_have_are_told(self) -> None:
        for name in ("x" * 5000, "\0"):
            with pytest.raises(AedeskError):
                open_picture(name)

    def test_a_large_photograph_is_read_small_and_seen_the_same(self, tmp_path: Path) -> None:
        ink = np.asarray(Image.fromarray(draw(SEVEN, Hand(scale=0.7))).resize((2400, 2400)))
        exif = Image.Exif()
        exif[0x0112] = 6
        photo = photograph(np.pad(ink, ((0, 0), (300, 300)))).convert("RGB")
        photo.rotate(90, expand=True).save(tmp_path / "large.jpg", quality=92, exif=exif)
        photo.save(tmp_path / "large.png", compress_level=1)
        image = open_picture(tmp_path / "large.jpg")
        assert image.size == (1500, 1200), "half of it, which is still more than is looked at"
        assert difference(from_picture(image), from_picture(open_picture(tmp_path / "large.png"))) < 0.001

    @pytest.mark.parametrize("size", [(2047, 30), (1024, 1024), (28, 28)])
    def test_a_smaller_jpeg_keeps_every_pixel(self, tmp_path: Path, size: tuple[int, int]) -> None:
        photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, size[::-1], np.uint8))
        photo.save(tmp_path / "small.jpg")
        with Image.open(tmp_path / "small.jpg") as whole:
            assert np.array_equal(np.asarray(open_picture(tmp_path / "small.jpg")), np.asarray(whole))

    @given(
        at=st.integers(0, 10**6),
        byte=st.integers(0, 255),
        cut=st.integers(0, 10**6),
        kind=st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]),
    )
    @settings(max_examples=120, deadline=None)
    def test_damage_anywhere_gives_a_picture_or_one_line(
        self, tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, cut: int, kind: str
    ) -> None:
        content = bytearray(saved(kind))
        content[at % len(content)] = byte
        file = tmp_path_factory.getbasetemp() / "damaged"
        file.write_bytes(content[: max(1, cut % (2 * len(content)))])
        problem = ""
        try:
            picture = from_picture(open_picture(file))
        except AedeskError as told:
            problem = str(told)
        else:
            assert picture.shape == (28, 28)
        assert not problem or ("\n" not in problem and str(file) in problem)
