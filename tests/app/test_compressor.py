"""The drawing as a compressed code, and files of compressed pictures, without a window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aedesk.analysis import rates
from aedesk.analysis.compression import Codec
from aedesk.app.compressed_files import compress_data, measure, open_file, save_drawing
from aedesk.app.compressor import Compressor, Shrunk
from aedesk.app.task import Work
from aedesk.errors import AedeskError, Cancelled
from aedesk.storage import aez


def done(work: Work[Any], cancelled: Callable[[], bool] = lambda: False) -> Any:
    return work(lambda what, count, total: None, cancelled)


@pytest.fixture
def compressor(bench, run: Path) -> Compressor:
    """For a model of 32 numbers, with something drawn."""
    bench.load(run)
    bench.draw("7")
    return Compressor(bench.explorer, bench.jobs)


def shrunk(bench, compressor: Compressor, bits: int, kind: str) -> Shrunk:
    compressor.set(bits, kind)
    bench.settle()
    assert compressor.shrunk is not None
    return compressor.shrunk


def test_there_is_nothing_to_tell_until_levels_have_been_found(bench, compressor: Compressor) -> None:
    told: list[tuple[bool, bool]] = []
    compressor.changed.connect(
        lambda _: told.append((compressor.codec is not None, compressor.shrunk is not None))
    )
    compressor.attend()
    bench.settle()
    assert told == [(False, False), (True, False), (True, True)]


def test_of_many_drawings_the_last_is_told(bench, compressor: Compressor) -> None:
    compressor.attend()
    bench.settle()
    told: list[Shrunk | None] = []
    compressor.changed.connect(lambda _: told.append(compressor.shrunk))
    for _ in range(5):
        bench.draw("0")
        compressor.show(bench.explorer.reading)
    bench.settle()
    assert told[-1] is not None
    assert told[-1].rebuilt is not None
    assert np.array_equal(told[-1].rebuilt, bench.explorer.reading.reconstruction)


def test_a_blank_canvas_has_no_size_even_if_one_was_on_its_way(bench, compressor: Compressor) -> None:
    shrunk(bench, compressor, 4, "uniform")
    compressor.show(bench.explorer.reading)
    bench.ink.clear()
    bench.read()
    compressor.show(None)
    bench.settle()
    assert compressor.shrunk is None


@pytest.mark.parametrize("kind", ["uniform", "kmeans"])
def test_more_bits_bring_the_picture_nearer_to_what_the_code_gives(bench, compressor, kind: str) -> None:
    reading = bench.explorer.reading
    coarse, fine = (shrunk(bench, compressor, bits, kind) for bits in (2, 12))
    assert coarse.bits < fine.bits < 12 * 32 * 1.5
    assert np.abs(fine.quantised - reading.reconstruction).max() < 0.05
    assert np.abs(fine.quantised - fine.rebuilt).max() < np.abs(coarse.quantised - coarse.rebuilt).max()
    assert fine.rebuilt_psnr == pytest.approx(reading.psnr, abs=1e-4)


def test_the_bits_are_those_of_a_coder_that_knows_the_training_codes(bench, compressor) -> None:
    found = shrunk(bench, compressor, 4, "kmeans")
    active, reading = bench.explorer.active, bench.explorer.reading
    codec = Codec.fit(active.model, active.atlas.codes, 4, "kmeans")
    assert found.bits == pytest.approx(float(codec.bits(reading.code[None])[0]))
    assert np.array_equal(found.quantised, active.model.decode(codec.quantised(reading.code[None]))[0])


def test_the_drawing_is_held_against_files_of_other_formats(bench, compressor) -> None:
    found = shrunk(bench, compressor, 4, "kmeans")
    sizes = {(name, np.isinf(psnr)): bits for name, bits, psnr in found.files}
    assert {("PNG", True), ("WebP", True), ("JPEG", False), ("WebP", False)} == set(sizes)
    assert all(found.bits < bits < 6272 for bits in sizes.values())


def test_a_code_that_takes_more_than_a_lossless_picture_is_no_gain(bench, compressor) -> None:
    found = shrunk(bench, compressor, 4, "kmeans")
    assert not found.is_no_gain
    assert replace(found, bits=6000.0).is_no_gain


def test_wishes_that_make_no_sense_change_nothing(compressor: Compressor) -> None:
    compressor.set(7, "uniform")
    for bits, kind in [(1, "best"), (17, None), ("4", 3), (True, []), (None, {})]:
        compressor.set(bits, kind)
        assert (compressor.bits, compressor.kind) == (7, "uniform")


def test_another_model_gets_levels_of_its_own(bench, compressor, flat: Path) -> None:
    compressor.attend()
    bench.settle()
    before = compressor.codec
    bench.load(flat)
    assert compressor.codec is None
    compressor.attend()
    assert compressor.shrunk is None
    bench.settle()
    assert compressor.codec is not before
    assert compressor.shrunk.bits < 2 * 8


def test_levels_that_were_found_before_are_there_at_once(bench, compressor) -> None:
    shrunk(bench, compressor, 4, "kmeans")
    shrunk(bench, compressor, 5, "kmeans")
    compressor.set(4, "kmeans")
    assert compressor.codec is not None


def test_only_the_latest_wish_counts(bench, compressor) -> None:
    for bits in range(2, 9):
        compressor.set(bits, "uniform")
    bench.settle()
    assert compressor.codec is not None
    assert compressor.codec.quantiser.bits == 8


# --- files ---


def test_a_drawing_comes_back_from_its_file(bench, compressor, tmp_path: Path) -> None:
    active, reading = bench.explorer.active, bench.explorer.reading
    path = tmp_path / "seven.aez"
    words = done(save_drawing(active, reading.image, 8, "kmeans", path))
    assert "1 picture" in words
    assert f"{path.stat().st_size:,} bytes" in words
    opened = done(open_file(path, active))
    assert np.abs(opened.images[0] - reading.reconstruction).max() < 0.25
    assert list(opened.names) == ["drawing.png"]


def test_a_data_set_comes_back_with_numbers_for_names(bench, compressor, tmp_path: Path, digits) -> None:
    path = tmp_path / "digits.aez"
    done(compress_data(bench.explorer.active, "digits", 6, "uniform", path))
    opened = done(open_file(path, bench.explorer.active))
    assert opened.images.shape == (len(digits.test), 28, 28)
    assert opened.names[0] == "1"
    assert str(len(digits.test)) in opened.words
    rebuilt = bench.explorer.active.model.reconstruct(digits.test.images)
    assert np.abs(opened.images - rebuilt).mean() < 0.02


def test_a_file_of_no_known_model_is_refused(bench, run: Path, flat: Path, tmp_path: Path) -> None:
    path = tmp_path / "of-another.aez"
    other = bench.load(run)
    done(save_drawing(other, np.zeros((28, 28), np.float32), 4, "uniform", path))
    with pytest.raises(AedeskError, match=other.model.name):
        done(open_file(path, bench.load(flat)))


def test_cancelling_writes_nothing(bench, compressor, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        done(
            compress_data(bench.explorer.active, "digits", 4, "uniform", tmp_path / "never.aez"), lambda: True
        )
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_refused(bench, compressor, tmp_path: Path) -> None:
    path = tmp_path / "damaged.aez"
    done(save_drawing(bench.explorer.active, bench.explorer.reading.image, 4, "uniform", path))
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(AedeskError, match=r"damaged\.aez"):
        done(open_file(path, bench.explorer.active))


def test_the_model_in_use_is_measured_on_a_data_set(
    bench, compressor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "BITS", (3,))
    monkeypatch.setattr(rates, "PCA_SIZES", (32,))
    measured = done(measure(bench.explorer.active, "digits", 10, every_model=False))
    assert (measured.data, measured.count) == ("digits", 10)
    assert bench.explorer.active.model.name in {point.method for point in measured.points}


def test_the_files_extent_is_that_of_the_code(bench, compressor, tmp_path: Path) -> None:
    path = tmp_path / "one.aez"
    done(save_drawing(bench.explorer.active, bench.explorer.reading.image, 4, "kmeans", path))
    found = aez.read(path)
    assert found.indices.shape == (1, 32)
    assert found.levels.kind == "kmeans"
