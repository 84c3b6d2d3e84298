"""Whether a dashboard can be drawn here, asked before anything is imported for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping


def refusal(env: Mapping[str, str], *, input_is_terminal: bool, output_is_terminal: bool) -> str | None:
    """Why no dashboard can be drawn here and what to do instead; None when it can."""
    if not output_is_terminal:
        return "the dashboard needs a terminal and the output is not one; for a file or a pipe: opsdash once CONFIG"
    if not input_is_terminal:
        return "the dashboard reads keys from a terminal and the input is not one; in scripts: opsdash once CONFIG"
    term = env.get("TERM", "")
    if not term:
        return "TERM is not set, so nothing is known of this terminal; try: TERM=xterm-256color opsdash …"
    if term == "dumb":
        return "TERM=dumb is a terminal that cannot be drawn on; set TERM to what it is, or use: opsdash once CONFIG"
    return None


def locale_is_utf8(env: Mapping[str, str], *, python_coerced: bool) -> bool:
    """Whether the terminal's user works in UTF-8, by the rule of tmux and mosh: LC_ALL, LC_CTYPE, LANG, the first set.

    `python_coerced`: Python found the C locale at its start and may have set LC_CTYPE itself, which then says nothing.
    """
    locale = env.get("LC_ALL") or ("" if python_coerced else env.get("LC_CTYPE")) or env.get("LANG") or ""
    return "utf8" in locale.lower().replace("-", "")


def python_coerced_locale() -> bool:
    """Whether Python started in the C locale, where it sets LC_CTYPE for itself."""
    return sys.flags.utf8_mode == 1 and os.environ.get("LC_CTYPE", "").upper() in {"C.UTF-8", "C.UTF8", "UTF-8"}
