"""A disk that outlives the engines of a test."""

from __future__ import annotations

from opsdash.core.documents import Commit
from opsdash.core.errors import StoreUnavailable


class Disk:
    """What all spools of a host have in common."""

    def __init__(self) -> None:
        self.commits: dict[str, Commit] = {}
        self.is_full = False


class MemorySpool:
    """`opsdash.ports.Spool` on such a disk. What was there when it was made counts as left."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._found = tuple(disk.commits.values())

    async def keep(self, commit: Commit) -> None:
        if self._disk.is_full:
            raise StoreUnavailable("the disk is full")
        self._disk.commits[commit.id] = commit

    async def drop(self, commit_id: str) -> None:
        self._disk.commits.pop(commit_id, None)

    async def left(self) -> tuple[Commit, ...]:
        found, self._found = self._found, ()
        return found

    async def aclose(self) -> None:
        pass
