"""The JSON of Prometheus's answers, byte for byte where a client could see it: numbers as Go writes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import add

import numpy as np
import numpy.typing as npt

from opsdash.core.promql import Answer

Floats = npt.NDArray[np.float64]
_EXACT_IN_FLOAT = 2.0**53
_PLAIN_FROM, _PLAIN_BELOW = 1e-4, 1e16
"""Between them Python's shortest form has no exponent."""
_GO_FROM, _GO_BELOW = 1e-6, 1e21
"""Between them Prometheus writes a sample without an exponent."""


def success(data: bytes, warnings: Sequence[str] = ()) -> bytes:
    """The envelope of what went well; `data` is JSON already."""
    told = b',"warnings":' + as_json(list(warnings)) if warnings else b""
    return b'{"status":"success","data":' + data + told + b"}"


def failure(kind: str, words: str) -> bytes:
    """The envelope of what did not."""
    return as_json({"status": "error", "errorType": kind, "error": words})


def as_json(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")


def encode(answer: Answer) -> bytes:
    """The answer of a query in its envelope."""
    return success(f'{{"resultType":"{answer.kind}","result":{_result(answer)}}}'.encode(), answer.warnings)


def _result(answer: Answer) -> str:
    match answer.kind:
        case "string":
            return f"[{go_time(int(answer.times[0]))},{_text(answer.text)}]"
        case "scalar":
            return f'[{go_time(int(answer.times[0]))},"{go_plain(float(answer.values[0, 0]))}"]'
        case "vector":
            return f"[{','.join(_vector(answer))}]"
        case _:
            return f"[{','.join(_matrix(answer))}]"


def _vector(answer: Answer) -> list[str]:
    time = go_time(int(answer.times[0]))
    return [
        f'{{"metric":{_metric(labels)},"value":[{time},"{go_number(value)}"]}}'
        for labels, value, is_there in zip(
            answer.labels, answer.values[:, 0].tolist(), answer.present[:, 0].tolist(), strict=True
        )
        if is_there
    ]


def _matrix(answer: Answer) -> list[str]:
    if answer.samples:
        rows = [(labels, times, values) for labels, (times, values) in zip(answer.labels, answer.samples, strict=True)]
        return [_series(labels, [_point(t) for t in times.tolist()], values) for labels, times, values in rows]
    times = np.array([_point(t) for t in answer.times.tolist()], dtype=object)
    found = []
    for labels, values, present in zip(answer.labels, answer.values, answer.present, strict=True):
        if present.all():
            found.append(_series(labels, times.tolist(), values))
        elif present.any():
            found.append(_series(labels, times[present].tolist(), values[present]))
    return found


def _point(milliseconds: int) -> str:
    """A point of a series up to its value."""
    return f'{go_time(milliseconds)},"'


def _series(labels: Mapping[str, str], times: list[str], values: Floats) -> str:
    points = '"],['.join(map(add, times, go_numbers(values)))
    return f'{{"metric":{_metric(labels)},"values":[[{points}"]]}}'


def _metric(labels: Mapping[str, str]) -> str:
    return json.dumps(dict(sorted(labels.items())), separators=(",", ":"), ensure_ascii=False)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def go_time(milliseconds: int) -> str:
    """Seconds: no decimals where they are whole, else three."""
    sign, (seconds, rest) = "-" if milliseconds < 0 else "", divmod(abs(milliseconds), 1000)
    return f"{sign}{seconds}.{rest:03d}" if rest else f"{sign}{seconds}"


def go_numbers(values: Floats) -> list[str]:
    """`go_number` of each, with short ways for rows of whole or ordinary numbers."""
    size = np.abs(values)
    if not np.isfinite(size).all():
        return [go_number(value) for value in values.tolist()]
    is_whole = (values == np.trunc(values)).all() and not np.signbit(values[values == 0]).any()
    if is_whole and (size < _EXACT_IN_FLOAT).all():
        return [str(value) for value in values.astype(np.int64).tolist()]
    if (((size >= _PLAIN_FROM) & (size < _PLAIN_BELOW)) | (size == 0)).all():
        shortest = list(map(repr, values.tolist()))
        return [text.removesuffix(".0") for text in shortest] if (values == np.trunc(values)).any() else shortest
    return [go_number(value) for value in values.tolist()]


def go_number(value: float) -> str:
    """A sample's value: Go's shortest form, with an exponent below 1e-6 and from 1e21."""
    size = abs(value)
    if size and not (_GO_FROM <= size < _GO_BELOW) and math.isfinite(value):
        return repr(value).replace(".0e", "e")
    return go_plain(value)


def go_plain(value: float) -> str:
    """Go's `strconv.FormatFloat(value, 'f', -1, 64)`: the shortest digits, never an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")
