"""Fetching from a server of our own: whole or not at all, and every failure in one line."""

import errno
import hashlib
import io
import os
import socket
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from aedesk.data import fetch, sources
from aedesk.data.catalogue import SOURCES
from aedesk.data.mirrors import Recipe, recipe
from aedesk.errors import AedeskError, Cancelled

IMAGES = "train-images-idx3-ubyte"


@dataclass
class Server:
    """Answers by path; one in `short` breaks off in its middle, one in `stuck` waits there for `release`."""

    url: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)
    short: set[str] = field(default_factory=set)
    stuck: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            body = state.bodies.get(self.path)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            if "gzip" in self.headers.get("Accept-Encoding", ""):  # as many servers do with a .gz
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            if self.path in state.stuck:
                state.release.wait(20)
            elif self.path not in state.short:
                self.wfile.write(body[half:])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        state.url = f"http://127.0.0.1:{listener.server_port}"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        state.release.set()
        listener.shutdown()
        thread.join()


@pytest.fixture
def published(server, lay, tmp_path, monkeypatch) -> Server:
    """`server` publishes a small MNIST below /mirror; the recipe names a mirror without it first."""
    origin = tmp_path / "origin"
    for part in ("train", "t10k"):
        lay(origin, part, packed=True)
    bodies = {path.name: path.read_bytes() for path in origin.iterdir()}
    server.bodies = {f"/mirror/{name}": body for name, body in bodies.items()}
    order = sorted(bodies, key=lambda name: name != f"{IMAGES}.gz")  # as torchvision has them: this one first
    hashes = {name: hashlib.md5(bodies[name]).hexdigest() for name in order}
    mirrors = (f"{server.url}/gone", f"{server.url}/mirror/")
    monkeypatch.setattr(fetch, "recipe", lambda source: Recipe(mirrors, hashes))
    return server


