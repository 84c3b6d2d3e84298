"""What a person is told when a command ends in an error, and with which code it ends."""

from __future__ import annotations

import errno
import os

from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.logs import emergency_log
from opsdash.cli.memory import OUT_OF_MEMORY, is_out_of_memory
from opsdash.core.errors import ConfigInvalid, OpsdashError, SecretMissing
from opsdash.core.text import clean

OUTPUT_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""What writing the result to stdout can fail with."""


def explain(error: Exception) -> tuple[ExitCode, str]:
    """The exit code, and the text for stderr."""
    if is_out_of_memory(error):
        return ExitCode.INTERNAL, OUT_OF_MEMORY.decode().rstrip()
    match _first(error):
        case (ConfigInvalid() | SecretMissing()) as wrong:
            return ExitCode.CONFIG, f"opsdash: {_lines(wrong.message)}"
        case OpsdashError() as known:
            return ExitCode.UNKNOWN, f"opsdash: {_lines(known.message)}"
        case OSError() as failed if failed.filename:
            return ExitCode.OUTPUT, f"opsdash: {clean(os.fsdecode(failed.filename))}: {_reason(failed)}"
        case OSError() as failed if failed.errno in OUTPUT_ERRNOS:
            return ExitCode.OUTPUT, f"opsdash: the result could not be written: {_reason(failed)}"
        case other:
            return ExitCode.INTERNAL, own_fault(other)


def own_fault(error: BaseException) -> str:
    """Logs the traceback and says where it is."""
    where = emergency_log(error)
    if where is None:
        return "opsdash: stopped by a fault of its own, and no log could be written; run again with --log-file FILE"
    return f"opsdash: stopped by a fault of its own; the traceback is in {where}"


def _first(error: Exception) -> Exception:
    """The error to tell; of several that happened at once, a bug before what a person can mend."""
    leaves = _leaves(error)
    bugs = [leaf for leaf in leaves if not isinstance(leaf, (OpsdashError, OSError))]
    return (bugs or leaves)[0]


def _leaves(error: Exception) -> list[Exception]:
    if not isinstance(error, ExceptionGroup):
        return [error]
    return [leaf for part in error.exceptions for leaf in _leaves(part)]


def _lines(text: str) -> str:
    return "\n".join(clean(line) for line in text.split("\n"))


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
