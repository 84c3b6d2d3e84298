"""The dialogs by which alerts are owned: acknowledge, assign, note, escalate, give back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.comments import missing_comment
from opsdash.core.alerting.picture import AlertLine
from opsdash.core.alerting.rules import AckPolicy
from opsdash.core.alerting.spec import CommentRule
from opsdash.core.duration import format_duration, parse_duration
from opsdash.core.text import clean, fit
from opsdash.core.view.alerts.signs import Said, is_calm, sign_of
from opsdash.core.view.alerts.words import day_clock
from opsdash.core.view.roles import Role
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Own, Say, Step, Verb
from opsdash.ui.overlays.alerts.form import Blank, Form, Wrong
from opsdash.ui.overlays.overlay import Overlay
from opsdash.ui.overlays.text_line import TextLine
from opsdash.ui.scene import Scene

NOT_A_LENGTH = "{} is no length of time; write it like 4h, 30m or 1h30m"
LONGEST_S = 366 * 86_400.0
_NAMED = 3


def name_of(line: AlertLine) -> str:
    """`HighErrorRatio (orders)`, clean."""
    name = fit(line.alert.name, 40)
    return f"{name} ({fit(line.where, 30)})" if line.where else name


def names_of(lines: Sequence[AlertLine]) -> str:
    """The first few by name, and how many more there are."""
    words = ", ".join(name_of(line) for line in lines[:_NAMED])
    return f"{words} and {len(lines) - _NAMED:,} more" if len(lines) > _NAMED else words


def text_line(text: str) -> TextLine:
    """A text that can be typed on."""
    return TextLine(clean(text), len(clean(text)))


def length_of(text: str) -> float | Wrong:
    """Seconds of a length that was typed."""
    seconds = parse_duration(text)
    if seconds is None or not 0 < seconds <= LONGEST_S:
        return Wrong(NOT_A_LENGTH.format(f"“{fit(text, 20)}”" if text else "nothing"), "for")
    return seconds


def acknowledge(lines: Sequence[AlertLine], under: Overlay, desk: Desk, scene: Scene, *, whole: bool = False) -> Step:
    """Asks for how long and with which note; what is typed already will do."""
    open_ones = tuple(line for line in lines if line.alert.phase is not Phase.RESOLVED)
    if whole:
        open_ones = tuple(line for line in open_ones if not is_calm(line))
    if not open_ones:
        words = "nothing that is shown fires without an owner" if whole else over_words(lines)
        return Step(desk, (Say(words),))
    me = scene.snapshot.alerts.operator if scene.snapshot.alerts is not None else ""
    owner = open_ones[0].ack.owner if open_ones[0].ack is not None else me
    if owner != me:
        return _take_over(open_ones[0], me, under, desk)
    policies = [line.rule.ack if line.rule is not None else AckPolicy() for line in open_ones]
    length = format_duration(min(policy.expires_s for policy in policies))
    count = f"all {len(open_ones):,} shown" if whole else name_of(open_ones[0])
    form = Form(
        title=f"Acknowledge {count}",
        blanks=(
            Blank(name="note", label="note", hint=_hint(open_ones, scene)),
            Blank(name="for", label="for", line=text_line(length), hint="until it is over"),
        ),
        take=_acknowledged(open_ones),
        about=lambda made, now: _about_ack(made, open_ones, policies[0], desk, now),
        under=under,
        rows=6,
        button="enter acknowledge",
    )
    return Step(replace(desk, overlay=form))


def over_words(lines: Sequence[AlertLine]) -> str:
    """Why nothing can be done with an alert that is over."""
    return f"{name_of(lines[0])} is over; there is nothing to own" if lines else "there is no alert to own"


def _hint(lines: Sequence[AlertLine], scene: Scene) -> str:
    rule = next((found for line in lines if (found := missing_comment(_comments(scene), line.alert.labels, ""))), None)
    return "" if rule is None else f"wanted here: {rule.hint or 'why, and what is done'}"


def _comments(scene: Scene) -> Sequence[CommentRule]:
    return scene.board.alerting.comments


def _acknowledged(lines: Sequence[AlertLine]) -> Callable[[Form, Desk, Scene], Step | Wrong]:
    def take(form: Form, desk: Desk, scene: Scene) -> Step | Wrong:
        note, length = form.value("note"), form.value("for")
        seconds = length_of(length) if length else None
        if isinstance(seconds, Wrong):
            return seconds
        wrong = comment_wanted(lines, note, scene)
        if wrong is not None:
            return wrong
        whom = tuple(line.alert.fingerprint for line in lines)
        return Step(desk, (Own(verb="acknowledge", fingerprints=whom, text=note, for_s=seconds),))

    return take


def comment_wanted(lines: Sequence[AlertLine], text: str, scene: Scene) -> Wrong | None:
    """What the team wants to read first, where it does."""
    for line in lines:
        rule = missing_comment(_comments(scene), line.alert.labels, text)
        if rule is not None:
            wanted = rule.hint or ("one that matches " + rule.pattern if text else "say why, and what is done")
            return Wrong(f"{name_of(line)} wants a note: {clean(wanted)}", "note")
    return None


def _about_ack(form: Form, lines: Sequence[AlertLine], policy: AckPolicy, desk: Desk, scene: Scene) -> Sequence[Said]:
    said: list[Said] = list(_meanwhile(lines, scene))
    for line in lines[:2] if len(lines) > 1 else ():
        sign, role = sign_of(line)
        said.append((f"{sign} {name_of(line)}", role))
    if len(lines) > 2:
        said.append((f"  and {len(lines) - 2:,} more", Role.DIM))
    if len(lines) == 1 and lines[0].ack is not None:
        said.append(("it is yours already; this renews it", Role.DIM))
    seconds = parse_duration(form.value("for"))
    until = (
        f"until {day_clock(scene.now_s + seconds, scene.now_s, scene.zone_of(desk))}" if seconds else "until it is over"
    )
    who = scene.snapshot.alerts.operator if scene.snapshot.alerts is not None else ""
    said.append((f"{clean(who) or 'you'} will have it {until}, or until it is over", Role.OK))
    breaks = ["its severity rises"]
    if policy.worsens_share is not None:
        breaks.append(f"it gets {policy.worsens_share:.0%} worse")
    if policy.idle_s is not None:
        breaks.append(f"you do nothing here for {format_duration(policy.idle_s)}")
    said.append((f"it comes back when {', '.join(breaks[:-1])} or {breaks[-1]}" if breaks[1:] else
                 f"it comes back when {breaks[0]}", Role.DIM))  # fmt: skip
    return said


def _meanwhile(lines: Sequence[AlertLine], scene: Scene) -> Sequence[Said]:
    """What happened to them while the dialog was open: they are over, or somebody was first."""
    picture = scene.snapshot.alerts
    if picture is None:
        return ()
    now = {line.alert.fingerprint: line for line in picture.lines}
    over, taken = [], []
    for line in lines:
        there = now.get(line.alert.fingerprint)
        if there is None or there.alert.phase is Phase.RESOLVED:
            over.append(line)
        elif there.ack is not None and line.ack is None:
            taken.append(there)
    said: list[Said] = []
    if over:
        said.append((f"over meanwhile: {names_of(over)}", Role.WARNING))
    if taken:
        by = ", ".join(dict.fromkeys(fit(line.ack.owner, 20) for line in taken if line.ack is not None))
        said.append((f"taken meanwhile by {fit(by, 40)}: {names_of(taken)}", Role.WARNING))
    return said


def _take_over(line: AlertLine, me: str, under: Overlay, desk: Desk) -> Step:
    """It is somebody else's: it can be had only by saying so."""
    owner = clean(line.ack.owner) if line.ack is not None else ""

    def take(form: Form, there: Desk, scene: Scene) -> Step | Wrong:
        text = form.value("note")
        wrong = comment_wanted([line], text, scene)
        whom = (line.alert.fingerprint,)
        return wrong or Step(there, (Own(verb="assign", fingerprints=whom, owner=me, text=text),))

    form = Form(
        title=f"Take {name_of(line)} over from {owner}",
        blanks=(Blank(name="note", label="note", hint="their note stays unless you write one"),),
        take=take,
        about=lambda _, __: ((f"{owner} has it now; it becomes yours", Role.WARNING),),
        under=under,
        rows=2,
        button="enter take it over",
    )
    return Step(replace(desk, overlay=form))


