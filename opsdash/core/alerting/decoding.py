"""Documents as JSON objects. Numbers that JSON has not are strings: "NaN", "+Inf", "-Inf".

Fields that are missing get their defaults and fields that nobody knows are passed over, so that two versions of opsdash
can share a store; what has another type than it must have is unreadable.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from enum import Enum
from typing import Any, TypeVar, cast, get_args

from opsdash.core.alerting.alert import Alert, Cause, Phase
from opsdash.core.alerting.health import RuleHealth, SloStatus
from opsdash.core.alerting.marks import Ack, Escalation, Note, Silence, Unowned
from opsdash.core.alerting.matchers import Matcher, MatchOp
from opsdash.core.alerting.severity import Severity
from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import Labels
from opsdash.core.re2 import PatternRefused, compiled

Json = dict[str, Any]
_WORDS = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}
_OF_AN_ALERT = tuple(one.name for one in fields(Alert))
_AS_THEY_ARE = frozenset({str, int, bool, type(None), tuple})
"""Of an alert, whose tuples hold texts and pairs of texts alone: JSON writes them as lists."""
_E = TypeVar("_E", bound=Enum)
_OPS = frozenset(get_args(MatchOp))


class Unreadable(ValueError):
    """A document that is not what its kind promises."""


# --- out -------------------------------------------------------------------------------------------------------


def encoded(value: object) -> Json:
    """The JSON object of a value."""
    if type(value) is Alert:
        return _encoded_alert(value)
    return {one.name: _plain(getattr(value, one.name)) for one in fields(cast("Any", value))}


def _encoded_alert(value: Alert) -> Json:
    """The same as for any other value, without a look into its pairs of texts: a storm has 10,000 alerts a round."""
    found = {}
    for name in _OF_AN_ALERT:
        part = getattr(value, name)
        found[name] = part if type(part) in _AS_THEY_ARE else _plain(part)
    return found


def number_text(value: float) -> float | str:
    """The number, or its word where JSON has none for it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _plain(value: object) -> object:  # noqa: PLR0911 - one a kind of value
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, Severity):
        return value.word
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Matcher):
        return [value.name, value.op, value.value]
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return {str(key): _plain(each) for key, each in cast("Json", value).items()}


# --- in --------------------------------------------------------------------------------------------------------


def object_of(body: str) -> Json:
    """The JSON object of a document. Raises Unreadable."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON: {str(error)[:80]}") from None
    if not isinstance(found, dict):
        raise Unreadable("it is no JSON object")
    return found


def alert(body: Json) -> Alert:
    """An alert. Raises Unreadable."""
    return Alert(
        fingerprint=_word(body, "fingerprint"),
        rule=_word(body, "rule"),
        name=_word(body, "name"),
        labels=_labels(body, "labels"),
        phase=_one_of(Phase, body, "phase"),
        severity=_severity(body),
        active_at_s=_number(body, "active_at_s"),
        value=_number(body, "value"),
        cause=_one_of(Cause, body, "cause", "value"),
        threshold=_number_or_none(body, "threshold"),
        below=bool(body.get("below", False)),
        fired_at_s=_number_or_none(body, "fired_at_s"),
        resolved_at_s=_number_or_none(body, "resolved_at_s"),
        seen_at_s=_number(body, "seen_at_s", 0.0),
        annotations=_labels(body, "annotations"),
        message=_word(body, "message", ""),
        origin=_word(body, "origin", ""),
    )


def health(body: Json) -> RuleHealth:
    """A rule's health. Raises Unreadable."""
    return RuleHealth(
        rule=_word(body, "rule"),
        evaluated_at_s=_number(body, "evaluated_at_s"),
        took_s=_number(body, "took_s", 0.0),
        state=_one_of(Freshness, body, "state"),
        message=_word(body, "message", ""),
        series=_whole(body, "series", 0),
        values={key: _as_number(value, "values") for key, value in _object(body, "values").items()},
        answered_at_s=_number_or_none(body, "answered_at_s"),
        progress={key: _counts(value) for key, value in _object(body, "progress").items()},
        about=_word(body, "about", ""),
    )


def slo(body: Json) -> SloStatus:
    """An SLO's status. Raises Unreadable."""
    return SloStatus(
        name=_word(body, "name"),
        objective=_number(body, "objective"),
        window_s=_number(body, "window_s"),
        at_s=_number(body, "at_s"),
        budget_left=_number(body, "budget_left"),
        burn_rates={key: _as_number(value, "burn_rates") for key, value in _object(body, "burn_rates").items()},
        message=_word(body, "message", ""),
    )


