"""What the exit status of opsdash means; scripts and checks rely on these numbers."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """0–3 are the monitoring-plugin convention, 64–78 those of `sysexits.h`, 128 + n a signal."""

    OK = 0
    WARNING = 1
    """`once`: a warning fires. `check`: never; a problem there is `CONFIG`."""
    CRITICAL = 2
    """`once`: a critical alert fires."""
    UNKNOWN = 3
    """`once`, `query`: a source failed or a panel has no data to judge."""
    USAGE = 64
    """The command line is wrong, or there is no terminal to draw on."""
    INTERNAL = 70
    """A fault of opsdash itself; the log has the traceback."""
    OUTPUT = 74
    """The result could not be written: full disk, closed output."""
    CONFIG = 78
    """The configuration is wrong or is not there."""
    HANGUP = 129
    """The terminal went away."""
    INTERRUPTED = 130
    """Ctrl-C."""
    READER_LEFT = 141
    """Whoever read the output closed it (`opsdash schema | head`); nothing is said."""
    TERMINATED = 143
    """SIGTERM."""
