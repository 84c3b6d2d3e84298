"""`opsdash rules backtest`: what the rules would have done over the history that their sources have."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from pathlib import Path

from opsdash.cli.arguments import add_config
from opsdash.cli.exit_codes import ExitCode
from opsdash.cli.resources import find_config
from opsdash.cli.usage import UsageWrong, take_minus_as_value
from opsdash.cli.wiring import Wiring
from opsdash.cli.zone import zone_of
from opsdash.core.alerting.rules import AlertRule
from opsdash.core.alerting.trial.backtest import Episode, Replay, replay
from opsdash.core.duration import format_duration, parse_duration
from opsdash.core.errors import OpsdashError
from opsdash.core.instant import parse_instant
from opsdash.core.metrics.labels import notation
from opsdash.core.metrics.merge import merge
from opsdash.core.metrics.queries import EsqlQuery, EsQuery, MetricQuery, PromQuery, Span
from opsdash.core.metrics.window import Window, empty_window
from opsdash.core.suggest import did_you_mean
from opsdash.core.text import clean
from opsdash.core.view.board import Board
from opsdash.ports import Source

MOST_STEPS = 500_000
PIECE = 5_000
"""Points that are asked for at a time; a Prometheus gives 11,000 at most."""
EPISODES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The time that is looked at. UTC seconds."""

    start_s: float
    end_s: float
    step_s: float | None
    """None: each rule at its own interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one rule."""

    rule: AlertRule
    replay: Replay | None
    error: str | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `opsdash rules backtest` takes."""
    take_minus_as_value(parser)
    add_config(parser)
    parser.add_argument("--since", default="1d", metavar="DURATION", help="how far back: 7d; default 1d")
    parser.add_argument("--until", metavar="TIME", help="where it ends; default now")
    parser.add_argument("--step", metavar="DURATION", help="instead of each rule's own interval")
    parser.add_argument("--rule", action="append", default=[], metavar="NAME", help="only this rule; again for more")
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Asks and evaluates: 0 where every rule could be evaluated, 3 where a source failed one."""
    wiring = Wiring()
    board = wiring.load_board(find_config(args.config, os.environ, Path.cwd()))
    zone = zone_of(board.timezone)
    try:
        rules = chosen_rules(board, args.rule)
        stretch = stretch_of(args, wiring.clock.now_s(), zone)
    except ValueError as wrong:
        print(f"opsdash rules backtest: {clean(str(wrong))}", file=sys.stderr)
        return ExitCode.USAGE
    verdicts = asyncio.run(_judged(rules, stretch, wiring.build_sources(board)))
    if args.json:
        print(json.dumps({"rules": [_as_json(verdict) for verdict in verdicts]}, indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(verdicts, zone)))
    return ExitCode.UNKNOWN if any(verdict.error for verdict in verdicts) else ExitCode.OK


def chosen_rules(board: Board, names: Sequence[str]) -> tuple[AlertRule, ...]:
    """The rules of these names; all without any. Raises UsageWrong."""
    rules = tuple(rule for group in board.alerting.groups for rule in group.rules)
    known = sorted({rule.name for rule in rules})
    for name in names:
        if name not in known:
            raise UsageWrong(f'there is no rule "{name}"{did_you_mean(name, known)}')
    if not rules:
        raise UsageWrong("this configuration has no rules: see alerts and slos in docs/configuration.md")
    return tuple(rule for rule in rules if not names or rule.name in names)


def stretch_of(args: argparse.Namespace, now_s: float, zone: tzinfo) -> Stretch:
    """The time that the command line names. Raises UsageWrong or ValueError."""
    lengths = {"--since": args.since, "--step": args.step}
    seconds = {option: parse_duration(text) for option, text in lengths.items() if text is not None}
    for option, length in seconds.items():
        if not length:
            raise UsageWrong(f'{option}: "{clean(lengths[option], longest=40)}" is not a duration; write 15s, 1h or 7d')
    end_s = now_s if args.until is None else parse_instant(args.until, now_s, zone)
    return Stretch(start_s=end_s - (seconds["--since"] or 0.0), end_s=end_s, step_s=seconds.get("--step"))


async def _judged(rules: Sequence[AlertRule], stretch: Stretch, sources: Mapping[str, Source]) -> tuple[Verdict, ...]:
    """Each rule in turn: a back-test is not to be a load."""
    try:
        return tuple([await judged(rule, stretch, sources) for rule in rules])
    finally:
        for source in sources.values():
            await source.aclose()


