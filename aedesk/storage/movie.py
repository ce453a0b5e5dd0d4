"""Moving pictures as files: GIF by Pillow, MP4 by the ffmpeg program where it is installed."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from aedesk.errors import AedeskError
from aedesk.storage import files, tensors

SUFFIXES = (".gif", ".mp4")
_EMPTY = "There is no picture to make an animation of; train the run again"
_HOLD = 2.0  # seconds that the last frame stays


def has_ffmpeg() -> bool:
    """Whether MP4 can be written on this machine."""
    return shutil.which("ffmpeg") is not None


def check(path: str | os.PathLike[str]) -> None:
    """Raise AedeskError, before any frame is drawn, unless a film of this name can be written here."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise AedeskError(f"{path}: the name of an animation must end in {' or '.join(SUFFIXES)}")
    if suffix == ".mp4" and not has_ffmpeg():
        raise AedeskError(
            f"{path}: MP4 is written by ffmpeg, which is not installed here; install it, or end the name in .gif"
        )


def write(
    path: str | os.PathLike[str],
    frames: Iterable[np.ndarray],
    colours: np.ndarray,
    per_second: float,
    hold: float = _HOLD,
) -> None:
    """Write frames (H, W, 3) uint8, all of one even size, as a film of the kind that its name says, whole or not.

    colours: (k, 3) uint8, at most 255: those of a GIF. per_second: frames; hold: seconds that the last one stays.
    A GIF runs for ever. Raises AedeskError where it cannot be written; what the frames raise goes through, and nothing
    is left behind then.
    """
    check(path)
    if Path(path).suffix.lower() == ".gif":
        files.write_whole(path, gif(frames, colours, per_second, hold))
    else:
        files.write_whole(path, _mp4(Path(path), frames, per_second, hold))


def gif(frames: Iterable[np.ndarray], colours: np.ndarray, per_second: float, hold: float = _HOLD) -> bytes:
    """The bytes of a GIF, as for `write`; each colour becomes the nearest one of `colours`."""
    table = Image.new("P", (1, 1))
    # Full, with the first colour again and again: what is left black would be a colour like any other.
    table.putpalette(np.concatenate([colours, np.tile(colours[:1], (256 - len(colours), 1))]).tobytes())
    pictures = [Image.fromarray(frame).quantize(palette=table, dither=Image.Dither.NONE) for frame in frames]
    if not pictures:
        raise AedeskError(_EMPTY)
    stays = [round(100 / per_second) * 10] * len(pictures)  # ms, of which a GIF knows tens
    stays[-1] += round(hold * 100) * 10
    first, *others = pictures
    content = io.BytesIO()
    first.save(content, "GIF", save_all=True, append_images=others, duration=stays, loop=0, optimize=False)
    return content.getvalue()


def _mp4(path: Path, frames: Iterable[np.ndarray], per_second: float, hold: float) -> bytes:
    """The bytes of an H.264 film, which every player and every slide show opens."""
    waiting = iter(frames)
    first = next(waiting, None)
    if first is None:
        raise AedeskError(_EMPTY)
    height, width = first.shape[:2]
    with tempfile.TemporaryDirectory(prefix="aedesk-") as folder:
        film = Path(folder) / "film.mp4"  # ffmpeg goes back to its beginning, which a pipe does not allow
        with (Path(folder) / "said").open("w+b") as said:
            command = [
                *("ffmpeg", "-nostdin", "-loglevel", "error", "-y"),
                *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"),
                *("-r", f"{per_second:g}", "-i", "pipe:0"),
                *(
                    "-c:v",
                    "libx264",
                    "-crf",
                    "20",
                    "-pix_fmt",
                    "yuv420p",
                    "-movflags",
                    "+faststart",
                    str(film),
                ),
            ]
            shown = _held(itertools.chain([first], waiting), round(hold * per_second))
            status = _fed(command, shown, said.fileno())
            if status != 0 or not film.is_file():
                said.seek(0)
                words = tensors.one_line(said.read().decode(errors="replace")) or f"exit status {status}"
                raise AedeskError(
                    f"{path}: ffmpeg could not write it ({words}); end the name in .gif instead"
                )
        return film.read_bytes()


def _fed(command: list[str], frames: Iterator[np.ndarray], said: int) -> int:
    """Run a program over the pixels of the frames and return its exit status; it does not outlive this call."""
    try:
        program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
    except OSError as problem:
        raise AedeskError(
            f"ffmpeg cannot be run: {files.reason(problem)}; end the name in .gif instead"
        ) from problem
    assert program.stdin is not None
    try:
        with contextlib.suppress(BrokenPipeError):  # it has given up, and says why
            for frame in frames:
                program.stdin.write(np.ascontiguousarray(frame).data)
            program.stdin.close()
        return program.wait()
    finally:
        program.kill()
        with contextlib.suppress(OSError):
            program.stdin.close()
        program.wait()


def _held(frames: Iterable[np.ndarray], again: int) -> Iterator[np.ndarray]:
    last = None
    for frame in frames:
        last = frame
        yield frame
    if last is not None:
        yield from itertools.repeat(last, again)
