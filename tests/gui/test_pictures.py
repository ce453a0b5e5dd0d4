"""The clipboard: what is run on each system, what is told where it fails, and a real round trip."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tkinter as tk
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageGrab

from aedesk.errors import AedeskError
from aedesk.gui import pictures

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8))


def png(picture: Image.Image = PICTURE) -> bytes:
    held = io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


class Tools:
    """Stands in for the programs of a system: what was run, with what; `answer` is what they do."""

    def __init__(self) -> None:
        self.ran: list[SimpleNamespace] = []
        self.answer: Callable[[list[str]], bytes] = lambda command: b""

    def run(self, command: list[str], **options: Any) -> SimpleNamespace:
        assert options["timeout"] > 0
        env = options.get("env") or {}
        files = [text for text in (*command, env.get("AEDESK_PICTURE", "")) if text.endswith(".png")]
        content = Path(files[0]).read_bytes() if files else options.get("input")
        self.ran.append(SimpleNamespace(command=command, env=env, content=content, file="".join(files)))
        return SimpleNamespace(stdout=self.answer(command), returncode=0)

    @property
    def names(self) -> list[str]:
        return [run.command[0] for run in self.ran]


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Tools:
    stand_in = Tools()
    monkeypatch.setattr(subprocess, "run", stand_in.run)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return stand_in


def raising(problem: Exception) -> Callable[[list[str]], bytes]:
    def answer(_: list[str]) -> bytes:
        raise problem

    return answer


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(AedeskError) as told:
        act()
    assert "\n" not in str(told.value)
    return str(told.value)


ABSENT = FileNotFoundError(2, "No such file or directory")
SLOW = subprocess.TimeoutExpired("xclip", 5)
FAILED = subprocess.CalledProcessError(1, "xclip")


@pytest.mark.parametrize("system", ["win32", "darwin"])
@pytest.mark.parametrize("user", ["plain", "O'Hara", "Zoë “Z” \u201999 $env:x `a", 'a"b\\c'])
def test_no_name_of_a_folder_can_break_the_script_that_copies(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, user: str
) -> None:
    home = tmp_path / user
    home.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(home))
    monkeypatch.setattr(sys, "platform", system)
    pictures.to_clipboard(PICTURE)
    (run,) = tools.ran
    assert run.content == png()
    assert Path(run.file).is_relative_to(home)
    assert list(home.iterdir()) == [], "the file is gone afterwards"
    script = next(text for text in run.command if "SetImage" in text or "PNGf" in text)
    assert user not in script, "the path goes beside the script, where nothing has to be quoted"
    assert run.command[0] == {"win32": "powershell", "darwin": "osascript"}[system]


def test_on_linux_the_tool_of_the_session_is_used(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    pictures.to_clipboard(PICTURE)
    assert tools.names == ["xclip"]
    assert tools.ran[0].content == png()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    pictures.to_clipboard(PICTURE)
    assert tools.names == ["xclip", "wl-copy"]


@pytest.mark.parametrize("problem", [ABSENT, SLOW, FAILED])
def test_where_one_tool_fails_the_other_is_tried(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    tools.answer = lambda command: png() if command[0] == "xclip" else raising(problem)(command)
    pictures.to_clipboard(PICTURE)
    assert tools.names == ["wl-copy", "xclip"]
    assert np.array_equal(pictures.from_clipboard(), PICTURE)
    assert tools.names[2:] == ["wl-paste", "xclip"]


@pytest.mark.parametrize(
    ("system", "wayland", "word"),
    [
        ("linux", "", "install xclip"),
        ("linux", "wayland-0", "install wl-clipboard"),
        ("win32", "", ""),
        ("darwin", "", ""),
    ],
)
def test_the_remedy_fits_the_system(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, system: str, wayland: str, word: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setenv("WAYLAND_DISPLAY", wayland)
    monkeypatch.setattr(ImageGrab, "grabclipboard", lambda: raising(ABSENT)([]))
    tools.answer = raising(ABSENT)
    for line, way_out in (
        (refusal(pictures.from_clipboard), "open the picture as a file"),
        (refusal(lambda: pictures.to_clipboard(PICTURE)), "save"),
    ):
        assert way_out in line
        assert word in line
        assert ("install" in line) == bool(word)


@pytest.mark.parametrize("problem", [SLOW, FAILED])
def test_a_tool_that_is_there_is_not_to_be_installed(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    tools.answer = raising(problem)
    assert "install" not in refusal(pictures.from_clipboard)
    assert "install" not in refusal(lambda: pictures.to_clipboard(PICTURE))


@pytest.mark.parametrize("content", [png()[:60], b"text", png(Image.new("1", (9_000, 9_000)))])
def test_what_is_broken_on_the_clipboard_is_told(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    tools.answer = lambda _: content
    assert "clipboard" in refusal(pictures.from_clipboard)


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_a_picture_file_or_nothing_on_the_clipboard(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    PICTURE.save(tmp_path / "copied.png")
    monkeypatch.setattr(ImageGrab, "grabclipboard", lambda: [str(tmp_path / "copied.png")])
    assert np.array_equal(pictures.from_clipboard(), PICTURE)
    monkeypatch.setattr(ImageGrab, "grabclipboard", lambda: None)
    assert "no picture" in refusal(pictures.from_clipboard)
    broken = Image.open(io.BytesIO(png()[:100]))
    monkeypatch.setattr(ImageGrab, "grabclipboard", lambda: broken)
    assert "clipboard" in refusal(pictures.from_clipboard)


@pytest.fixture
def xclip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    if not sys.platform.startswith("linux") or shutil.which("xclip") is None:
        pytest.skip("xclip is not on this machine")


@pytest.mark.usefixtures("xclip")
def test_what_was_copied_is_pasted_bit_for_bit() -> None:
    pictures.to_clipboard(PICTURE)
    pasted = pictures.from_clipboard()
    assert pasted.mode == "L"
    assert np.array_equal(pasted, PICTURE)


@pytest.mark.usefixtures("xclip")
def test_words_on_the_clipboard_are_no_picture() -> None:
    script = """
import tkinter
root = tkinter.Tk()
root.clipboard_append("words")
root.update()
print("ready", flush=True)
root.after(10_000, root.destroy)
root.mainloop()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        line = refusal(pictures.from_clipboard)
        owner.kill()
    assert "no picture" in line


@pytest.mark.usefixtures("xclip")
def test_a_clipboard_that_this_window_holds_itself_does_not_hang_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tk cannot answer xclip while the window waits for xclip."""
    monkeypatch.setattr(pictures, "_PATIENCE", 0.3)
    root = tk.Tk()
    root.clipboard_append("copied out of a field")
    root.update()
    line = refusal(pictures.from_clipboard)
    root.destroy()
    assert "does not answer" in line
