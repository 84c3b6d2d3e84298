"""What each verb of `opsdash alerts` decides: the words of the command line to a deed that is not done yet."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from opsdash.adapters.operator import is_user
from opsdash.cli.alerts_store import Desk
from opsdash.cli.usage import UsageWrong
from opsdash.core.alerting import ownership, silencing
from opsdash.core.alerting.deed import Deed
from opsdash.core.alerting.matcher_text import parse_matchers, strange_labels
from opsdash.core.alerting.matchers import Matchers
from opsdash.core.alerting.picture import AlertLine, AlertsPicture
from opsdash.core.alerting.selecting import all_selected, selected
from opsdash.core.alerting.words import matchers_text
from opsdash.core.duration import parse_duration
from opsdash.core.errors import Refused
from opsdash.core.text import clean, fit
from opsdash.core.view.export.alerts_text import alerts_table

BULK = 2
"""So many alerts at once are asked about first."""
_PREVIEWED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What would be done, and to which alerts."""

    decide: Callable[[Desk], Deed]
    lines: tuple[AlertLine, ...] = ()
    count: int = 0
    """How many alerts are changed or hidden; 0 for what needs no question."""
    preview: str = ""
    """What a person sees before; empty where there is nothing to see."""


def decided(desk: Desk, picture: AlertsPicture, args: argparse.Namespace) -> Chosen:
    """The verb with its alerts. Raises UsageWrong, and Refused for alerts and matchers that there are not."""
    match args.verb:
        case "silence":
            return _silence(desk, picture, args)
        case "unsilence" | "extend":
            return _of_silence(args)
        case _:
            return _owning(picture, args)


def _owning(picture: AlertsPicture, args: argparse.Namespace) -> Chosen:
    text, words = "", list(args.words)
    if args.verb == "note":
        if len(words) < (1 if args.all else 2):
            raise UsageWrong("note takes an alert and the text: note CONFIG ALERT TEXT")
        text = words.pop()
    lines = _alerts_of(picture, words, every=args.all)
    keys = [line.alert.fingerprint for line in lines]
    for_s = _duration(args.for_, "--for") if getattr(args, "for_", None) else None

    def decide(desk: Desk) -> Deed:
        by, book, spec, now_s, also = desk.operator.name, desk.book, desk.spec, desk.now_s, desk.foreign
        match args.verb:
            case "ack":
                return ownership.acknowledge(
                    book, spec, keys, by=by, now_s=now_s, note=args.note, for_s=for_s, foreign=also, zone=desk.zone
                )
            case "assign":
                return ownership.assign(
                    book,
                    spec,
                    keys,
                    args.to or by,
                    by=by,
                    now_s=now_s,
                    note=args.note,
                    for_s=for_s,
                    foreign=also,
                    zone=desk.zone,
                    is_operator=is_user,
                )
            case "unack":
                return ownership.unacknowledge(book, spec, keys, by=by, now_s=now_s, foreign=also)
            case "escalate":
                return ownership.escalate(book, spec, keys, by=by, now_s=now_s, note=args.note, foreign=also)
            case _:
                return ownership.note(book, spec, keys, text, by=by, now_s=now_s, foreign=also)

    preview = _table(lines, picture.at_s) if len(lines) >= BULK else ""
    return Chosen(decide=decide, lines=lines, count=len(lines), preview=preview)


def _alerts_of(picture: AlertsPicture, words: list[str], *, every: bool) -> tuple[AlertLine, ...]:
    if every and words:
        raise UsageWrong("--all is about every alert; name none beside it")
    if every:
        lines = picture.firing()
        if not lines:
            raise Refused("no alert fires that is nobody's; nothing to do")
        return lines
    if not words:
        raise UsageWrong("name an alert: a fingerprint, NAME or NAME{matchers}; or --all")
    return all_selected(picture.lines, words)


def _silence(desk: Desk, picture: AlertsPicture, args: argparse.Namespace) -> Chosen:
    matchers = _matchers(desk, picture, args)
    for_s = _duration(args.for_, "--for") if args.for_ else silencing.PROPOSED_S
    in_s = _duration(args.in_, "--in") if args.in_ else 0.0
    lines = silencing.hidden_by(picture.lines, matchers)

    def decide(at: Desk) -> Deed:
        return silencing.silence(
            at.book,
            at.spec,
            matchers,
            by=at.operator.name,
            now_s=at.now_s,
            for_s=for_s,
            comment=args.comment,
            starts_in_s=in_s,
            everything=args.everything,
            foreign=at.foreign,
            zone=at.zone,
        )

    if not args.dry_run:
        decide(desk)  # what is refused is told before anybody is asked
    strange = strange_labels(matchers, (line.alert.labels for line in picture.lines)) if not lines else ""
    head = f"{fit(matchers_text(matchers), 200)}: hides {len(lines):,} now{strange}\n"
    return Chosen(decide=decide, lines=lines, count=len(lines), preview=head + _table(lines, picture.at_s))


def _matchers(desk: Desk, picture: AlertsPicture, args: argparse.Namespace) -> Matchers:
    text = ", ".join(args.words)
    if args.alert is None:
        return parse_matchers(text)
    if text:
        raise UsageWrong("either matchers, or --alert")
    lines = selected(picture.lines, args.alert)
    if len(lines) > 1:
        raise UsageWrong(f"{len(lines):,} alerts are called so; name one by its id, or write matchers")
    return silencing.proposed(lines[0].alert, by=desk.operator.name, now_s=desk.now_s).matchers


def _of_silence(args: argparse.Namespace) -> Chosen:
    if len(args.words) != 1:
        raise UsageWrong(f"{args.verb} takes the id of one silence; opsdash alerts list --silences names them")
    silence_id = args.words[0]
    if args.verb == "unsilence":
        return Chosen(
            decide=lambda desk: silencing.expire(
                desk.book, silence_id, by=desk.operator.name, now_s=desk.now_s, foreign=desk.held
            )
        )
    by_s = _duration(args.for_, "--for") if args.for_ else 3600.0
    return Chosen(
        decide=lambda desk: silencing.extend(
            desk.book, silence_id, by_s, by=desk.operator.name, now_s=desk.now_s, zone=desk.zone, foreign=desk.held
        )
    )


def is_plain(word: str) -> bool:
    """Whether a word can be the name of a file: matchers and alerts with braces cannot."""
    return not set('{}="') & set(word)


def _table(lines: tuple[AlertLine, ...], now_s: float) -> str:
    more = f"and {len(lines) - _PREVIEWED:,} more\n" if len(lines) > _PREVIEWED else ""
    return alerts_table(lines[:_PREVIEWED], now_s) + more


def _duration(text: str, option: str) -> float:
    seconds = parse_duration(text)
    if not seconds:
        raise UsageWrong(f'{option}: "{clean(text, longest=40)}" is not a duration; write 15m, 2h or 1d')
    return seconds
