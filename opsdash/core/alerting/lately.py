"""What was worked out lately, found again by the very objects that it came from."""

from __future__ import annotations

from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Lately(Generic[Kept]):
    """Keeps the last few results; a source is the same when each of its parts is the same object.

    Safe between threads: what is kept is replaced whole. Sources are held, so that no other object gets their identity.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: tuple[tuple[tuple[object, ...], object, Kept], ...] = ()

    def of(self, source: tuple[object, ...], also: object = None) -> Kept | None:
        """What was kept for these objects, and for a value that equals `also`; None where nothing was."""
        for parts, beside, kept in self._kept:
            same = len(parts) == len(source) and all(a is b for a, b in zip(parts, source, strict=True))
            if same and beside == also:
                return kept
        return None

    def keep(self, source: tuple[object, ...], result: Kept, also: object = None) -> Kept:
        """Keeps the result, forgets the oldest; gives it back."""
        self._kept = ((source, also, result), *self._kept[: self._most - 1])
        return result

    def latest(self) -> Kept | None:
        """What was kept last, whatever it came from."""
        return self._kept[0][2] if self._kept else None
