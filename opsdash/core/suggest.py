"""Did you mean: the known word that a mistyped one is closest to."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 64
_MOST = 5_000


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is a few slips away from `word`; None where nothing is near.

    A slip is a letter missing, added, changed or swapped with its neighbour; one is allowed for three letters.
    Case and the choice between `-`, `_` and space are not slips.
    """
    if not word or len(word) > _LONGEST:
        return None
    wanted = _folded(word)
    best: tuple[int, int, str] | None = None
    for order, candidate in enumerate(known):
        if order >= _MOST:
            break
        near = _nearness(wanted, _folded(candidate))
        if near is not None and (best is None or (near, order) < best[:2]):
            best = (near, order, candidate)
    return None if best is None else best[2]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?`, or nothing: to put after a message."""
    found = closest(word, known)
    return f"; did you mean {found}?" if found is not None else ""


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")


def _nearness(wanted: str, candidate: str) -> int | None:
    allowed = max(1, (min(len(wanted), len(candidate)) + 1) // 3)
    if abs(len(wanted) - len(candidate)) > allowed:
        whole = min(wanted, candidate, key=len)
        longer = max(wanted, candidate, key=len)
        return allowed + 1 if len(whole) >= 4 and longer.startswith(whole) else None
    slips = _distance(wanted, candidate)
    return slips if slips <= allowed else None


def _distance(one: str, other: str) -> int:
    """Slips between two words (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, match in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != match))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == match:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
