"""What goes wrong with a PostgreSQL, in words for a person, cut by whether asking again can help."""

from __future__ import annotations

import ssl

from opsdash.adapters.stores.postgres_address import NO_ADDRESS
from opsdash.core.errors import OpsdashError, StoreUnavailable, StoreUnusable
from opsdash.core.text import clean

_LATER = {
    "53100": "cannot be written: its disk is full",
    "53200": "has no memory left",
    "53300": "takes no more connections",
    "25006": "is a standby that only reads",
    "57P01": "is being shut down",
    "57P02": "is being shut down",
    "57P03": "is starting up",
    "55P03": "is locked by another program for more than {deadline_s:g} s",
    "57014": "did not finish in {deadline_s:g} s",
    "25P03": "did not hear from us in {deadline_s:g} s",
    "25P04": "did not finish in {deadline_s:g} s",
    "40001": "had two changes at once",
    "40P01": "had two changes at once",
}
_FIRST_FIX = {
    "28000": "lets this user not in: {words}",
    "28P01": "refuses the password",
    "3D000": "has no such database: {words}",
    "42501": "does not give this user the rights: {words}",
    "42P01": "is not as opsdash made it: {words}; it is left as it is",
    "42703": "is not as opsdash made it: {words}; it is left as it is",
    "3F000": "is not as opsdash made it: {words}; it is left as it is",
    "XX001": "is damaged; it is left as it is: restore it",
    "XX002": "is damaged; it is left as it is: restore it",
}
_LATER_CLASSES = ("08", "53", "57", "58", "40")
"""The connection, resources, an operator of the server, its system, two at once."""


def told(error: Exception, where: str, deadline_s: float) -> OpsdashError:
    """`where` is the address without secrets. The server's own words are quoted; ours about the address never."""
    if isinstance(error, OpsdashError):
        return error
    state = str(getattr(error, "sqlstate", None) or "")
    words = clean(str(error).partition("\n")[0], longest=160)
    if state in _LATER:
        return StoreUnavailable(f"{where} {_LATER[state].format(deadline_s=deadline_s)}")
    if state in _FIRST_FIX:
        return StoreUnusable(f"{where} {_FIRST_FIX[state].format(words=words)}")
    if state[:2] in _LATER_CLASSES:
        return StoreUnavailable(f"{where} failed: {words}")
    if state:
        return StoreUnusable(f"{where} refused what it was asked: {words} ({clean(state, longest=5)})")
    return _told_without_state(error, where, deadline_s)


def _told_without_state(error: Exception, where: str, deadline_s: float) -> OpsdashError:
    match error:
        case ssl.SSLCertVerificationError():
            refused = clean(error.verify_message, longest=100)
            found: OpsdashError = StoreUnusable(f"{where}: its certificate was refused: {refused}")
        case TimeoutError():
            found = StoreUnavailable(f"{where} did not answer within {deadline_s:g} s")
        case ConnectionRefusedError() | FileNotFoundError():
            found = StoreUnavailable(f"{where} refused the connection")
        case OSError():
            why = clean(error.strerror or "no connection", longest=100)
            found = StoreUnavailable(f"{where} cannot be reached: {why}")
        case _ if type(error).__name__ == "TargetServerAttributeNotMatched":
            found = StoreUnavailable(f"{where} is a standby that only reads")
        case _ if type(error).__name__ == "ClientConfigurationError":
            found = StoreUnusable(NO_ADDRESS)
        case _:
            found = StoreUnavailable(f"{where} broke the connection")
    return found
