"""The grammar of the command line: which commands there are, and the parser of each.

A command is a module of `opsdash.cli` with `add_arguments(parser)` and `run(args) -> int`. Nothing is imported
before it is known which one is wanted: `opsdash version` and `--help` answer in the blink of an eye, also over SSH.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from opsdash.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class CommandModule(Protocol):
    """What a module of a command offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares its options and positionals."""

    def run(self, args: argparse.Namespace) -> int:
        """Does it; the exit code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One sub-command."""

    name: str
    summary: str
    module: str

    def load(self) -> CommandModule:
        """Imports it, which is where the time goes."""
        return cast("CommandModule", import_module(self.module))


COMMANDS = {
    command.name: command
    for command in (
        Command(name="demo", summary="a simulated system and a dashboard on it", module="opsdash.cli.demo"),
        Command(name="check", summary="every problem of a configuration at once", module="opsdash.cli.check"),
        Command(name="once", summary="one refresh of everything, printed", module="opsdash.cli.once"),
        Command(name="query", summary="ask one source one question", module="opsdash.cli.query"),
        Command(name="watch", summary="no screen: evaluates, notifies, records", module="opsdash.cli.watch"),
        Command(name="rules", summary="test rules, or try them on history", module="opsdash.cli.rules"),
        Command(name="alerts", summary="see and own alerts, also without a dashboard", module="opsdash.cli.alerts"),
        Command(name="audit", summary="who did what, and the proof of it", module="opsdash.cli.audit"),
        Command(name="schema", summary="JSON Schema of the configuration, for editors", module="opsdash.cli.schema"),
        Command(name="version", summary="the version, and what runs it", module="opsdash.cli.version"),
        Command(name="completion", summary="completion for bash, zsh or fish", module="opsdash.cli.completion"),
    )
}

PLANNED = (
    "actions", "import", "init", "record", "replay", "report", "serve",
)  # fmt: skip
"""Commands of the contract that a later version brings."""

_HELP_COMMANDS = "\n".join(f"  opsdash {command.name:<11} {command.summary}" for command in COMMANDS.values())

DASHBOARD = Command(name="", summary="the dashboard", module="opsdash.cli.dashboard")

EPILOG = f"""\
commands:
{_HELP_COMMANDS}

Each has its own --help. A configuration whose name is that of a command is opened as ./NAME.
Without CONFIG: $OPSDASH_CONFIG, ./opsdash.yaml, $XDG_CONFIG_HOME/opsdash/opsdash.yaml, /etc/opsdash/opsdash.yaml.
"""


class Parser(argparse.ArgumentParser):
    """argparse with the exit code of `sysexits.h` and one line instead of a page of usage."""

    def __init__(self, *, prog: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """argparse swallows a full disk here; `main` says it."""
        (file or sys.stderr).write(message)

    def error(self, message: str) -> NoReturn:
        """Says what is wrong on stderr and exits 64."""
        print(f"{self.prog}: {message}\nTry: {self.prog} --help", file=sys.stderr)
        sys.exit(ExitCode.USAGE)


def dashboard_parser() -> Parser:
    """The parser of `opsdash [CONFIG]`; light: the dashboard itself is not imported."""
    parser = Parser(prog="opsdash", description="A live dashboard for the terminal.", epilog=EPILOG)
    add_dashboard_arguments(parser)
    return parser


def command_parser(command: Command) -> Parser:
    """The parser of one sub-command; imports its module."""
    parser = Parser(prog=f"opsdash {command.name}", description=command.summary[0].upper() + command.summary[1:] + ".")
    command.load().add_arguments(parser)
    return parser


def add_dashboard_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash [CONFIG]` takes."""
    add_config(parser)
    add_screen_arguments(parser)
    parser.add_argument("--version", action="store_true", help="the version, and what runs it")


def add_screen_arguments(parser: argparse.ArgumentParser) -> None:
    """What every command takes that shows the dashboard."""
    add_variables(parser)
    parser.add_argument("--theme", metavar="NAME", help="colours, instead of the configuration's")
    glyphs = parser.add_mutually_exclusive_group()
    glyphs.add_argument("--ascii", action="store_true", help="no braille, no box drawing: for plain fonts")
    glyphs.add_argument("--unicode", action="store_true", help="braille and box drawing, whatever the locale says")
    parser.add_argument("--log-file", metavar="FILE", help="where the log goes; `-` for none")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info", metavar="LEVEL",
                        help="debug, info, warning or error; default info")  # fmt: skip


def add_config(parser: argparse.ArgumentParser) -> None:
    """The CONFIG of a command, as the contract has it: the last positional."""
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="a file, or a folder of files")


def add_variables(parser: argparse.ArgumentParser) -> None:
    """`--var NAME=VALUE`, which may be given several times: several values of a name, several names."""
    parser.add_argument(
        "--var",
        action="append",
        default=[],
        type=variable,
        metavar="NAME=VALUE",
        help="sets a variable; again for a second value, $__all for all of them",
    )


def variable(text: str) -> tuple[str, str]:
    """`NAME=VALUE` as a pair; raises what argparse turns into a usage error."""
    name, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
