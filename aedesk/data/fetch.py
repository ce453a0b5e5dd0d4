"""Fetch a published data set: from several mirrors in turn, checked by its hash, whole or not at all."""

from __future__ import annotations

import errno
import gzip
import logging
import os
import secrets
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from aedesk import paths
from aedesk.data.catalogue import SOURCES, Source, files_of
from aedesk.data.mirrors import recipe
from aedesk.errors import AedeskError, Cancelled

Progress = Callable[[str, int, int | None], None]
"""Told the file's name, the bytes that are there, and of how many, where the server says so."""
IsCancelled = Callable[[], bool]

TIMEOUT = 10.0  # seconds without a single byte
_LIMIT = 1 << 30  # bytes of one download; EMNIST's archive, the largest, has 0.56 GB
_NETWORK_CHUNK = 4096  # small: cancelling acts between chunks, on a slow line as well
_DISK_CHUNK = 1 << 20
_REPORT_EVERY = 0.05  # seconds

_log = logging.getLogger(__name__)


def fetch(
    name: str,
    data_dir: str | os.PathLike[str] | None = None,
    *,
    progress: Progress | None = None,
    cancelled: IsCancelled | None = None,
) -> Path:
    """Make the named data set complete and return its folder; files that are there and sound stay.

    A broken or foreign file is fetched anew. Raises Cancelled or AedeskError; each file is then new and
    whole, or as it was. A server that has gone silent delays cancelling by at most `TIMEOUT`.
    """
    source = SOURCES.get(name)
    if source is None:
        known = ", ".join(SOURCES)
        raise AedeskError(f"{name} cannot be fetched: choose one of {known}; digits is always there")
    job = _Job(progress or _ignore, cancelled or _never)
    data = paths.data(data_dir)
    folder = source.folder(data)
    lacking = [file for part in source.parts if not _is_sound(source, data, part) for file in files_of(part)]
    if not lacking:
        return folder
    origin = recipe(source)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for packed, md5 in origin.files.items():
            wanted = lacking if packed.endswith(".zip") else [packed.removesuffix(".gz")]
            if not set(wanted) & set(lacking):
                continue
            with _part(folder, packed) as download:
                job.download(packed, origin.mirrors, md5, download)
                for file in wanted:
                    job.unpack(download, folder / file)
    except OSError as problem:
        raise AedeskError(_disk_problem(problem, folder)) from None
    return folder


