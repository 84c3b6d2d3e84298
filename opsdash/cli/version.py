"""`opsdash version`."""

from __future__ import annotations

import argparse
import os
import sys

from opsdash.cli.exit_codes import ExitCode

VERSION = "0.1.0"
"""The version of this tree; a test holds it against pyproject.toml, since reading package metadata costs 30 ms."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(_args: argparse.Namespace) -> int:
    """Prints one line: the version, and what runs it."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    host = os.uname()
    print(f"opsdash {VERSION} (Python {python}, {host.sysname} {host.machine})")
    return ExitCode.OK