def unacknowledge(lines: Sequence[AlertLine], desk: Desk) -> Step:
    """Gives it back at once: it is easily taken again."""
    owned = tuple(line.alert.fingerprint for line in lines if line.ack is not None)
    if not owned:
        return Step(desk, (Say(f"{name_of(lines[0])} has no owner" if lines else "there is no alert to give back"),))
    return Step(desk, (Own(verb="unacknowledge", fingerprints=owned),))


def note(line: AlertLine, under: Overlay, desk: Desk) -> Step:
    """Asks for a note."""
    said: tuple[Said, ...] = ()
    if line.note is not None:
        said = ((f"before: {clean(line.note.by)}: {clean(line.note.text)}", Role.DIM),)
    return _asked(line, under, desk, _Question("note", "Note beside", "note", "what you saw or did", said))


def escalate(line: AlertLine, under: Overlay, desk: Desk) -> Step:
    """Asks what the next level should know."""
    if line.alert.phase is Phase.RESOLVED:
        return Step(desk, (Say(over_words([line])),))
    level = line.escalation.level if line.escalation is not None else 0
    said = ((f"the notifiers of level {level + 1} are told; now it is at level {level}", Role.WARNING),)
    return _asked(line, under, desk, _Question("escalate", "Escalate", "note", "what they should know", said))


