import errno
import os
import stat
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from aedesk.errors import AedeskError
from aedesk.storage.files import check_writable, is_file, is_folder, make_folder, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_bytes_arrive_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.bin", b"first")
    write_whole(tmp_path / "a.bin", b"second")
    assert (tmp_path / "a.bin").read_bytes() == b"second"
    assert names(tmp_path) == ["a.bin"]


def test_a_function_may_write_the_content(tmp_path: Path) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"one ")
        file.write(b"two")

    write_whole(tmp_path / "a.bin", write)
    assert (tmp_path / "a.bin").read_bytes() == b"one two"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
def test_the_file_is_readable_as_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "a.bin", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.bin").stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission denied")],
)
def test_a_failing_disk_keeps_the_old_file_and_leaves_no_scraps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    target = tmp_path / "a.bin"
    write_whole(target, b"old")

    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(AedeskError, match=words) as caught:
        write_whole(target, b"new")
    assert str(target) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_writer_that_fails_half_way_leaves_the_old_file(tmp_path: Path) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise RuntimeError

    write_whole(tmp_path / "a.bin", b"old")
    with pytest.raises(RuntimeError):
        write_whole(tmp_path / "a.bin", write)
    assert (tmp_path / "a.bin").read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_file_that_another_program_holds_for_a_moment_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refusals = Path.replace, [PermissionError(), PermissionError()]

    def replace(self: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    write_whole(tmp_path / "a.bin", b"x")
    assert (tmp_path / "a.bin").read_bytes() == b"x"


def test_a_folder_that_is_not_there_or_in_the_way_is_named(tmp_path: Path) -> None:
    with pytest.raises(AedeskError, match=r"gone.*no such"):
        write_whole(tmp_path / "gone" / "a.bin", b"x")
    (tmp_path / "taken").mkdir()
    with pytest.raises(AedeskError, match=r"taken.*folder of that name"):
        write_whole(tmp_path / "taken", b"x")
    (tmp_path / "file").touch()
    with pytest.raises(AedeskError, match=r"below.*cannot be made"):
        make_folder(tmp_path / "file" / "below")
    with pytest.raises(AedeskError, match=r"gone.*nothing can be written"):
        check_writable(tmp_path / "gone")


@pytest.mark.parametrize("name", ["x" * 5000, "nul\0byte", ""])
def test_impossible_names_are_simply_not_there(tmp_path: Path, name: str) -> None:
    assert not is_file(tmp_path / name)
    assert not is_folder(tmp_path / f"{name}/deeper")
