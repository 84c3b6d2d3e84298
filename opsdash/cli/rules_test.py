"""`opsdash rules test`: unit tests of rules, in promtool's form."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from opsdash.cli.exit_codes import ExitCode
from opsdash.config.rule_tests import LoadedRuleTests, load_rule_tests
from opsdash.core.alerting.trial.failure import TrialWrong
from opsdash.core.alerting.trial.unit_tests import Mismatch, UnitTest, run_unit_test
from opsdash.core.duration import format_duration
from opsdash.core.text import clean

LONGEST_LINE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What came of one test."""

    name: str
    error: str | None
    """Why it could not be run."""
    mismatches: tuple[Mismatch, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether all was as expected."""
        return self.error is None and not self.mismatches


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedFile:
    """What came of one file."""

    file: str
    problems: tuple[str, ...]
    tests: tuple[Tested, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash rules test` takes."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="test files in promtool's form")
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Runs all tests of all files: 0 where they hold, 1 where one does not, 78 where a file cannot be used."""
    results = [tested_file(Path(name)) for name in args.files]
    if args.json:
        print(json.dumps({"files": [asdict(result) for result in results]}, indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(results)))
    if any(result.problems for result in results):
        return ExitCode.CONFIG
    return ExitCode.OK if all(test.holds for result in results for test in result.tests) else ExitCode.WARNING


def tested_file(path: Path) -> TestedFile:
    """Reads a file and runs its tests."""
    loaded = load_rule_tests(path)
    if not loaded.is_usable:
        problems = tuple(str(problem) for problem in loaded.problems if problem.severity == "error")
        return TestedFile(file=str(path), problems=problems, tests=())
    tests = tuple(_tested(test, place, loaded) for place, test in enumerate(loaded.tests))
    return TestedFile(file=str(path), problems=(), tests=tests)


def _tested(test: UnitTest, place: int, loaded: LoadedRuleTests) -> Tested:
    name = test.name or f"tests[{place}]"
    try:
        return Tested(
            name=name, error=None, mismatches=run_unit_test(test, loaded.groups, evaluation_s=loaded.evaluation_s)
        )
    except TrialWrong as wrong:
        return Tested(name=name, error=wrong.message)


def _lines(results: Sequence[TestedFile]) -> Iterator[str]:
    for result in results:
        yield from result.problems
        for test in result.tests:
            verdict = "ok  " if test.holds else "FAIL"
            yield f"{verdict}  {clean(result.file)}: {clean(test.name)}" + (
                f": {clean(test.error)}" if test.error else ""
            )
            for mismatch in test.mismatches:
                yield from _mismatch_lines(mismatch)


def _mismatch_lines(mismatch: Mismatch) -> Iterator[str]:
    yield f"      {clean(mismatch.what)} at {format_duration(mismatch.at_s)}"
    for title, lines in (("expected", mismatch.expected), ("got", mismatch.got)):
        yield from (f"        {title:<9} {clean(line, longest=LONGEST_LINE)}" for line in lines or ("nothing",))
