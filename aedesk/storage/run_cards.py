"""The list of training runs in a folder; only what has changed is read again."""

from __future__ import annotations

import contextlib
from pathlib import Path

from aedesk import paths
from aedesk.storage.lock import LOCK
from aedesk.storage.run_card import FILES, RunCard, as_of_now, read_card, stat_of
from aedesk.storage.runs import EPOCHS

_Key = tuple[tuple[int, ...], ...]
_known: dict[
    Path, dict[Path, tuple[_Key, RunCard]]
] = {}  # of each folder that was listed; replaced as a whole


def list_cards(folder: Path | None = None) -> list[RunCard]:
    """Every run in `folder`, the user's own if None, the last one changed first; also one that has no model yet.

    Only what has changed since the last call is read again.
    """
    folder = paths.runs() if folder is None else folder
    before = _known.get(folder, {})
    now: dict[Path, tuple[_Key, RunCard]] = {}
    cards = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            key = None if path.name.startswith(".") else _key(path)
            if key is None:
                continue
            known = before.get(path)
            now[path] = known if known is not None and known[0] == key else (key, read_card(path))
            cards.append(as_of_now(now[path][1]))
    _known[folder] = now
    return sorted(cards, key=lambda card: (card.modified, card.path.name), reverse=True)


def _key(path: Path) -> _Key | None:
    """What is another as soon as a file of the run is; None if this is no run."""
    stats = [stat_of(path / name) for name in FILES]
    if not any(stats) and stat_of(path / LOCK) is None:
        return None
    stats += [stat_of(path), stat_of(path / EPOCHS)]
    return tuple((s.st_mtime_ns, s.st_size, s.st_ino) if s is not None else () for s in stats)