def files_below(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_a_set_is_fetched_from_the_second_mirror_and_loads(published, tmp_path):
    told = []
    data = tmp_path / "data"
    folder = fetch.fetch("mnist", data, progress=lambda *step: told.append(step))
    assert folder == data / "MNIST/raw"
    assert f"/gone/{IMAGES}.gz" in published.asked
    assert files_below(data) == {name.removesuffix(".gz") for name in files_below(tmp_path / "origin")}
    size = len(published.bodies[f"/mirror/{IMAGES}.gz"])
    assert (f"{IMAGES}.gz", size, size) in told
    assert all(0 < done <= total for _, done, total in told)
    assert len(sources.load("mnist", data_dir=data, offline=True).train) == 20


def test_loading_fetches_what_is_missing(published, tmp_path):
    assert len(sources.load("mnist", data_dir=tmp_path / "data").test) == 20


def test_what_is_there_and_sound_is_not_fetched_again(published, tmp_path):
    fetch.fetch("mnist", tmp_path / "data")
    published.asked.clear()
    fetch.fetch("mnist", tmp_path / "data")
    assert published.asked == []


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_truncated_file_on_disk_is_fetched_anew(published, tmp_path, suffix):
    folder = fetch.fetch("mnist", tmp_path / "data")
    whole = (folder / IMAGES).read_bytes()
    (folder / IMAGES).unlink()
    (folder / f"{IMAGES}{suffix}").write_bytes(whole[:-1])
    fetch.fetch("mnist", tmp_path / "data")
    assert (folder / IMAGES).read_bytes() == whole
    assert len(sources.load("mnist", data_dir=tmp_path / "data", offline=True).train) == 20


def test_a_file_that_fits_no_label_is_fetched_anew_as_well(published, encode, tmp_path):
    folder = fetch.fetch("mnist", tmp_path / "data")
    (folder / "t10k-labels-idx1-ubyte").write_bytes(encode(np.arange(20)))
    fetch.fetch("mnist", tmp_path / "data")
    assert len(sources.load("mnist", data_dir=tmp_path / "data", offline=True).test) == 20


def _refusal(tmp_path: Path) -> str:
    """The one line of a failed fetch, after which nothing may lie around."""
    with pytest.raises(AedeskError) as refusal:
        fetch.fetch("mnist", tmp_path / "data")
    assert "\n" not in str(refusal.value)
    assert files_below(tmp_path / "data") == set()
    return str(refusal.value)


def test_every_mirror_tells_why_it_failed(published, tmp_path):
    path = f"/mirror/{IMAGES}.gz"
    published.short.add(path)
    line = _refusal(tmp_path)
    assert f"{published.url}/gone/{IMAGES}.gz answered HTTP 404" in line
    assert f"{published.url}{path} broke off before the end" in line


def test_another_file_under_the_name_is_refused_by_its_hash(published, tmp_path):
    published.bodies[f"/mirror/{IMAGES}.gz"] = b"<html>please log in</html>"
    assert "MD5" in _refusal(tmp_path)


def test_a_silent_server_is_given_up(published, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "TIMEOUT", 0.2)
    published.stuck.add(f"/mirror/{IMAGES}.gz")
    assert "did not answer within 0.2 s" in _refusal(tmp_path)


def test_a_server_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    files = {f"{IMAGES}.gz": "0" * 32}
    monkeypatch.setattr(fetch, "recipe", lambda source: Recipe((url, "http://"), files))
    line = _refusal(tmp_path)
    assert f"{url}/{IMAGES}.gz cannot be reached" in line
    assert "--data digits" in line


@pytest.mark.parametrize("stuck", [False, True])
def test_cancelling_ends_a_fetch_even_at_a_silent_server_and_leaves_nothing(
    published, tmp_path, monkeypatch, stuck
):
    monkeypatch.setattr(fetch, "TIMEOUT", 0.2)
    path = f"/mirror/{IMAGES}.gz"
    if stuck:
        published.stuck.add(path)
    told = []
    with pytest.raises(Cancelled):
        fetch.fetch(
            "mnist", tmp_path / "data", progress=lambda *step: told.append(step), cancelled=lambda: bool(told)
        )
    assert [file for file, _, _ in told] == [f"{IMAGES}.gz"]
    assert told[0][1] < len(published.bodies[path])
    assert files_below(tmp_path / "data") == set()


def test_a_full_disk_is_said_in_one_line(published, tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    line = _refusal(tmp_path)
    assert "disk" in line
    assert str(tmp_path / "data") in line


def test_a_place_that_cannot_be_written_to_is_said(published, tmp_path):
    (tmp_path / "data").write_bytes(b"a file where a folder should be")
    with pytest.raises(AedeskError, match="data/MNIST/raw cannot be written to"):
        fetch.fetch("mnist", tmp_path / "data")


def test_only_the_members_that_are_needed_leave_emnists_archive(server, lay, tmp_path, monkeypatch):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        for split in ("letters", "digits"):
            for part in ("train", "test"):
                lay(
                    tmp_path / "origin", f"emnist-{split}-{part}", packed=True, first_label=split == "letters"
                )
        for file in sorted((tmp_path / "origin").iterdir()):
            members.write(file, f"gzip/{file.name}")
    server.bodies["/gzip.zip"] = archive.getvalue()
    files = {"gzip.zip": hashlib.md5(archive.getvalue()).hexdigest()}
    monkeypatch.setattr(fetch, "recipe", lambda source: Recipe((server.url,), files))
    folder = fetch.fetch("emnist-letters", tmp_path / "data")
    assert len(files_below(folder)) == 4
    assert all(name.startswith("emnist-letters-") for name in files_below(folder))
    assert len(sources.load("emnist-letters", data_dir=tmp_path / "data", offline=True).train) == 20


def test_torchvision_knows_mirrors_and_hashes_of_every_set(monkeypatch):
    monkeypatch.setenv("AEDESK_MIRROR", "http://school.example/data/")
    for source in SOURCES.values():
        found = recipe(source)
        assert found.mirrors[0] == f"http://school.example/data/{source.family}/raw"
        assert all(mirror.startswith("http") for mirror in found.mirrors[1:])
        assert len(found.mirrors) > 1
        assert all(len(md5) == 32 for md5 in found.files.values())
        assert set(found.files) >= {"gzip.zip"} or f"{IMAGES}.gz" in found.files


def test_a_torchvision_that_does_not_match_torch_is_told_how_to_mend(tmp_path, monkeypatch):
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    for module in ("torchvision", "torchvision.datasets"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AedeskError, match=r"nms does not exist.*from the same index"):
        fetch.fetch("mnist", tmp_path / "data")


def test_what_cannot_be_fetched_is_said(tmp_path):
    with pytest.raises(AedeskError, match="digits is always there"):
        fetch.fetch("digits", tmp_path)
