"""Messages inside the app, in the past tense."""

from __future__ import annotations

from textual.message import Message

from opsdash.core.view.snapshot import Snapshot


class SnapshotArrived(Message, bubble=False):
    """The engine has a newer picture; an older one that still waits is of no interest."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        """A burst of snapshots costs one redraw."""
        return isinstance(message, SnapshotArrived)