def ack(body: Json) -> Ack:
    """An acknowledgement. Raises Unreadable."""
    return Ack(
        fingerprint=_word(body, "fingerprint"),
        episode=_word(body, "episode"),
        owner=_word(body, "owner"),
        by=_word(body, "by"),
        at_s=_number(body, "at_s"),
        expires_at_s=_number_or_none(body, "expires_at_s"),
        severity=_severity(body),
        value=_number(body, "value"),
        note=_word(body, "note", ""),
        origin=_word(body, "origin", ""),
    )


def silence(body: Json) -> Silence:
    """A silence. Raises Unreadable."""
    return Silence(
        id=_word(body, "id"),
        matchers=tuple(_matcher(each) for each in _list(body, "matchers")),
        starts_at_s=_number(body, "starts_at_s"),
        ends_at_s=_number(body, "ends_at_s"),
        by=_word(body, "by"),
        comment=_word(body, "comment", ""),
        created_at_s=_number(body, "created_at_s"),
        origin=_word(body, "origin", ""),
    )


def note(body: Json) -> Note:
    """A note. Raises Unreadable."""
    return Note(
        fingerprint=_word(body, "fingerprint"),
        text=_word(body, "text"),
        by=_word(body, "by"),
        at_s=_number(body, "at_s"),
    )


def escalation(body: Json) -> Escalation:
    """An escalation. Raises Unreadable."""
    return Escalation(
        fingerprint=_word(body, "fingerprint"),
        episode=_word(body, "episode"),
        level=_whole(body, "level"),
        by=_word(body, "by"),
        at_s=_number(body, "at_s"),
        note=_word(body, "note", ""),
    )


def unowned(body: Json) -> Unowned:
    """Since when an alert is nobody's. Raises Unreadable."""
    return Unowned(
        fingerprint=_word(body, "fingerprint"),
        episode=_word(body, "episode"),
        severity=_severity(body),
        since_s=_number(body, "since_s"),
    )


def operator(body: Json) -> float:
    """When an operator was last heard. Raises Unreadable."""
    return _number(body, "at_s")


# --- parts -----------------------------------------------------------------------------------------------------


def _word(body: Json, name: str, missing: str | None = None) -> str:
    found = body.get(name, missing)
    if not isinstance(found, str):
        raise Unreadable(f"its {name} is no text")
    return found


def _number(body: Json, name: str, missing: float | None = None) -> float:
    return _as_number(body.get(name, missing), name)


def _number_or_none(body: Json, name: str) -> float | None:
    return None if body.get(name) is None else _as_number(body[name], name)


def _whole(body: Json, name: str, missing: int | None = None) -> int:
    found = body.get(name, missing)
    if isinstance(found, bool) or not isinstance(found, int):
        raise Unreadable(f"its {name} is no whole number")
    return found


def _as_number(found: object, name: str) -> float:
    if isinstance(found, str) and found in _WORDS:
        return _WORDS[found]
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Unreadable(f"its {name} is no number")
    try:
        number = float(found)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Unreadable(f"its {name} is too large a number")
    return number


def _counts(found: object) -> tuple[float | None, ...]:
    if not isinstance(found, list) or len(found) > 4:
        raise Unreadable("its progress is no list of numbers")
    return tuple(None if each is None else _as_number(each, "progress") for each in found)


def _one_of(kind: type[_E], body: Json, name: str, missing: str | None = None) -> _E:
    try:
        return kind(body.get(name, missing))
    except ValueError:
        raise Unreadable(f"its {name} is none that is known here") from None


def _severity(body: Json) -> Severity:
    word = body.get("severity")
    found = next((one for one in Severity if one.word == word), None)
    if found is None:
        raise Unreadable("its severity is none that is known here")
    return found


def _labels(body: Json, name: str) -> Labels:
    pairs = _list(body, name)
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], str)):
            raise Unreadable(f"its {name} are no pairs of texts")
    return tuple((pair[0], pair[1]) for pair in pairs)


def _matcher(found: object) -> Matcher:
    if not (isinstance(found, list) and len(found) == 3 and all(isinstance(each, str) for each in found)):
        raise Unreadable("its matchers are no triples of texts")
    name, op, value = found
    if op not in _OPS:
        raise Unreadable("the operator of a matcher is none that is known here")
    if op in ("=~", "!~"):
        try:
            compiled(value)
        except PatternRefused as problem:
            raise Unreadable(f"the pattern of a matcher is refused: {problem}") from None
    return Matcher(name=name, op=cast("MatchOp", op), value=value)


def _list(body: Json, name: str) -> list[Any]:
    found = body.get(name, [])
    if not isinstance(found, list):
        raise Unreadable(f"its {name} is no list")
    return found


def _object(body: Json, name: str) -> Json:
    found = body.get(name, {})
    if not isinstance(found, dict):
        raise Unreadable(f"its {name} is no object")
    return found
