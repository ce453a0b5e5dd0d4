"""Bits against quality: held against other implementations, and what must hold for any of them."""

from __future__ import annotations

import io
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from aedesk.analysis import fidelity, picture_formats, rates
from aedesk.analysis.pca import PixelPca
from aedesk.analysis.picture_formats import BARE, FILE, FORMATS, SHEET, Format, Written, write_all, write_one
from aedesk.analysis.rates import AEZ, CODES, RatePoint, rate_distortion
from aedesk.data.imageset import DataSet
from aedesk.errors import AedeskError, Cancelled
from aedesk.gui.charts.chart import write_chart
from aedesk.gui.charts.rates import rates_chart
from aedesk.models.checkpoint import Checkpoint
from aedesk.models.initialisation import initial_weights
from aedesk.models.model import Model
from aedesk.models.presets import PRESETS

FEW = 60  # test images


def untrained(preset: str) -> Model:
    architecture = PRESETS[preset].architecture
    return Model(Checkpoint(preset, architecture, initial_weights(architecture, 0)))


def written(images: np.ndarray, way: Format) -> dict[str, Written]:
    *_, last = write_all(images, way)
    assert isinstance(last, list)
    return {one.counting: one for one in last}


def way_of(method: str, setting: str) -> Format:
    return next(way for way in FORMATS if (way.method, way.setting) == (method, setting))


@pytest.fixture(scope="module")
def points(digits: DataSet) -> list[RatePoint]:
    return rate_distortion([untrained("vanilla-64")], digits, bits=(2, 8), limit=FEW)


def by_setting(points: list[RatePoint], method: str, counting: str) -> dict[str, RatePoint]:
    return {point.setting: point for point in points if (point.method, point.counting) == (method, counting)}


# --- formats ---


@settings(max_examples=15)
@given(st.integers(1, 11), st.integers(0, 2**31))
def test_lossless_formats_give_every_picture_back_one_by_one_and_from_a_sheet(count: int, seed: int) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    for way in FORMATS:
        if way.setting == "lossless":
            for one in written(images, way).values():
                assert np.array_equal(one.decoded, images)


def test_the_bits_of_a_file_each_are_those_of_pillows_files(digits: DataSet) -> None:
    images = digits.test.images[:20]
    sizes = []
    for image in images:
        content = io.BytesIO()
        Image.fromarray(image).save(content, "PNG", optimize=True)
        sizes.append(8 * len(content.getvalue()))
    assert written(images, way_of("PNG", "lossless"))[FILE].bits == pytest.approx(np.mean(sizes))


@pytest.mark.parametrize("way", FORMATS, ids=lambda way: f"{way.method} {way.setting}")
def test_a_header_that_is_left_out_or_shared_takes_less(way: Format, digits: DataSet) -> None:
    found = written(digits.test.images[:FEW], way)
    assert found[BARE].bits < found[FILE].bits
    assert found[SHEET].bits < found[FILE].bits


def test_blank_pictures_take_nothing_without_their_headers() -> None:
    blank = np.zeros((3, 28, 28), np.uint8)
    for way in FORMATS:
        assert written(blank, way)[BARE].bits == 0


def test_a_single_picture_comes_back_as_among_many(digits: DataSet) -> None:
    images = digits.test.images[:3]
    for way in (way_of("JPEG", "quality 10"), way_of("WebP", "lossless")):
        alone = [write_one(image, way) for image in images]
        together = written(images, way)[FILE]
        assert together.bits == pytest.approx(8 * np.mean([size for size, _ in alone]))
        assert np.array_equal(together.decoded, np.stack([decoded for _, decoded in alone]))


# --- rates ---


@pytest.mark.parametrize("method", ["JPEG", "WebP"])
def test_a_higher_quality_costs_more_bits_and_loses_less(points, method: str) -> None:
    found = by_setting(points, method, FILE)
    lossy = [point for setting, point in found.items() if setting != "lossless"]
    lossy.sort(key=lambda point: int(point.setting.split()[1]))
    for before, after in pairwise(lossy):
        assert after.bits_per_image > before.bits_per_image
        assert after.mse < before.mse


