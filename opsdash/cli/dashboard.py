"""`opsdash [CONFIG]`: the dashboard on this terminal.

Nothing heavy is imported at the top: a process beside this one reads the configuration from the first moment on, while
this one imports numpy, the engine and what a session needs.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from opsdash.cli.arguments import add_dashboard_arguments
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.reading import ForkedReading
from opsdash.cli.refusal import locale_is_utf8, python_coerced_locale, refusal
from opsdash.cli.resources import find_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsdash.ports import Clock, Drills

add_arguments = add_dashboard_arguments


def run(args: argparse.Namespace) -> int:
    """Draws until the operator leaves; the exit code."""
    if not can_draw():
        return ExitCode.USAGE
    return draw(find_config(args.config, os.environ, Path.cwd()), args)


def can_draw() -> bool:
    """Whether there is a terminal to draw on; says why not."""
    why_not = refusal(os.environ, input_is_terminal=os.isatty(0), output_is_terminal=os.isatty(1))
    if why_not is not None:
        print(f"opsdash: {why_not}", file=sys.stderr)
    return why_not is None


def draw(
    path: Path,
    args: argparse.Namespace,
    clock: Clock | None = None,
    drills: Callable[[], Drills] | None = None,
) -> int:
    """Draws this configuration until the operator leaves; the exit code.

    `clock`: where it is not this host's. `drills`: makes what incidents are played on, where they can be.
    """
    gc.disable()
    utf8 = not args.ascii and (args.unicode or locale_is_utf8(os.environ, python_coerced=python_coerced_locale()))
    reading = ForkedReading(path, os.environ)
    from opsdash.cli.session import Choices, run_session  # noqa: PLC0415 - 0.2 s, while the child reads

    return run_session(path, reading, Choices(args=args, utf8=utf8, clock=clock, drills=drills))
