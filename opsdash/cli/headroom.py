"""How much memory the control group still has for us, and a limit of our own just below it.

Over the limit of its control group (a container, a systemd unit, a user's slice) the kernel kills a process without a
word, and the terminal stays as it was. Over a limit of its own it is told, and can do without one panel.
"""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator
from pathlib import Path

MARGIN_BYTES = 8 << 20
"""For what is not our data: sockets, page tables, code that is read again."""
PLENTY_BYTES = 1 << 30
"""More than can be used up: then nothing is limited."""

_LIMITS = (("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes"))
"""Limit and use, in the second and in the first version of control groups."""
_CACHE = re.compile(r"^(?:total_)?inactive_file (\d+)$", re.MULTILINE)
"""What the kernel takes back before it kills."""


def stay_within_group(proc: Path = Path("/proc/self"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Limits our data to what our control group has room for; the limit in bytes, None where there is none to set."""
    room, data = room_of(proc, groups), _data_of(proc)
    if room is None or data is None or room > PLENTY_BYTES:
        return None
    limit = max(data + room - MARGIN_BYTES, data)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft != resource.RLIM_INFINITY and soft <= limit:
        return None
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    return limit


def room_of(proc: Path, groups: Path) -> int | None:
    """Bytes that our control groups still have, the tightest of them; None where none of them says."""
    rooms = [room for folder in _folders(proc, groups) if (room := _room_in(folder)) is not None]
    return min(rooms, default=None)


def _folders(proc: Path, groups: Path) -> Iterator[Path]:
    """Of our group and of those that it is in; inside a container the innermost is the root."""
    for line in _text(proc / "cgroup").splitlines():
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if number == "0":
            roots = [groups, groups / "unified"]
        elif "memory" in controllers.split(","):
            roots = [groups / "memory", groups / controllers]
        else:
            continue
        parts = [part for part in path.split("/") if part not in {"", ".."}]
        for root in roots:
            yield from (root.joinpath(*parts[:count]) for count in range(len(parts), -1, -1))


def _room_in(folder: Path) -> int | None:
    for limit_name, use_name in _LIMITS:
        limit, use = _text(folder / limit_name).strip(), _text(folder / use_name).strip()
        if limit.isdecimal() and use.isdecimal():
            cache = _CACHE.findall(_text(folder / "memory.stat"))
            return max(int(limit) - int(use) + (int(cache[-1]) if cache else 0), 0)
    return None


def _data_of(proc: Path) -> int | None:
    found = re.search(r"^VmData:\s+(\d+) kB", _text(proc / "status"), re.MULTILINE)
    return int(found[1]) << 10 if found else None


def _text(path: Path) -> str:
    """What it says; nothing where it cannot be read."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