def test_every_method_is_there_and_png_loses_nothing(points) -> None:
    assert {"vanilla-64", "PCA 8", "PCA 64", "PNG", "JPEG", "WebP"} <= {point.method for point in points}
    png = by_setting(points, "PNG", FILE)["lossless"]
    assert png.mse == 0
    assert math.isinf(png.psnr)
    assert png.ssim == pytest.approx(1)


def test_codes_take_no_more_bits_than_they_have_and_finer_ones_are_nearer(points) -> None:
    for method, size in (("vanilla-64", 64), ("PCA 16", 16)):
        codes = by_setting(points, method, CODES)
        whole = by_setting(points, method, AEZ)
        for kind in ("uniform", "k-means"):
            coarse, fine = codes[f"2 bits, {kind}"], codes[f"8 bits, {kind}"]
            assert 0 < coarse.bits_per_image < fine.bits_per_image
            # Coder and decoder learn as they go: a few pictures pay for that, and for the last word of the stream.
            assert coarse.bits_per_image <= 2 * size * 1.05 + 1
            assert fine.mse < coarse.mse
            assert whole[fine.setting].bits_per_image > fine.bits_per_image


def test_pca_of_eight_bits_is_nearly_pca_itself(points, digits: DataSet) -> None:
    which = np.arange(FEW) * len(digits.test) // FEW
    clean = digits.test.pixels(which)
    pca = PixelPca.fit(digits.train, 32)
    exact = fidelity.mse(pca.decode(pca.encode(clean)).clip(0, 1), clean).mean()
    found = by_setting(points, "PCA 32", CODES)["8 bits, k-means"]
    assert found.mse == pytest.approx(exact, rel=0.02)
    assert found.ssim == pytest.approx(
        fidelity.ssim(pca.decode(pca.encode(clean)).clip(0, 1), clean).mean(), abs=0.01
    )


def test_a_limit_takes_images_from_everywhere_in_the_set(digits: DataSet) -> None:
    images = digits.test.images[[0, len(digits.test) // 2]]
    expected = written(images, way_of("PNG", "lossless"))[FILE].bits
    found = rate_distortion([], digits, bits=(2,), kinds=("uniform",), limit=2)
    assert by_setting(found, "PNG", FILE)["lossless"].bits_per_image == pytest.approx(expected)


def test_two_models_of_one_name_are_told_apart(digits: DataSet) -> None:
    models = [untrained("dense-2d"), untrained("dense-2d")]
    found = rate_distortion(models, digits, bits=(2,), kinds=("uniform",), limit=2)
    assert {point.method for point in found if point.family == "model"} == {"dense-2d", "dense-2d (2)"}


def test_work_that_is_not_wanted_any_more_ends(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(picture_formats, "_CHUNK", 5)
    with pytest.raises(Cancelled):
        rate_distortion(
            [],
            digits,
            limit=FEW,
            progress=lambda what, done, total: told.append(what),
            cancelled=lambda: len(told) >= 3,
        )
    assert len(told) == 3


def test_a_set_without_test_images_is_refused(digits: DataSet) -> None:
    with pytest.raises(AedeskError, match="training and test images"):
        rate_distortion([], DataSet("half", digits.train, digits.test[:0]))


# --- the chart ---


def test_the_chart_is_drawn_and_has_all_numbers_behind_it(points, tmp_path) -> None:
    chart = rates_chart(points, "digits", FEW)
    assert len(chart.table.rows) == len(points)
    assert chart.table.records()[0]["method"] == points[0].method
    for ending in (".png", ".svg", ".pdf"):
        write_chart(tmp_path / f"rates{ending}", chart)
        assert (tmp_path / f"rates{ending}").stat().st_size > 1000
    words = (tmp_path / "rates.svg").read_text()
    for name in ("vanilla-64", "PCA, the best of many sizes", "JPEG", "WebP", "PNG, lossless"):
        assert name in words


def test_the_table_has_no_number_where_nothing_is_lost(points) -> None:
    records = rates.table(points).records()
    assert all(record["psnr"] is None for record in records if record["mse"] == 0)
    assert all(record["psnr"] is not None for record in records if record["mse"] > 0)
