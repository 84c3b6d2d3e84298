"""`opsdash rules import`: Prometheus rule files and PrometheusRule manifests as `alerts:` of a configuration."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from opsdash.cli.exit_codes import ExitCode
from opsdash.config.rules_import import Imported, import_rules
from opsdash.config.written import written
from opsdash.core.text import clean

_HEAD = """\
# Rules of {files}, imported by `opsdash rules import`. Put this file into the folder of a configuration that has
# the source {source}.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash rules import` takes."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="rule files, or manifests of kind PrometheusRule")
    parser.add_argument("-o", "--output", metavar="OUT", help="where the YAML goes; default stdout")
    parser.add_argument("--source", default="prom", metavar="NAME", help="the source that is asked; default prom")
    parser.add_argument("--strict", action="store_true", help="1 and no output where something is not carried over")
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def run(args: argparse.Namespace) -> int:
    """0; 1 with --strict where something was not carried over; 78 where a file cannot be read. Raises OSError."""
    imported = import_rules([Path(name) for name in args.files], args.source)
    code = _verdict(imported, strict=args.strict)
    text = as_yaml(imported, args.files, args.source) if code is ExitCode.OK else None
    if text is not None and args.output:
        Path(args.output).write_text(text, encoding="utf-8")
    if args.json:
        print(json.dumps(_as_json(imported, code, args.output, text), indent=2, ensure_ascii=False))
        return code
    for problem in imported.problems:
        print(problem, file=sys.stderr)
    if text is not None and not args.output:
        print(text, end="")
    print(_summary(imported), file=sys.stderr)
    return code


def _verdict(imported: Imported, *, strict: bool) -> ExitCode:
    if not imported.is_usable:
        return ExitCode.CONFIG
    return ExitCode.WARNING if strict and imported.problems else ExitCode.OK


def as_yaml(imported: Imported, files: list[str], source: str) -> str:
    """The whole file that is written."""
    head = _HEAD.format(files=", ".join(clean(Path(file).name) for file in files), source=clean(source))
    return head + written({"alerts": {"groups": list(imported.groups)}})


def _summary(imported: Imported) -> str:
    if not imported.is_usable:
        return "nothing is imported"
    groups, rules, missed = len(imported.groups), imported.rules, len(imported.problems)
    return f"{_count(rules, 'rule')} in {_count(groups, 'group')}; {_count(missed, 'thing')} not carried over as it was"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _as_json(imported: Imported, code: ExitCode, output: str | None, text: str | None) -> dict[str, object]:
    return {
        "ok": code is ExitCode.OK,
        "written": output if text is not None else None,
        "groups": len(imported.groups),
        "rules": imported.rules,
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "key": problem.key,
                "severity": problem.severity,
                "message": problem.message,
            }
            for problem in imported.problems
        ],
        "yaml": text if output is None else None,
    }
