"""Whether there is memory to go on reading a large answer.

Where the process has a limit, a flood must not take the last of it: Python's interpreter, which then gets none for a
call or a generator, may end in a segmentation fault instead of a MemoryError, and nobody gives the terminal back.
"""

from __future__ import annotations

import resource
from pathlib import Path

SMALL_BYTES = 1 << 20
"""Answers up to this size are always read."""
RESERVED_BYTES = 20 << 20
"""For the rest of the program, and for the copies that reading makes between two looks."""
_PAGE = resource.getpagesize()
_STATM = Path("/proc/self/statm")


def demand_room(limit: int | None = None, statm: Path = _STATM) -> None:
    """Raises MemoryError where less than the reserve is left of the limit of our data; without a limit, nothing."""
    limit = resource.getrlimit(resource.RLIMIT_DATA)[0] if limit is None else limit
    if limit == resource.RLIM_INFINITY:
        return
    try:
        used = int(statm.read_bytes().split()[5]) * _PAGE
    except (OSError, IndexError, ValueError):
        return  # no such file on this system: the allocation itself will tell
    if limit - used < RESERVED_BYTES:
        raise MemoryError("too little is left to read a large answer")
