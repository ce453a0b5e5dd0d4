"""What holds for every command: help, exit statuses, and one line for every expected problem."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from aedesk.cli import datasets, main, models
from aedesk.errors import AedeskError

COMMANDS = ("models", "train", "evaluate", "reconstruct", "generate", "map", "fetch")


def window_that(run: Callable[[], int]) -> ModuleType:
    """Stands in for `aedesk.gui.main`, and with it for the screen."""
    module = ModuleType("aedesk.gui.main")
    module.run = run  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(aedesk, command: str) -> None:
    outcome = aedesk(command, "--help")
    assert outcome.status == 0
    assert f"\n  aedesk {command} " in outcome.out
    assert "example" in outcome.out
    assert outcome.err == ""


def test_the_help_of_aedesk_names_every_command(aedesk) -> None:
    outcome = aedesk("--help")
    assert outcome.status == 0
    for command in COMMANDS:
        assert f"\n    {command} " in outcome.out


def test_the_version_is_told(aedesk) -> None:
    import aedesk as face

    assert aedesk("--version").out == f"aedesk {face.__version__}\n"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["paint"], "'paint'"),
        (["models", "--jsn"], "--jsn"),
        (["train"], "--preset"),
        (["train", "--preset", "dense-2d"], "--out"),
        (["train", "--preset", "dense-2d", "--out", "x", "--epochs", "many"], "'many'"),
        (["train", "--preset", "dense-2d", "--out", "x", "--loss", "l1"], "'l1'"),
        (["train", "--preset", "dense-2d", "--out", ""], "--out"),
        (["evaluate"], "MODEL"),
        (["generate", "dense-2d", "--out", "x.png"], "--at"),
        (["generate", "dense-2d", "--at", "1", "--out", "x.png"], "--at"),
        (["generate", "dense-2d", "--at", "nan", "1", "--out", "x.png"], "nan"),
        (["generate", "dense-2d", "--at", "1", "2", "--sample", "3", "--out", "x.png"], "--sample"),
        (["map", "dense-2d", "--projection", "globe", "--out", "x.png"], "'globe'"),
    ],
)
def test_a_wrong_word_is_answered_in_one_line_that_names_it(aedesk, words: list[str], hint: str) -> None:
    problem = aedesk(*words).problem
    assert hint in problem
    assert "--help`" in problem


def test_a_problem_is_one_line_whatever_its_text(aedesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(arguments: object) -> int:
        raise AedeskError("first\nsecond\r\n\x1b[31mthird\u2028")

    monkeypatch.setattr(models, "run", fail)
    assert aedesk("models").problem == "aedesk: first second [31mthird"


def test_a_bug_is_told_in_one_line_and_shown_on_request(aedesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(arguments: object) -> int:
        return {}["nothing here"]

    monkeypatch.setattr(models, "run", fail)
    monkeypatch.delenv("AEDESK_DEBUG", raising=False)
    outcome = aedesk("models")
    assert outcome.status == 1
    assert len(outcome.err.splitlines()) == 1
    assert "AEDESK_DEBUG=1" in outcome.err
    monkeypatch.setenv("AEDESK_DEBUG", "1")
    with pytest.raises(KeyError):
        main(["models"])


def test_a_disk_that_fails_is_bad_luck_and_no_bug(aedesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(arguments: object) -> int:
        raise OSError(5, "Input/output error", "/media/stick")

    monkeypatch.setattr(models, "run", fail)
    assert aedesk("models").problem == "aedesk: /media/stick: Input/output error"


def test_an_interrupt_is_told_in_one_line(aedesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "run_fetch", interrupt)
    outcome = aedesk("fetch", "mnist")
    assert outcome.status == 130
    assert outcome.err == "aedesk: interrupted\n"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
def test_a_reader_that_has_gone_is_no_problem() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    finished = subprocess.run(
        [sys.executable, "-m", "aedesk", "models", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert finished.returncode == 141
    assert finished.stderr == b""


@pytest.mark.parametrize("absent", ["tkinter", "_tkinter"])
def test_without_tk_the_remedy_is_named(aedesk, monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.delitem(sys.modules, "aedesk.gui.main", raising=False)
    monkeypatch.delitem(sys.modules, "tkinter", raising=False)
    monkeypatch.setitem(sys.modules, absent, None)
    monkeypatch.setattr(sys, "platform", "linux")
    problem = aedesk().problem
    assert "python3-tk" in problem
    assert "reconstruct" in problem


def test_what_else_is_missing_is_not_blamed_on_tk(aedesk, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tkinter", reason="Tk is not in this Python")
    monkeypatch.delitem(sys.modules, "aedesk.gui.main", raising=False)
    monkeypatch.setitem(sys.modules, "aedesk.gui.window", None)
    outcome = aedesk()
    assert outcome.status == 1
    assert "aedesk.gui.window" in outcome.err
    assert "python3-tk" not in outcome.err


def test_a_window_that_cannot_open_says_so_itself(aedesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> int:
        raise AedeskError("there is no screen for the window")

    monkeypatch.setitem(sys.modules, "aedesk.gui.main", window_that(run))
    assert aedesk().problem == "aedesk: there is no screen for the window"


@pytest.mark.parametrize("words", [["models"], ["paint"], ["--version"]], ids=lambda words: words[0])
def test_a_process_without_streams_ends_as_any_other(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, None)  # as in a program of Windows that has no console
    assert main(words) == (2 if words == ["paint"] else 0)


def test_progress_of_a_process_without_streams_goes_nowhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, None)
    train = ["train", "--preset", "vanilla-64", "--data", "digits", "--epochs", "1"]
    assert main([*train, "--out", str(tmp_path / "run")]) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_without_a_display_the_remedy_is_named(
    process: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    pytest.importorskip("tkinter", reason="Tk is not in this Python")
    blind = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
    finished = process(env=blind)
    assert finished.returncode == 2, finished.stderr
    assert len(finished.stderr.splitlines()) == 1
    assert "xvfb-run" in finished.stderr
    assert "train" in finished.stderr


def test_the_window_is_opened_by_no_command_at_all(aedesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aedesk.gui.main", window_that(lambda: 7))
    assert aedesk().status == 7
