"""Where the screen writes a panel to: a new file beside where opsdash was started, never over one that is there."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from opsdash.core.text import clean

_LONGEST = 80


def save_in(folder: Path, suggested: str, content: str) -> str:
    """Writes the content and gives the path. Raises OSError.

    Only letters, digits, `.`, `_` and `-` are left of the suggested name; a name that is taken gets `-2`, `-3`, …
    The file's mode is what the umask says: it is meant to be handed to others.
    """
    stem, suffix = _split(suggested)
    for number in count(1):
        path = folder / f"{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        try:
            with path.open("x", encoding="utf-8", errors="replace") as file:
                file.write(content)
        except FileExistsError:
            continue
        except OSError:
            _remove_half(path)
            raise
        return str(path)
    raise AssertionError  # `count` does not end


def _split(suggested: str) -> tuple[str, str]:
    name, dot, suffix = suggested.rpartition(".")
    if not dot:
        name, suffix = suffix, ""
    return _plain(name) or "panel", f".{_plain(suffix)[:8]}" if suffix else ""


def _plain(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", clean(text)).strip("-._")[:_LONGEST].rstrip("-._")


def _remove_half(path: Path) -> None:
    """Half a file says less than none."""
    if path.exists() and path.stat().st_size == 0:
        path.unlink()
