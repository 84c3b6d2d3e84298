"""The functions that Prometheus gives to its templates (template/template.go of 2.42), and three of ours."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote_plus, urlsplit

from opsdash.core.alerting.templates.builtins import Call
from opsdash.core.alerting.templates.failure import TemplateFailed
from opsdash.core.alerting.templates.values import Expansion, Instant, Sample, Value, float_text, kind_of
from opsdash.core.duration import parse_duration
from opsdash.core.re2 import PatternRefused, compiled
from opsdash.core.regex import longest_value

_SMALL = "munpfazy"
_LARGE = "kMGTPEZY"
_GROUP = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))", re.ASCII)


def number_of(value: Value) -> float:
    """A number, or a text that is one. Raises TemplateFailed."""
    if isinstance(value, str):
        try:
            return float(value.replace("_", "x"))
        except ValueError:
            raise TemplateFailed(f'strconv.ParseFloat: parsing "{value[:40]}": invalid syntax') from None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise TemplateFailed(f"can't convert {kind_of(value)} to float")


def four_digits(value: float) -> str:
    """Go's `%.4g`."""
    return format(value, ".4g") if math.isfinite(value) else float_text(value)


def humanize(value: Value) -> str:
    """With a prefix of 1,000: 1.234k, 20m."""
    number = number_of(value)
    if number == 0 or not math.isfinite(number):
        return four_digits(number)
    return _prefixed(number)


def _prefixed(number: float) -> str:
    prefix = ""
    if abs(number) >= 1:
        for sign in _LARGE:
            if abs(number) < 1000:
                break
            prefix, number = sign, number / 1000
    else:
        for sign in _SMALL:
            if abs(number) >= 1:
                break
            prefix, number = sign, number * 1000
    return four_digits(number) + prefix


def humanize_1024(value: Value) -> str:
    """With a prefix of 1,024: 1.5ki."""
    number = number_of(value)
    prefix = ""
    if abs(number) > 1 and math.isfinite(number):
        for sign in _LARGE:
            if abs(number) < 1024:
                break
            prefix, number = f"{sign}i", number / 1024
    return four_digits(number) + prefix


