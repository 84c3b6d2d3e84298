"""Whether two servers gave the same answer, and the named rules by which they may differ.

positions      `line`, `col` and `[1:23]` in a refusal: the plant does not tell where in the request
expectations   the list behind `Was expecting one of` in a refusal of query_string
timing         `took`, `timed_out`, `terminated_early`, `_shards`, names of nodes and uuids of indices
relevance      a score that is not constant: BM25 on one side, 1 on the other
digest         percentiles: a t-digest on one side, exact on the other
sketch         cardinality: a sketch on one side, exact on the other
rounding       sums of the same numbers in another order
repeated_cause a real server nests the same refusal in itself before its cause
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = Any

_TIMING = {"took", "timed_out", "terminated_early", "_shards", "node", "index_uuid", "line", "col", "_node", "_shard"}
_POSITION = re.compile(r"^\[\d+:\d+\] | at \[\d+:\d+\]$")
_SOURCE = re.compile(r"\n at \[Source.*", re.DOTALL)
_EXPECTED = re.compile(r"\n?Was expecting.*", re.DOTALL)
DIGEST = 0.15
SKETCH = 0.06
_DECODERS = {"json_e_o_f_exception", "json_parse_exception", "e_o_f_exception"}


def differences(real: Json, ours: Json, path: str = "") -> Iterator[str]:
    """What differs and no rule explains, with the path to it."""
    if isinstance(real, Mapping) and isinstance(ours, Mapping):
        yield from _of_objects(real, ours, path)
    elif isinstance(real, list) and isinstance(ours, list):
        if len(real) != len(ours):
            yield f"{path}: {len(real)} or {len(ours)} items"
            return
        for place, (one, other) in enumerate(zip(real, ours, strict=True)):
            yield from differences(one, other, f"{path}[{place}]")
    elif isinstance(real, str) and isinstance(ours, str):
        if _words(real, path) != _words(ours, path):
            yield f"{path}: {real[:300]!r} or {ours[:300]!r}"
    elif _is_number(real) and _is_number(ours):
        if not _near(float(real), float(ours), path):
            yield f"{path}: {real!r} or {ours!r}"
    elif real != ours or isinstance(real, bool) != isinstance(ours, bool):
        yield f"{path}: {real!r:.300} or {ours!r:.300}"


def _of_objects(real: Mapping[str, Json], ours: Mapping[str, Json], path: str) -> Iterator[str]:
    real, ours = _without_repeated_cause(real), _without_repeated_cause(ours)
    for key in sorted({*real, *ours} - _TIMING):
        if key in ("_score", "max_score") and _is_number(real.get(key)) and _is_number(ours.get(key)):
            continue  # relevance
        if key == "caused_by" and {key} <= {*real} & {*ours} and str(real[key].get("type")) in _DECODERS:
            continue  # decoder
        if key not in real or key not in ours:
            where = "the real one" if key in real else "ours"
            yield f"{path}.{key}: only in {where}: {real.get(key, ours.get(key))!r:.300}"
        else:
            yield from differences(real[key], ours[key], f"{path}.{key}")


def _without_repeated_cause(told: Mapping[str, Json]) -> Mapping[str, Json]:
    """Without the cause that says the same as what it causes; the cause of that takes its place."""
    cause = told.get("caused_by")
    while (
        isinstance(cause, Mapping)
        and cause.get("reason") == told.get("reason")
        and cause.get("type") == told.get("type")
    ):
        told = {**told, "caused_by": cause.get("caused_by")}
        if told["caused_by"] is None:
            told = {key: value for key, value in told.items() if key != "caused_by"}
        cause = told.get("caused_by")
    return told


def _words(text: str, path: str) -> str:
    if ".values." in path and path.endswith("_as_string"):
        return text[:16]  # digest
    if not path.endswith((".reason", ".error")):
        return text
    return _EXPECTED.sub("", _SOURCE.sub("", _POSITION.sub("", text))).strip()


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _near(real: float, ours: float, path: str) -> bool:
    if ".values." in path or (".values[" in path and path.endswith(".value")):
        return math.isclose(real, ours, rel_tol=DIGEST, abs_tol=0.5)
    if path.endswith(".different.value"):
        return math.isclose(real, ours, rel_tol=SKETCH, abs_tol=1)
    return math.isclose(real, ours, rel_tol=1e-6, abs_tol=1e-6)
