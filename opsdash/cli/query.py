"""`opsdash query`: one source is asked one question."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import Literal, TextIO, cast

from opsdash.cli.arguments import add_config, add_variables
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.once import with_variables
from opsdash.cli.resources import find_config
from opsdash.cli.usage import UsageWrong, take_minus_as_value
from opsdash.cli.version import VERSION
from opsdash.cli.wiring import Wiring
from opsdash.cli.zone import zone_of
from opsdash.core.duration import format_duration, parse_duration
from opsdash.core.instant import parse_instant
from opsdash.core.metrics.answers import Answer
from opsdash.core.metrics.fetching import aligned
from opsdash.core.metrics.labels import notation
from opsdash.core.metrics.queries import EsqlQuery, LogQuery, PromQuery, Query
from opsdash.core.sources import SourceSpec
from opsdash.core.state import initial
from opsdash.core.substitution.substitute import references, resolve_query
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean
from opsdash.core.variables import ALL, Binding
from opsdash.core.view.board import Board
from opsdash.core.view.export.answer_text import answer_text
from opsdash.core.view.export.csv import answer_csv
from opsdash.core.view.export.json_answer import answer_json
from opsdash.core.view.timerange import step_for
from opsdash.ports import LogSource, Source

FORMATS = ("text", "json", "csv")
ROWS = 200
"""Log rows that are asked for where nobody says how many."""
_MOST_ROWS = 10_000
_ESQL = re.compile(r"\s*(FROM|ROW|TS|SHOW|METRICS|PROMQL)\b", re.IGNORECASE)

Form = Literal["text", "json", "csv"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask, with its variables replaced, and for which time."""

    query: PromQuery | EsqlQuery | LogQuery
    start_s: float
    end_s: float
    step_s: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash query` takes."""
    take_minus_as_value(parser)
    parser.add_argument("source", metavar="SOURCE", help="a name under sources:")
    parser.add_argument("expr", metavar="EXPR", help="PromQL; for Elasticsearch a query_string, or ES|QL from FROM on")
    add_config(parser)
    parser.add_argument("--range", metavar="1h", help="over this time; without it Prometheus is asked for one instant")
    parser.add_argument("--step", metavar="15s", help="one point every so often; default: what suits the range")
    parser.add_argument("--at", metavar="TIME", help="the instant, or the end of the range: as in opsdash once")
    parser.add_argument("--limit", type=int, default=ROWS, metavar="ROWS", help=f"log rows at most; default {ROWS}")
    parser.add_argument("--format", choices=FORMATS, default="text", help="text, json or csv; default text")
    add_variables(parser)


def run(args: argparse.Namespace) -> int:
    """Asks and prints; the exit code. Raises what the source raises: `main` makes a line and a code of it."""
    wiring = Wiring()
    board = wiring.load_board(find_config(args.config, os.environ, Path.cwd()))
    zone = zone_of(board.timezone)
    try:
        spec = chosen_source(board, args.source)
        board = with_variables(board, args.var)
        question = question_of(args, board, spec, (wiring.clock.now_s(), zone))
    except ValueError as wrong:
        print(f"opsdash query: {clean(str(wrong))}", file=sys.stderr)
        return ExitCode.USAGE
    return asyncio.run(_ask(wiring, replace(board, sources=(spec,)), question, (args.format, zone)))


async def _ask(wiring: Wiring, board: Board, question: Question, shape: tuple[Form, tzinfo]) -> int:
    source = wiring.build_sources(board)[question.query.source]
    try:
        return await query(source, question, shape, (sys.stdout, sys.stderr))
    finally:
        await source.aclose()


async def query(source: Source, question: Question, shape: tuple[Form, tzinfo], streams: tuple[TextIO, TextIO]) -> int:
    """Asks, and prints the answer to the first stream and what should be known of it to the second; the exit code.

    Raises the errors of `opsdash.core.errors`.
    """
    out, err = streams
    form, zone = shape
    answer = await _fetched(source, question)
    legends = [notation(labels) for labels in answer.window.labels]
    match form:
        case "json":
            out.write(answer_json(answer, question.query, legends, version=VERSION, at_s=question.end_s))
        case "csv":
            out.write(answer_csv(answer, legends))
        case "text":
            out.write(answer_text(answer, legends, zone))
    out.flush()
    for remark in (*answer.warnings, *answer.cut):
        err.write(f"opsdash query: {clean(remark)}\n")
    if form == "text" and answer.window.is_empty and not answer.rows and answer.table is None:
        err.write("opsdash query: no data: the source answered, and there is nothing\n")
    return ExitCode.OK


async def _fetched(source: Source, question: Question) -> Answer:
    match question.query:
        case LogQuery() as logs:
            return await cast("LogSource", source).fetch_logs(logs, question.start_s, question.end_s)
        case PromQuery(instant=True) as instant:
            return await source.fetch_instant(instant, question.end_s)
        case metric:
            return await source.fetch(metric, aligned(question.start_s, question.end_s, question.step_s))


def chosen_source(board: Board, name: str) -> SourceSpec:
    """The source of this name. Raises UsageWrong."""
    for spec in board.sources:
        if spec.name == name:
            if spec.kind == "alertmanager":
                raise UsageWrong(f"{name} is an Alertmanager: it has alerts, and no series or rows to ask for")
            return spec
    names = [spec.name for spec in board.sources]
    raise UsageWrong(f'there is no source "{name}"{did_you_mean(name, names) or "; there are: " + ", ".join(names)}')


def question_of(args: argparse.Namespace, board: Board, spec: SourceSpec, now: tuple[float, tzinfo]) -> Question:
    """What the command line asks for. Raises UsageWrong or ValueError with what is wrong."""
    end_s = now[0] if args.at is None else parse_instant(args.at, *now)
    is_instant = args.range is None and spec.kind == "prometheus"
    length_s = board.range_s if args.range is None else _duration(args.range, "--range")
    step_s = step_for(length_s) if args.step is None else _duration(args.step, "--step")
    if args.step is not None and is_instant:
        raise UsageWrong("--step needs a --range: without one a single instant is asked for")
    if not is_instant and length_s / step_s > spec.limits.points:
        least = format_duration(max(float(-(-length_s // spec.limits.points)), 1.0))
        raise UsageWrong(
            f"{args.range or format_duration(length_s)} every {format_duration(step_s)} is more than "
            f"{spec.limits.points:,} points; the smallest step for it is {least}"
        )
    if not 1 <= args.limit <= _MOST_ROWS:
        raise UsageWrong(f"--limit is from 1 to {_MOST_ROWS:,}")
    asked = _query_of(args, spec, None if args.step is None else step_s)
    bindings = initial(board).bindings
    _refuse_unknown(args.expr, bindings)
    resolved = resolve_query(
        replace(asked, instant=is_instant) if isinstance(asked, PromQuery) else asked,
        bindings,
        step_s=step_s,
        start_s=end_s - length_s,
        end_s=end_s,
        scrape_interval_s=spec.scrape_interval_s,
    )
    if not isinstance(resolved, PromQuery | EsqlQuery | LogQuery):
        raise TypeError(resolved)
    return Question(query=resolved, start_s=end_s - length_s, end_s=end_s, step_s=step_s)


def _query_of(args: argparse.Namespace, spec: SourceSpec, step_s: float | None) -> Query:
    expr = args.expr
    if spec.kind == "prometheus":
        if not expr.strip():
            raise UsageWrong("the expression is empty")
        return PromQuery(source=spec.name, expr=expr, step_s=step_s)
    if _ESQL.match(expr):
        return EsqlQuery(source=spec.name, esql=expr)
    return LogQuery(source=spec.name, query=expr, limit=args.limit)


def _refuse_unknown(expr: str, bindings: Mapping[str, Binding]) -> None:
    """Variables whose value only the source knows are not looked up here: the answer would depend on the moment."""
    for name in sorted(references(expr)):
        binding = bindings.get(name)
        if binding is not None and (not binding.selected or (ALL in binding.selected and not binding.spec.all_value)):
            raise UsageWrong(f"${name} has no value here; give --var {name}=VALUE")


def _duration(text: str, option: str) -> float:
    seconds = parse_duration(text)
    if not seconds:
        raise UsageWrong(f'{option}: "{clean(text, longest=40)}" is not a duration; write 15s, 5m, 1h or 7d')
    return seconds