async def judged(rule: AlertRule, stretch: Stretch, sources: Mapping[str, Source]) -> Verdict:
    """Fetches the history of one rule and evaluates it."""
    step_s = stretch.step_s or rule.interval_s
    first_s = -(-stretch.start_s // step_s) * step_s
    count = int((stretch.end_s - first_s) // step_s) + 1
    if count > MOST_STEPS:
        least = format_duration((stretch.end_s - first_s) / MOST_STEPS)
        return Verdict(rule=rule, replay=None, error=f"{count:,} evaluations; give --step {least} or more")
    times = [first_s + index * step_s for index in range(count)]
    try:
        history = [await _history(query, times, step_s, sources[query.source]) for query in rule.queries]
    except OpsdashError as error:
        return Verdict(rule=rule, replay=None, error=error.message)
    return Verdict(rule=rule, replay=replay(rule, history, times))


async def _history(query: MetricQuery, times: Sequence[float], step_s: float, source: Source) -> Window:
    """What the query gave at each of the times, asked for in pieces."""
    if isinstance(query, EsqlQuery):
        raise UsageWrong("an ES|QL query has no history of evaluations")
    late_s = query.offset_s + (step_s if isinstance(query, EsQuery) else 0.0)  # a bucket is known when it is over
    asked: PromQuery | EsQuery = replace(query, instant=False, offset_s=0.0)
    window = empty_window()
    for at in range(0, len(times), PIECE):
        piece = times[at : at + PIECE]
        span = Span(start_s=piece[0] - late_s, end_s=piece[-1] - late_s, step_s=step_s)
        answer = await source.fetch(asked, span)
        found = replace(answer.window, times=answer.window.times + late_s)
        window = merge(window, found, piece_from_s=piece[0], keep_from_s=times[0]) if window.labels else found
    return window


def _lines(verdicts: Sequence[Verdict], zone: tzinfo) -> Iterator[str]:
    width = max(len(verdict.rule.name) for verdict in verdicts)
    for verdict in verdicts:
        yield f"{clean(verdict.rule.name):<{width}}  {_summary(verdict)}"
        episodes = verdict.replay.episodes if verdict.replay is not None else ()
        yield from (f"{'':<{width}}    {_episode(episode, zone)}" for episode in episodes[:EPISODES_SHOWN])
        if len(episodes) > EPISODES_SHOWN:
            yield f"{'':<{width}}    and {len(episodes) - EPISODES_SHOWN} more; --json has all"


def _summary(verdict: Verdict) -> str:
    found = verdict.replay
    if found is None:
        return f"not evaluated: {clean(verdict.error or '')}"
    parts = [
        f"fired {len(found.episodes)}×" if found.episodes else "never fired",
        f"for {format_duration(found.firing_s)}, longest {format_duration(found.longest_s)}" if found.episodes else "",
        f"flapped {found.flaps}×" if found.flaps else "",
        f"pending only {found.only_pending}×" if found.only_pending else "",
        f"no data at {found.without_data:,} of {found.evaluations:,} evaluations" if found.without_data else "",
    ]
    return ", ".join(part for part in parts if part)


def _episode(episode: Episode, zone: tzinfo) -> str:
    fired = datetime.fromtimestamp(episode.fired_at_s, zone)
    length = "still" if episode.ended_at_s is None else format_duration(episode.ended_at_s - episode.fired_at_s)
    labels = tuple(pair for pair in episode.labels if pair[0] != "alertname")
    return f"{fired:%Y-%m-%d %H:%M:%S}  {length:>8}  {episode.severity.word:<8}  {clean(notation(labels), longest=200)}"


def _as_json(verdict: Verdict) -> dict[str, object]:
    found = verdict.replay
    head: dict[str, object] = {"rule": verdict.rule.name, "group": verdict.rule.group, "error": verdict.error}
    if found is None:
        return head
    return {
        **head,
        "start_s": found.start_s,
        "end_s": found.end_s,
        "step_s": found.step_s,
        "fired": len(found.episodes),
        "firing_s": found.firing_s,
        "longest_s": found.longest_s,
        "flaps": found.flaps,
        "only_pending": found.only_pending,
        "without_data": found.without_data,
        "evaluations": found.evaluations,
        "episodes": [
            {
                "labels": dict(episode.labels),
                "severity": episode.severity.word,
                "fired_at_s": episode.fired_at_s,
                "ended_at_s": episode.ended_at_s,
                "peak": episode.peak if math.isfinite(episode.peak) else str(episode.peak),
            }
            for episode in found.episodes
        ],
    }
