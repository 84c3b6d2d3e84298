"""The entry point: finds the command, runs it, and makes one line and an exit code of all that can go wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from opsdash.cli.arguments import COMMANDS, DASHBOARD, PLANNED, command_parser, dashboard_parser
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.memory import OUT_OF_MEMORY, is_out_of_memory


def main(argv: Sequence[str] | None = None) -> int:
    """Runs opsdash with these arguments (without the program's name); the exit code."""
    _open_standard_streams()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would start a thread a core for what is not used here
    return int(guarded(lambda: run(sys.argv[1:] if argv is None else list(argv))))


def run(argv: list[str]) -> int:
    """Parses and runs; lets every error through."""
    name = argv[0] if argv else ""
    if name in COMMANDS:
        command = COMMANDS[name]
        return _result(command.load().run(command_parser(command).parse_args(argv[1:])))
    if name in PLANNED:
        print(f"opsdash {name} is not there yet: see docs/roadmap.md", file=sys.stderr)
        return ExitCode.USAGE
    parser = dashboard_parser()
    args, rest = parser.parse_known_args(argv)
    _refuse_rest(parser, args, rest)
    if args.version:
        return _result(COMMANDS["version"].load().run(args))
    return DASHBOARD.load().run(args)


def _refuse_rest(parser: argparse.ArgumentParser, args: argparse.Namespace, rest: list[str]) -> None:
    """Says what is wrong with a command line that opens no dashboard."""
    if args.config in COMMANDS or args.config in PLANNED:
        parser.error(f"the command comes first: opsdash {args.config} …; for a file of that name: ./{args.config}")
    if rest:
        parser.error(f"not understood: {' '.join(rest)}")
    if args.config is not None and not {"/", "."} & set(args.config) and not os.path.lexists(args.config):
        _suggest_command(parser, args.config)


def _suggest_command(parser: argparse.ArgumentParser, word: str) -> None:
    from difflib import get_close_matches  # noqa: PLC0415 - 8 ms, for a mistyped command only

    if close := get_close_matches(word, [*COMMANDS, *PLANNED], n=1):
        parser.error(f"there is no command and no file {word!r}; did you mean opsdash {close[0]}?")


def guarded(work: Callable[[], int]) -> int:  # noqa: PLR0911 - one for each way to end
    """The exit code of `work`, whatever it raises; a person reads one line, the log has the rest."""
    try:
        return work()
    except SystemExit as leaving:
        return _flushed(leaving.code if isinstance(leaving.code, int) else ExitCode.OK)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except MemoryError:
        return _out_of_memory()
    except Exception as error:  # noqa: BLE001 - the last resort: nobody above would say it in one line
        if is_out_of_memory(error):
            return _out_of_memory()
        try:
            return _failed(error)
        except MemoryError:  # what says it has to be imported
            return _out_of_memory()


def _out_of_memory() -> int:
    """Says so with nothing that would need memory."""
    os.write(2, OUT_OF_MEMORY)
    return ExitCode.INTERNAL


def _result(code: int) -> int:
    """The code, once the result has really left: a full disk shows only when the last bytes are written."""
    sys.stdout.flush()
    return code


def _flushed(code: int) -> int:
    """The same for what argparse printed before it left."""
    return guarded(lambda: _result(code))


def _failed(error: Exception) -> int:
    from opsdash.cli.failures import OUTPUT_ERRNOS, explain  # noqa: PLC0415 - only when something failed

    code, text = explain(error)
    if isinstance(error, OSError) and error.errno in OUTPUT_ERRNOS:
        _silence_stdout()
    print(text, file=sys.stderr)
    return code


def _reader_left() -> int:
    """Whoever read our output has seen enough (`| head`): leave in silence, as every filter does."""
    _silence_stdout()
    return ExitCode.READER_LEFT


def _silence_stdout() -> None:
    """What is still buffered goes nowhere: the interpreter would try again at its end, and complain."""
    void = os.open(os.devnull, os.O_WRONLY)
    os.dup2(void, 1)
    os.close(void)


def _open_standard_streams() -> None:
    """Fills closed descriptors 0–2, so that no log file is ever opened as one of them and printed into.

    A closed stdout becomes a full one: writing to it fails with a message instead of vanishing.
    """
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
