"""Checks `notify:`: each kind has what it needs, and nothing that belongs to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsdash.config.parsing import Parsed
from opsdash.config.problems import shown
from opsdash.config.report import Report
from opsdash.config.union import Union
from opsdash.core.alerting.matcher_text import MatchersWrong, parse_matchers

if TYPE_CHECKING:
    from opsdash.config.models.notify import Notification

_NEEDS = {
    "webhook": ("url",),
    "slack": ("url",),
    "mattermost": ("url",),
    "pagerduty": ("routing_key",),
    "email": ("url", "from", "to"),
    "apprise": ("url",),
}
_OWN = {
    "channel": ("slack", "mattermost"),
    "routing_key": ("pagerduty",),
    "from": ("email",),
    "to": ("email",),
    "username": ("email",),
    "password": ("email",),
    "starttls": ("email",),
}


def check_notify(union: Union, report: Report) -> None:
    """Reports all of it."""
    names: set[str] = set()
    for part in union.sections.get("notify", ()):
        _notification(part, report)
        name = part.model.name
        if name is not None and name in names:
            report.error(part.place / "name", f'a second notifier "{shown(name, 60)}"')
        names.add(name)
    _escalations(union, report)


def _escalations(union: Union, report: Report) -> None:
    levels = {part.model.level for part in union.sections.get("notify", ())}
    for part in union.sections.get("alerts", ()):
        for index, step in enumerate(part.model.escalate):
            if not any(0 < level <= step.level for level in levels):
                place = part.place / "escalate" / index / "level"
                report.warning(place, f"no notifier has the level {step.level}: the screens show it, nobody is told")


def _notification(part: Parsed[Notification], report: Report) -> None:
    model, place = part.model, part.place
    fields = {"from": "sender"}
    given = {key for key in (*_OWN, "url") if fields.get(key, key) in model.model_fields_set}
    for key in _NEEDS.get(model.kind, ()):
        if key not in given and part.whole:
            report.error(place, f"{key} is missing: {model.kind} needs it", key=True)
    for key in sorted(given & _OWN.keys()):
        if model.kind not in _OWN[key]:
            report.error(place / key, f"{key} belongs to {' and '.join(_OWN[key])}", key=True)
    for text in model.matchers:
        try:
            parse_matchers(text)
        except MatchersWrong as wrong:
            report.error(place / "matchers", f'"{shown(text, 60)}": {wrong.message}')
