"""Who sits here: the user of the operating system. Never what a variable of the environment says.

Rights go by the effective user, and so does ownership. Where somebody became another user (sudo, su), the history has
both: the kernel keeps the user who logged in (`/proc/self/loginuid`), which cannot be changed later; where it does not,
SUDO_UID is believed of a process that is root's already, which could write anything anyhow.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NOBODY_LOGGED_IN = 2**32 - 1
_LOGIN_UID = Path("/proc/self/loginuid")
_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who acts, and who logged in to do so."""

    name: str
    """The effective user."""
    login: str
    """Who logged in; the same unless somebody became another user."""

    @property
    def is_another(self) -> bool:
        """Whether somebody acts as another user."""
        return self.login != self.name


def this_operator(env: Mapping[str, str], login_uid: Path = _LOGIN_UID) -> Operator:
    """The operator of this process."""
    effective = os.geteuid()
    login = _logged_in(login_uid)
    if login is None:
        login = _sudo_uid(env) if effective == 0 else None
    if login is None:
        login = os.getuid()
    return Operator(name=user_name(effective), login=user_name(login))


def user_name(uid: int) -> str:
    """The name of a user; `uid1234` where the system has none for the number, as in a container."""
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return f"uid{uid}"


def is_user(name: str) -> bool:
    """Whether the system has a user of this name, wherever it keeps them (files, LDAP, …)."""
    try:
        pwd.getpwnam(name)
    except (KeyError, ValueError, UnicodeError):
        return False
    return True


def _logged_in(path: Path) -> int | None:
    try:
        uid = int(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
    return None if uid == _NOBODY_LOGGED_IN else uid


def _sudo_uid(env: Mapping[str, str]) -> int | None:
    text = env.get("SUDO_UID", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