@dataclass(frozen=True)
class _Job:
    """One call of `fetch`: to whom it reports and who may end it."""

    progress: Progress
    cancelled: IsCancelled

    def download(self, file: str, mirrors: tuple[str, ...], md5: str, target: Path) -> None:
        """Fill `target` from the first mirror that has the right file."""
        problems = []
        for mirror in mirrors:
            url = f"{mirror.rstrip('/')}/{file}"
            try:
                return self._download(url, file, md5, target)
            except _MirrorError as problem:
                self.check()
                _log.info("%s: %s", url, problem)
                problems.append(f"{url} {problem}")
        raise AedeskError(
            f"{file} could not be fetched: {'; '.join(problems)}. Check the network and try again; "
            "`--data digits` needs none"
        )

    def _download(self, url: str, file: str, md5: str, target: Path) -> None:
        import pooch
        import requests

        self.check()
        meter = _Meter(self, file)
        downloader = pooch.HTTPDownloader(
            progressbar=meter,
            chunk_size=_NETWORK_CHUNK,
            timeout=TIMEOUT,
            headers={"Accept-Encoding": "identity"},  # else a .gz may arrive unpacked, with another hash
        )
        try:
            downloader(url, str(target), None)
        except (requests.RequestException, ValueError) as problem:  # ValueError: a senseless URL or header
            raise _MirrorError(_in_words(problem)) from None
        if pooch.file_hash(str(target), alg="md5") != md5:
            raise _MirrorError("sent another file than the known one (its MD5 differs)")

    def unpack(self, packed: Path, target: Path) -> None:
        """Write the file that `packed` holds under the name of `target`."""
        with _part(target.parent, target.name) as part:
            try:
                with _open_packed(packed, target.name) as source, part.open("wb") as sink:
                    while chunk := source.read(_DISK_CHUNK):
                        self.check()
                        sink.write(chunk)
                    sink.flush()
                    os.fsync(sink.fileno())
            except (KeyError, EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as problem:
                raise AedeskError(
                    f"{target.name} cannot be unpacked from the fetched file: {problem}"
                ) from None
            part.replace(target)

    def check(self) -> None:
        if self.cancelled():
            raise Cancelled("fetching was cancelled; nothing half-fetched is left")


class _MirrorError(Exception):
    """Why one mirror did not serve, as the words that follow its URL."""


class _Meter:
    """pooch's progress object: passes the count on, and is the place where cancelling acts."""

    def __init__(self, job: _Job, file: str) -> None:
        self.total = 0
        self._job = job
        self._file = file
        self._done = 0
        self._told = 0.0

    def update(self, count: int) -> None:
        self._job.check()
        # pooch counts the last chunk as a full one.
        self._done = min(self._done + count, self.total) if self.total else self._done + count
        if self._done > _LIMIT:
            raise _MirrorError(f"sends more than {_LIMIT:,} bytes")
        now = time.monotonic()
        if now - self._told >= _REPORT_EVERY or self._done == self.total:
            self._told = now
            self._job.progress(self._file, self._done, self.total or None)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def _is_sound(source: Source, data: Path, part: str) -> bool:
    """By the same eyes as loading: what is sound here is never refused there."""
    if not all(source.find(data, file) for file in files_of(part)):
        return False
    try:
        source.read(data, part)
    except AedeskError as problem:
        _log.warning("%s; it is fetched anew", problem)
        return False
    return True


@contextmanager
def _part(folder: Path, name: str) -> Iterator[Path]:
    """A name beside the final one, gone afterwards whatever happens."""
    part = folder / f".{name}.{secrets.token_hex(4)}.part"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _open_packed(packed: Path, name: str) -> Iterator[IO[bytes]]:
    """The file `name` inside a fetched .gz or .zip, unpacked as it is read."""
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(packed.open("rb"))
        if file.read(2) == b"PK":
            archive = stack.enter_context(zipfile.ZipFile(packed))
            file = stack.enter_context(archive.open(f"gzip/{name}.gz"))
        else:
            file.seek(0)
        yield cast(IO[bytes], stack.enter_context(gzip.GzipFile(fileobj=file)))


def _in_words(problem: Exception) -> str:
    import requests

    if isinstance(problem, requests.HTTPError) and problem.response is not None:
        return f"answered HTTP {problem.response.status_code}"
    # While the body is read, requests tells a timeout as a ConnectionError.
    if isinstance(problem, requests.Timeout) or "timed out" in str(problem):
        return f"did not answer within {TIMEOUT:g} s"
    if isinstance(problem, requests.exceptions.ChunkedEncodingError):
        return "broke off before the end"
    if isinstance(problem, requests.exceptions.SSLError):
        return "has a certificate that is not trusted here"
    if isinstance(problem, requests.exceptions.ProxyError):
        return "cannot be reached through the proxy"
    if isinstance(problem, requests.ConnectionError):
        return "cannot be reached"
    return f"gave no usable answer ({type(problem).__name__})"


def _disk_problem(problem: OSError, folder: Path) -> str:
    if problem.errno == errno.ENOSPC:
        return f"the disk of {folder} is full: free some space, or choose another folder with --data-dir"
    reason = problem.strerror or problem
    return f"{folder} cannot be written to ({reason}): choose another folder with --data-dir"


def _ignore(file: str, done: int, total: int | None) -> None:
    pass


def _never() -> bool:
    return False
