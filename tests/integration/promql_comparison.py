"""One query to the real Prometheus and to our engine, and what differs."""

from __future__ import annotations

import http.client
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from opsdash.core.promql import Answer, Engine, EvaluationError, PromqlError

LabelSet = frozenset[tuple[str, str]]
Points = dict[float, float]
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query and when: an instant where `step_ms` is 0."""

    query: str
    start_ms: int
    end_ms: int = 0
    step_ms: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back, in a form that can be compared."""

    error: str = ""
    """`bad_data` or `execution`; empty where it went well."""
    words: str = ""
    series: Mapping[LabelSet, Points] | None = None


class RealPrometheus:
    """Asks over one connection that is kept."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)

    def ask(self, asked: Asked) -> Outcome:
        """What it answers."""
        path, when = "/api/v1/query", {"time": f"{asked.start_ms / 1000:.3f}"}
        if asked.step_ms:
            start, end, step = (f"{each / 1000:.3f}" for each in (asked.start_ms, asked.end_ms, asked.step_ms))
            path, when = "/api/v1/query_range", {"start": start, "end": end, "step": step}
        body = urlencode({"query": asked.query, **when})
        self._connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = json.loads(self._connection.getresponse().read())
        if answer["status"] != "success":
            return Outcome(answer["errorType"], answer["error"])
        return Outcome(series=_decoded(answer["data"]))

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()


def ours(engine: Engine, asked: Asked) -> Outcome:
    """What our engine answers."""
    try:
        if asked.step_ms:
            answer = engine.range(asked.query, asked.start_ms, asked.end_ms, asked.step_ms)
        else:
            answer = engine.instant(asked.query, asked.start_ms)
    except EvaluationError as error:
        return Outcome("execution", error.message)
    except PromqlError as error:
        return Outcome("bad_data", error.message)
    return Outcome(series=_series(answer))


def difference(mine: Outcome, real: Outcome, *, tolerance: float = TOLERANCE) -> str:
    """Empty where both are the same to the relative tolerance."""
    if mine.error != real.error:
        return f"error {mine.error or 'none'} ({mine.words}) instead of {real.error or 'none'} ({real.words})"
    if mine.series is None or real.series is None:
        return ""
    if mine.series.keys() != real.series.keys():
        extra, lost = mine.series.keys() - real.series.keys(), real.series.keys() - mine.series.keys()
        return f"series: {_some(extra)} too many, {_some(lost)} missing"
    for labels, points in real.series.items():
        if told := _points(mine.series[labels], points, tolerance):
            return f"{dict(labels)}: {told}"
    return ""


def _points(mine: Points, real: Points, tolerance: float) -> str:
    if mine.keys() != real.keys():
        extra, lost = sorted(mine.keys() - real.keys())[:3], sorted(real.keys() - mine.keys())[:3]
        return f"points at {extra} too many, at {lost} missing"
    for time, value in real.items():
        if not close(mine[time], value, tolerance):
            return f"{mine[time]!r} instead of {value!r} at {time}"
    return ""


def close(mine: float, real: float, tolerance: float = TOLERANCE) -> bool:
    """The same number to the relative tolerance; every NaN is the same."""
    if math.isnan(real) or math.isnan(mine):
        return math.isnan(real) and math.isnan(mine)
    return mine == real or math.isclose(mine, real, rel_tol=tolerance)


def _some(labels: set[LabelSet]) -> str:
    return f"{len(labels)} {[dict(sorted(each)) for each in list(labels)[:2]]}"


def _decoded(data: Mapping[str, Any]) -> Mapping[LabelSet, Points]:
    match data["resultType"]:
        case "scalar" | "string":
            time, value = data["result"]
            if data["resultType"] == "string":
                return {frozenset({("text", value)}): {}}
            return {frozenset(): {time: float(value)}}
        case "vector":
            return {_labels(each["metric"]): {each["value"][0]: float(each["value"][1])} for each in data["result"]}
        case _:
            return {
                _labels(each["metric"]): {time: float(value) for time, value in each["values"]}
                for each in data["result"]
            }


def _series(answer: Answer) -> Mapping[LabelSet, Points]:
    if answer.kind == "string":
        return {frozenset({("text", answer.text)}): {}}
    if answer.samples:
        pairs = zip(answer.labels, answer.samples, strict=True)
        return {_labels(each): _by_time(times.tolist(), values.tolist()) for each, (times, values) in pairs}
    found: dict[LabelSet, Points] = {}
    for labels, values, present in zip(answer.labels, answer.values, answer.present, strict=True):
        if present.any():
            assert _labels(labels) not in found, f"{labels} twice"
            found[_labels(labels)] = _by_time(answer.times[present].tolist(), values[present].tolist())
    return found


def _by_time(times_ms: list[int], values: list[float]) -> Points:
    return {time / 1000: value for time, value in zip(times_ms, values, strict=True)}


def _labels(labels: Mapping[str, str]) -> LabelSet:
    return frozenset(labels.items())