def humanize_duration(value: Value) -> str:
    """Seconds in words: 1d 2h 3m 4s, 3.5s, 20ms."""
    number = number_of(value)
    if not math.isfinite(number):
        return four_digits(number)
    if 0 < abs(number) < 1:
        return _prefixed(number) + "s"
    sign, number = ("-", -number) if number < 0 else ("", number)
    whole = int(number)
    if whole < 60:
        return f"{sign}{four_digits(number)}s"
    parts = (whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s")
    first = next(place for place, (count, _) in enumerate(parts) if count)
    return sign + " ".join(f"{count}{unit}" for count, unit in parts[first:])


def humanize_percentage(value: Value) -> str:
    """A share of 1 as percent: 5.8%."""
    return four_digits(number_of(value) * 100) + "%"


def humanize_timestamp(value: Value) -> str:
    """UTC, in Go's form."""
    number = number_of(value)
    return to_time(number).text if math.isfinite(number) else four_digits(number)


def to_time(value: Value) -> Instant:
    """Unix seconds as a time."""
    number = number_of(value)
    try:
        at = datetime.fromtimestamp(round(number, 3), UTC)
    except (ValueError, OverflowError, OSError):
        raise TemplateFailed(f"{float_text(number)} cannot be represented as a nanoseconds timestamp") from None
    fraction = f".{at.microsecond:06d}".rstrip("0") if at.microsecond else ""
    return Instant(number, f"{at:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC")


def _pattern(pattern: Value) -> re.Pattern[str]:
    try:
        return compiled(str(pattern))
    except PatternRefused as refused:
        raise TemplateFailed(f"error parsing regexp: {refused}") from None


def _match(pattern: Value, text: Value) -> bool:
    found, given = _pattern(pattern), str(text)
    return len(given) <= longest_value(found.pattern) and bool(found.search(given))


def _replaced(pattern: Value, replacement: Value, text: Value) -> str:
    found, given = _pattern(pattern), str(text)
    if len(given) > longest_value(found.pattern):
        raise TemplateFailed("the text is too long for this regular expression")
    names = {**{str(place): place for place in range(found.groups + 1)}, **found.groupindex}

    def with_groups(match: re.Match[str]) -> str:
        return _GROUP.sub(
            lambda group: (
                "$" if group[1] else (match[names[name]] or "") if (name := group[2] or group[3]) in names else ""
            ),
            str(replacement),
        )

    return found.sub(with_groups, given)


def _first(samples: Value) -> Value:
    if isinstance(samples, Sequence) and samples and not isinstance(samples, str):
        return samples[0]
    raise TemplateFailed("first() called on vector with no elements")


def _sample(value: Value) -> Sample:
    if not isinstance(value, Sample):
        raise TemplateFailed(f"wrong type for value; expected *template.sample; got {kind_of(value)}")
    return value


def _by_label(name: Value, samples: Value) -> Value:
    if not isinstance(samples, Sequence) or isinstance(samples, str):
        raise TemplateFailed(f"wrong type for value; expected template.queryResult; got {kind_of(samples)}")
    return sorted(samples, key=lambda sample: _sample(sample).labels.get(str(name), ""))


def _title(text: Value) -> str:
    return re.sub(r"(?<!\w)\w", lambda found: found[0].upper(), str(text))


def _without_port(address: Value) -> str:
    text = str(address)
    bracketed = re.fullmatch(r"\[([^\]]*)\]:[^:\]]*", text)
    if bracketed:
        return bracketed[1]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def _without_domain(address: Value) -> str:
    text = str(address)
    host, colon, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
    if re.fullmatch(r"\d+\.\d+\.\d+\.\d+|\[?[0-9a-fA-F:]+\]?", host):
        return text
    return host.partition(".")[0] + colon + port


def _seconds(text: Value) -> float:
    length = parse_duration(str(text))
    if length is None:
        raise TemplateFailed(f'not a valid duration string: "{str(text)[:40]}"')
    return length


def _link(tab: int) -> Callable[[Value], str]:
    return lambda expr: f"/graph?g0.expr={quote_plus(str(expr), safe='-_.~')}&g0.tab={tab}"


FIXED: Mapping[str, Call] = {
    "humanize": humanize,
    "humanize1024": humanize_1024,
    "humanizeDuration": humanize_duration,
    "humanizePercentage": humanize_percentage,
    "humanizeTimestamp": humanize_timestamp,
    "toTime": to_time,
    "match": _match,
    "reReplaceAll": _replaced,
    "first": _first,
    "label": lambda name, sample: _sample(sample).labels.get(str(name), ""),
    "value": lambda sample: _sample(sample).value,
    "strvalue": lambda sample: _sample(sample).labels.get("__value__", ""),
    "sortByLabel": _by_label,
    "args": lambda *given: {f"arg{place}": value for place, value in enumerate(given)},
    "safeHtml": lambda text: text,
    "title": _title,
    "toUpper": lambda text: str(text).upper(),
    "toLower": lambda text: str(text).lower(),
    "stripPort": _without_port,
    "stripDomain": _without_domain,
    "parseDuration": _seconds,
    "graphLink": _link(0),
    "tableLink": _link(1),
    "percent": lambda value: f"{four_digits(number_of(value) * 100)} %",
    "seconds": humanize_duration,
    "bytes": lambda value: humanize_1024(value) + "B",
}
"""Those that need nothing but their arguments. The last three are ours."""

NAMES = frozenset({*FIXED, "query", "externalURL", "pathPrefix", "tmpl"})


def functions_of(given: Expansion) -> Mapping[str, Call]:
    """All of them, with what they need of this expansion."""

    def query(expr: Value) -> Value:
        if given.query is None:
            raise TemplateFailed("query is not to be had here")
        return list(given.query(str(expr)))

    return {
        **FIXED,
        "query": query,
        "externalURL": lambda: given.external_url,
        "pathPrefix": lambda: urlsplit(given.external_url).path,
    }
