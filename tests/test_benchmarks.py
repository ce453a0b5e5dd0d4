"""The benchmarks' own arithmetic and report; what they measure is measured on demand, by `python tests/benchmarks`."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import pytest

from aedesk.models.architecture import dense
from aedesk.models.presets import PRESETS


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ModuleType:
    """A file of that folder, whose files import each other as scripts do."""
    monkeypatch.syspath_prepend(str(request.config.rootpath / "tests" / "benchmarks"))
    return importlib.import_module(request.param)


@pytest.mark.parametrize("script", ["report"], indirect=True)
def test_a_report_keeps_the_sections_of_rows_that_were_not_measured(script: ModuleType) -> None:
    def section(row: str, figure: str, met: bool) -> dict[str, str]:
        return {row: script.written(script.Section(figure, [met]), row, "python tests/benchmarks")}

    first = script.merged("", section("peak", "61 %", True) | section("dense", "4.2 times", True))
    second = script.merged(first, section("peak", "58 %", False))
    dense, peak = script.sections_of(second).values()
    assert dense == script.sections_of(first)["dense"]
    assert "58 %" in peak
    assert "61 %" not in second
    assert second.index("4.2 times") < second.index("58 %")
    assert "| Share of the float32 matrix peak | **0 of 1 met** |" in second


@pytest.mark.parametrize("script", ["report"], indirect=True)
def test_a_row_that_was_skipped_takes_no_measured_ones_place(script: ModuleType) -> None:
    def section(words: str) -> dict[str, str]:
        return {"gpu": script.written(script.Section(words), "gpu", "python tests/benchmarks gpu")}

    skipped = section(f"{script.SKIPPED} no GPU here")
    measured = script.merged(script.merged("", skipped), section("0.04 s"))
    assert "no GPU here" in script.merged("", skipped)
    assert "no GPU here" not in measured
    assert script.merged(measured, skipped) == measured


@pytest.mark.parametrize("script", ["flops"], indirect=True)
def test_the_first_layer_needs_no_gradient_of_its_input(script: ModuleType) -> None:
    assert script.of_epoch(dense(10), 3) == 3 * (4 * 784 * 10 + 6 * 10 * 784)
    assert script.of_epoch(PRESETS["deep-64"].architecture, 1) == 4 * 784 * 256 + 6 * (
        2 * 256 * 128 + 2 * 128 * 64 + 256 * 784
    )
    with pytest.raises(ValueError, match="dense"):
        script.of_epoch(PRESETS["conv"].architecture, 1)


@pytest.mark.parametrize("script", ["growth"], indirect=True)
def test_an_exponent_tells_linear_from_square(script: ModuleType) -> None:
    assert script.exponent({count: 3e-6 * count for count in (10, 20, 40)}) == pytest.approx(1)
    assert script.exponent({count: 3e-6 * count**2 for count in (10, 20, 40)}) == pytest.approx(2)


@pytest.mark.parametrize("script", ["turns"], indirect=True)
def test_an_epoch_of_ours_tells_its_validation_apart(script: ModuleType) -> None:
    words = ("ours.py", "vanilla-64", "--data", "digits", "--images", 500, "--threads", 1)
    with script.Contender(sys.executable, *words, epochs=2) as contender:
        answer = contender.turn()
    assert contender.about["images"] == 500
    assert 0 < answer["seconds"] < answer["whole"]
    assert answer["validation_loss"] > 0


@pytest.mark.parametrize("script", ["turns"], indirect=True)
def test_a_contender_that_cannot_begin_says_why(script: ModuleType) -> None:
    with pytest.raises(script.Broken, match="no preset 'nonsense'"):
        script.Contender(sys.executable, "ours.py", "nonsense", "--data", "digits")
