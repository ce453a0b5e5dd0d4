"""The report of the benchmarks: a Markdown file with a section for each row, each with its own date and machine.

A run of some rows replaces their sections and keeps the others as they were.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

TITLES = {
    "dense": "Headless epochs of the dense recipes",
    "conv": "Epochs of `conv`",
    "peak": "Share of the float32 matrix peak",
    "accuracy": "Validation loss of the chosen precision",
    "gpu": "Epochs on a GPU",
    "numpy": "The NumPy engine",
    "growth": "Growth of training time",
    "map": "Frames of the map",
    "ui": "Pen, click and drag to screen",
    "start": "Opening the window",
    "memory": "Memory",
}
"""Row -> the title of its section, in the order of the report."""

SKIPPED = "Skipped:"

_HEAD = """\
# Benchmarks

What `python tests/benchmarks` measured, in ratios to the peers that ran in the same minutes wherever there is one. A
run of some rows (`python tests/benchmarks dense peak`) replaces their sections and keeps the others; each section says
when, where and of what revision it is.
"""
_MARK = re.compile(r"^<!-- row: (\w+) -->\n", re.MULTILINE)
_TOP = re.compile(r"## (?P<title>.+)\n\n(?P<verdict>.+?) · (?P<when>.+?) · ")
_VERSIONS = ("torch", "torchvision", "numpy")
_OF_NOTE = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "neon", "asimd", "bf16")


@dataclass
class Section:
    """What was measured for a row. body: Markdown. met: whether each bar was. versions: of peers, in words."""

    body: str
    met: list[bool] = field(default_factory=list)
    versions: str = ""

    @property
    def verdict(self) -> str:
        if not self.met:
            return "not measured"
        return "**met**" if all(self.met) else f"**{sum(self.met)} of {len(self.met)} met**"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers with three digits that count."""
    lines = [columns, ["---"] * len(columns), *([cell(each) for each in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "**no**"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def written(section: Section, row: str, command: str) -> str:
    """The section as text, with what it was measured on."""
    when = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    of = ", ".join(filter(None, [machine(), versions(), section.versions]))
    top = f"<!-- row: {row} -->\n## {TITLES[row]}\n\n{section.verdict} · {when} · {revision()} · `{command}`  \n{of}"
    return f"{top}\n\n{section.body.strip()}\n"


def merged(before: str, new: Mapping[str, str]) -> str:
    """The report `before` with the sections `new`, by row, in their places; all others as they were.

    What was skipped takes no section's place: another machine may have measured it.
    """
    sections = sections_of(before)
    for row, text in new.items():
        if row not in sections or SKIPPED not in text:
            sections[row] = text
    ordered = [sections[row] for row in TITLES if row in sections]
    return "\n".join([_HEAD, _summary(ordered), *ordered])


def sections_of(report: str) -> dict[str, str]:
    """Row -> its section, mark and all."""
    _, *parts = _MARK.split(report)
    return {
        row: f"<!-- row: {row} -->\n{text.strip()}\n"
        for row, text in zip(parts[::2], parts[1::2], strict=True)
    }


def _summary(sections: Iterable[str]) -> str:
    tops = filter(None, (_TOP.search(section) for section in sections))
    return table(["what", "bars", "measured"], [top.group("title", "verdict", "when") for top in tops]) + "\n"


def machine() -> str:
    """The processor, how many cores of it, what it has for numbers, and the memory."""
    told = _cpu_info()
    flags = told.get("flags", told.get("Features", "")).split()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = told.get("model name") or platform.processor() or platform.machine()
    words = [f"{name}, {cores} cores", *(flag for flag in _OF_NOTE if flag in flags), _memory()]
    return ", ".join(filter(None, words))


def versions() -> str:
    own = [f"{name} {metadata.version(name)}" for name in _VERSIONS]
    return ", ".join(
        [f"{platform.system()} {platform.release()}", f"Python {platform.python_version()}", *own]
    )


def revision() -> str:
    """Of the checkout, and whether it has changes that are in no revision."""
    folder = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/aedesk")
        return git("rev-parse", "--short", "HEAD") + (" with changes" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "no revision"


def _cpu_info() -> dict[str, str]:
    """What Linux says of the first core; elsewhere nothing."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text(encoding="utf-8").split("\n\n")[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def _memory() -> str:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return ""
    return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"
