"""The dialogs of silences: one is made after a look at what it would hide, lasts longer, or ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from opsdash.core.alerting.alert import Phase
from opsdash.core.alerting.breadth import why_everything
from opsdash.core.alerting.matcher_text import parse_matchers, strange_labels
from opsdash.core.alerting.matchers import Matchers, all_match, exactly
from opsdash.core.alerting.picture import AlertLine, AlertsPicture, SilenceLine
from opsdash.core.duration import format_duration, parse_duration
from opsdash.core.errors import Refused
from opsdash.core.text import clean, fit
from opsdash.core.view.alerts.signs import Said
from opsdash.core.view.alerts.silence_table import matchers_word
from opsdash.core.view.alerts.words import day_clock
from opsdash.core.view.roles import Role
from opsdash.ui.desk import Desk
from opsdash.ui.effects import Own, Say, Step
from opsdash.ui.engine_port import Ownership
from opsdash.ui.overlays.alerts.body import picture_of
from opsdash.ui.overlays.alerts.form import Blank, Form, Wrong
from opsdash.ui.overlays.alerts.owning import comment_wanted, length_of, names_of, text_line
from opsdash.ui.overlays.overlay import Overlay
from opsdash.ui.scene import Scene

SURE = "EVERYTHING"
"""What is typed out before every alert is hidden."""
_LENGTH = "2h"


def silence(line: AlertLine | None, under: Overlay, desk: Desk, scene: Scene) -> Step:
    """Asks what to hide, for how long and why; begins with what is offered for an alert."""
    matchers, length = _offered(line, scene)
    form = Form(
        title="Silence",
        blanks=(
            Blank(
                name="matchers", label="matchers", line=text_line(matchers), hint='service="orders", severity=~"warn.*"'
            ),
            Blank(name="for", label="for", line=text_line(length)),
            Blank(name="note", label="comment", hint="why"),
        ),
        take=_taken,
        about=lambda form, now: _about(form, desk, now),
        under=under,
        at=2 if line is not None else 0,
        adapt=_adapted,
        rows=6,
        button="enter silence",
    )
    return Step(replace(desk, overlay=form.adapted(scene)))


def _offered(line: AlertLine | None, scene: Scene) -> tuple[str, str]:
    if line is None:
        return "", _LENGTH
    given = scene.ownership.proposed(line.alert.fingerprint) if scene.ownership is not None else None
    matchers = given.matchers if given is not None else exactly(line.alert.labels)
    length = format_duration(given.ends_at_s - given.starts_at_s) if given is not None else _LENGTH
    return ", ".join(str(matcher) for matcher in matchers), length


def _adapted(form: Form, scene: Scene) -> Form:
    """A line to type out appears where every alert would be hidden, and goes when that is over."""
    matchers = _matchers(form)
    wide = not isinstance(matchers, Wrong) and _why_everything(matchers, scene) is not None
    others = tuple(blank for blank in form.blanks if blank.name != "sure")
    if not wide:
        return replace(form, blanks=others, at=min(form.at, len(others) - 1))
    if len(others) < len(form.blanks):
        return form
    return replace(form, blanks=(*others, Blank(name="sure", label="sure?", hint=f"type {SURE} to go on")))


def _matchers(form: Form) -> Matchers | Wrong:
    try:
        return parse_matchers(form.value("matchers"))
    except Refused as wrong:
        return Wrong(wrong.message, "matchers")


def _why_everything(matchers: Matchers, scene: Scene) -> str | None:
    return _wide(matchers, picture_of(scene), scene)


def _wide(matchers: Matchers, picture: AlertsPicture, scene: Scene) -> str | None:
    alerts = [line.alert for line in picture.lines if line.alert.phase is not Phase.RESOLVED]
    return why_everything(scene.board.alerting, matchers, alerts)


def _hidden(matchers: Matchers, picture: AlertsPicture, ownership: Ownership | None) -> tuple[AlertLine, ...]:
    """What it would hide now: the engine says, which knows of more than the picture."""
    return _looked(matchers, picture, id(ownership), _Asked(ownership))


class _Asked:
    """Whom to ask; never the reason to ask again."""

    def __init__(self, ownership: Ownership | None) -> None:
        self.ownership = ownership

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=4)
def _looked(matchers: Matchers, picture: AlertsPicture, _which: int, asked: _Asked) -> tuple[AlertLine, ...]:
    """Wanted for every picture of the dialog; what is hidden changes only with the alerts."""
    ownership = asked.ownership
    if ownership is not None:
        hidden = ownership.hidden_by(matchers)
    else:
        hidden = tuple(line for line in picture.lines if all_match(matchers, line.alert.labels))
    return tuple(line for line in hidden if line.alert.phase is not Phase.RESOLVED)


def _about(form: Form, desk: Desk, scene: Scene) -> Sequence[Said]:
    """What it would hide now and until when, as far as it is typed."""
    matchers, picture = _matchers(form), picture_of(scene)
    if isinstance(matchers, Wrong):
        return ((matchers.text, Role.WARNING),)
    hidden = _hidden(matchers, picture, scene.ownership)
    total = sum(line.alert.phase is not Phase.RESOLVED for line in picture.lines)
    said: list[Said] = []
    if hidden:
        words = f"hides {len(hidden):,} of {total:,} alerts now: {names_of(hidden)}"
        said.append((words, Role.WARNING if len(hidden) == total > 1 else Role.TEXT))
    else:
        strange = strange_labels(matchers, (line.alert.labels for line in picture.lines[:1000])) if matchers else ""
        said.append((f"hides none of {total:,} alerts now{strange}", Role.WARNING))
    wide = _why_everything(matchers, scene)
    if wide is not None:
        said.append((f"● {wide}; type {SURE} below to mean it", Role.CRITICAL))
    seconds = parse_duration(form.value("for"))
    if seconds:
        until = day_clock(scene.now_s + seconds, scene.now_s, scene.zone_of(desk))
        said.append((f"for {format_duration(seconds)}: until {until}", Role.OK))
    said.append(("alerts that come and match are hidden too: not told, not counted, still listed", Role.DIM))
    return said


def _taken(form: Form, desk: Desk, scene: Scene) -> Step | Wrong:
    matchers, seconds = _matchers(form), length_of(form.value("for"))
    if isinstance(matchers, Wrong):
        return matchers
    if isinstance(seconds, Wrong):
        return seconds
    wide = _why_everything(matchers, scene)
    if wide is not None and form.value("sure") != SURE:
        return Wrong(f"{wide}; type {SURE} to go on", "sure")
    hidden = _hidden(matchers, picture_of(scene), scene.ownership)
    wrong = comment_wanted(hidden, form.value("note"), scene)
    if wrong is not None:
        return wrong
    asked = Own(verb="silence", matchers=matchers, for_s=seconds, text=form.value("note"), everything=wide is not None)
    return Step(desk, (asked,))


def extend(line: SilenceLine, under: Overlay, desk: Desk) -> Step:
    """Asks how much longer."""

    def take(form: Form, there: Desk, _: Scene) -> Step | Wrong:
        seconds = length_of(form.value("for"))
        if isinstance(seconds, Wrong):
            return seconds
        return Step(there, (Own(verb="extend", silence_id=line.silence.id, for_s=seconds),))

    def about(form: Form, scene: Scene) -> Sequence[Said]:
        seconds = parse_duration(form.value("for"))
        zone, now_s = scene.zone_of(desk), scene.now_s
        ends = max(line.silence.ends_at_s, now_s)
        until = f"until {day_clock(ends + seconds, now_s, zone)}" if seconds else ""
        return (
            (matchers_word(line), Role.TEXT),
            (f"now until {day_clock(line.silence.ends_at_s, now_s, zone)}, then {until}", Role.OK),
        )

    form = Form(
        title="Let a silence last longer",
        blanks=(Blank(name="for", label="by", line=text_line(_LENGTH)),),
        take=take,
        about=about,
        under=under,
        rows=3,
        button="enter extend",
    )
    return Step(replace(desk, overlay=form))


def expire(line: SilenceLine, desk: Desk) -> Step:
    """Ends it at once: what it hid is seen again, and it can be made anew."""
    if line.state == "expired":
        return Step(desk, (Say(f"{fit(clean(matchers_word(line)), 60)} is over already"),))
    return Step(desk, (Own(verb="expire", silence_id=line.silence.id),))
