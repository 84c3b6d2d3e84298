"""What can go wrong with a source or a configuration, cut by what the caller can do about it."""

from __future__ import annotations


class OpsdashError(Exception):
    """The root: its text is one clean line for a person, in the words of `docs/`, never an exception name."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Retryable(OpsdashError):
    """Asking again later makes sense: the source is down, slow, busy, or answered rubbish."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        """Seconds the server asked us to wait (Retry-After), or None where it did not say."""


class SourceUnavailable(Retryable):
    """The source cannot be reached or did not answer: what fails for one query fails for all of them."""


class SourceBusy(Retryable):
    """The source answered 429 or 503: every query of that source waits."""


class QueryTimedOut(Retryable):
    """This query did not come back before its deadline; others may."""


class AnswerUnusable(Retryable):
    """The answer came but is not what the protocol promises: HTML, half of a JSON, wrong types."""


class NeedsFixing(OpsdashError):
    """Asking again will not help until a person changes something."""


class QueryRejected(NeedsFixing):
    """The source understood the question and refuses it (400, 404, 422), in its own words."""


class AccessDenied(NeedsFixing):
    """401 or 403: the credentials are missing, wrong or not enough."""


class InsecureConnection(NeedsFixing):
    """The TLS check failed, or the server redirects somewhere it should not."""


class AnswerTooLarge(NeedsFixing):
    """The answer is over the size limit and nothing of it could be kept."""


class SecretMissing(NeedsFixing):
    """A secret reference does not resolve: the variable, file or command gives nothing."""


class ConfigInvalid(NeedsFixing):
    """The configuration cannot be used; `message` names the first problem."""


class StoreUnavailable(Retryable):
    """The store is locked, full, gone or slow: asked again later; nothing was changed as far as is known."""


class StoreUnusable(NeedsFixing):
    """The store is damaged, of a newer version, or ours to read only: a person has to look. It is not written to."""


class Overtaken(OpsdashError):
    """Somebody else changed the same document first; `kind` and `key` say which."""

    def __init__(self, message: str, *, kind: str, key: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.key = key


class LeaseLost(OpsdashError):
    """Another process leads now: what only the leader may write is refused."""


class Refused(NeedsFixing):
    """What an operator asked for cannot be done, or not like this; the text says what would do."""