def assign(line: AlertLine, under: Overlay, desk: Desk) -> Step:
    """Asks who is to own it."""
    if line.alert.phase is Phase.RESOLVED:
        return Step(desk, (Say(over_words([line])),))
    before = f"{clean(line.ack.owner)} has it now" if line.ack is not None else "nobody has it now"

    def take(form: Form, there: Desk, scene: Scene) -> Step | Wrong:
        owner, text = form.value("owner"), form.value("note")
        if not owner:
            return Wrong("who is to have it?", "owner")
        wrong = comment_wanted([line], text, scene)
        if wrong is not None:
            return wrong
        whom = (line.alert.fingerprint,)
        return Step(there, (Own(verb="assign", fingerprints=whom, owner=owner, text=text),))

    form = Form(
        title=f"Give {name_of(line)} an owner",
        blanks=(Blank(name="owner", label="owner", hint="user name"), Blank(name="note", label="note")),
        take=take,
        about=lambda _, __: ((before, Role.DIM),),
        under=under,
        rows=2,
        button="enter assign",
    )
    return Step(replace(desk, overlay=form))


class _Question:
    """A verb that takes one line of text."""

    def __init__(self, verb: Verb, title: str, label: str, hint: str, said: tuple[Said, ...]) -> None:
        self.verb, self.title, self.label, self.hint, self.said = verb, title, label, hint, said


def _asked(line: AlertLine, under: Overlay, desk: Desk, question: _Question) -> Step:
    def take(form: Form, there: Desk, _: Scene) -> Step | Wrong:
        text = form.value("text")
        if question.verb == "note" and not text:
            return Wrong("there is nothing to note yet", "text")
        return Step(there, (Own(verb=question.verb, fingerprints=(line.alert.fingerprint,), text=text),))

    form = Form(
        title=f"{question.title} {name_of(line)}",
        blanks=(Blank(name="text", label=question.label, hint=question.hint),),
        take=take,
        about=lambda _, __: question.said,
        under=under,
        rows=2,
        button=f"enter {question.verb}",
    )
    return Step(replace(desk, overlay=form))
