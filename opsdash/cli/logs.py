"""The log file: rotated, readable by its owner only, one clean line an event; never a line on the running screen."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from opsdash.cli.resources import log_file
from opsdash.core.text import clean

MAX_BYTES = 1_000_000
KEPT = 5
NO_LOG = "-"
"""What `--log-file` is given for no log at all."""

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class CleanFormatter(logging.Formatter):
    """One clean line a record: hostile text cannot start a line of its own, nor act on the terminal that shows it."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's
        """ISO 8601 in UTC, with milliseconds."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback follows it, indented, so that every line without indent is an event."""
        carried, record.exc_info = record.exc_info, None
        trace, record.exc_text = "", None
        try:
            line = clean(super().format(record).replace("\n", " ␊ "))
        finally:
            record.exc_info = carried
        if carried and carried[1] is not None:
            trace = "".join(traceback.format_exception(carried[1]))
        return "\n".join((line, *(f"    {clean(part)}" for part in trace.splitlines())))


class PrivateRotatingFile(RotatingFileHandler):
    """A log of 5 × 1 MB with mode 0600. A record that cannot be written is counted and never printed."""

    def __init__(self, path: Path) -> None:
        self.lost = 0
        """Records that could not be written: the disk is full, or the file became unwritable."""
        super().__init__(path, maxBytes=MAX_BYTES, backupCount=KEPT, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        _keep_private(descriptor)
        raw = open(descriptor, "ab", buffering=0)  # noqa: SIM115 - the handler closes it
        return TextIOWrapper(raw, encoding="utf-8", errors="replace", write_through=True)

    def emit(self, record: logging.LogRecord) -> None:
        """Writes it where the log is now: another opsdash, or logrotate, may have moved the file away."""
        try:
            if self._was_moved():
                self.close()
                self.stream = self._open()
        except OSError:
            self.lost += 1
            return
        super().emit(record)

    def _was_moved(self) -> bool:
        if self.stream is None:
            return False
        try:
            there = os.stat(self.baseFilename)
        except FileNotFoundError:
            return True
        mine = os.fstat(self.stream.fileno())
        return (there.st_dev, there.st_ino) != (mine.st_dev, mine.st_ino)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's
        """Counts what is lost; the screen is not its place."""
        self.lost += 1


def _keep_private(descriptor: int) -> None:
    """Takes away what others may do with a file that was there before; one that is another's, or no file, stays."""
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, 0o600)


def open_log(given: str | None, level: str, env: Mapping[str, str]) -> str | None:
    """Sends everything that is logged to the file; why that is impossible, as one line, or None.

    Without a log opsdash runs on: what it would have logged is dropped.
    """
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    logging.raiseExceptions = False
    root.setLevel(level.upper())
    root.addHandler(logging.NullHandler())
    for chatty in ("httpx", "httpcore", "elastic_transport", "asyncio", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    if given == NO_LOG:
        return None
    path = Path(given) if given else log_file(env)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = PrivateRotatingFile(path)
    except OSError as error:
        return f"no log: {clean(str(path))}: {(error.strerror or 'unknown reason').lower()}; going on without"
    handler.setFormatter(CleanFormatter())
    root.addHandler(handler)
    return _try(handler, path)


def _try(handler: PrivateRotatingFile, path: Path) -> str | None:
    """Writes the first line, which is when a full disk shows."""
    handler.handle(logging.LogRecord("opsdash", logging.INFO, "", 0, "started, pid %d", (os.getpid(),), None))
    if handler.lost:
        return f"no log: {clean(str(path))} cannot be written (disk full?); going on, and trying again at each line"
    return None


def log_what_nobody_catches() -> None:
    """Errors of threads and of objects that go away are logged; Python would write them across the screen."""

    def in_thread(failed: threading.ExceptHookArgs) -> None:
        _log_quietly("a thread ended in an error", failed.exc_value)

    def unraisable(failed: sys.UnraisableHookArgs) -> None:
        _log_quietly("an error that could not be raised", failed.exc_value)

    threading.excepthook = in_thread
    sys.unraisablehook = unraisable


def _log_quietly(what: str, error: BaseException | None) -> None:
    """Without memory for it, nothing: an error here would be printed by Python itself."""
    try:
        if error is not None:
            logging.getLogger(__name__).error(what, exc_info=error)
    except MemoryError:
        return


def emergency_log(error: BaseException) -> Path | None:
    """Writes the traceback to the open log, or to the default one, or to a temporary file; None when nothing can be."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrivateRotatingFile) and _write(handler, error):
            return Path(handler.baseFilename)
    for place in (_usual, _temporary):
        try:
            path = place()
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handler = PrivateRotatingFile(path)
        except OSError:
            continue
        handler.setFormatter(CleanFormatter())
        written = _write(handler, error)
        handler.close()
        if written:
            return path
    return None


def _command_line(argv: Sequence[str]) -> str:
    """The words as they were typed; the values of `--var`, which may be anybody's, are left out."""
    words: list[str] = []
    for word in argv:
        option, equals, pair = word.partition("=")
        if words and words[-1] == "--var":
            words.append(_without_value(word))
        elif equals and option == "--var":
            words.append(f"{option}={_without_value(pair)}")
        else:
            words.append(word)
    return " ".join(words)


def _without_value(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}=…" if equals else "…"


def _usual() -> Path:
    return log_file(os.environ)


def _temporary() -> Path:
    import tempfile  # noqa: PLC0415 - 10 ms, and only after a crash that the usual log could not take

    descriptor, path = tempfile.mkstemp(prefix="opsdash-", suffix=".log")
    os.close(descriptor)
    return Path(path)


def _write(handler: PrivateRotatingFile, error: BaseException) -> bool:
    before = handler.lost
    details = (type(error), error, error.__traceback__)
    handler.handle(
        logging.LogRecord(
            "opsdash", logging.CRITICAL, "", 0, "a fault of its own: %s", (_command_line(sys.argv),), details
        )
    )
    return handler.lost == before
