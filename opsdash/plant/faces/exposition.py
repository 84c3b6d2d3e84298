"""`/metrics`: the newest sample of every series, in Prometheus's text format or in OpenMetrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from opsdash.core.promql.storage import Matcher, Storage
from opsdash.plant.faces.prometheus_answers import go_number
from opsdash.plant.faces.prometheus_catalogue import Family, family_of

PLAIN_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
NEWEST_WITHIN_MS = 300_000
_STALE_BITS = np.uint64(0x7FF0000000000002)
_OF_THE_SCRAPER = ("up", "scrape_")
"""What whoever scrapes makes itself; exposing it too would mix up the two."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest sample of one series."""

    labels: Mapping[str, str]
    value: float
    time_ms: int

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.labels.get("__name__", "")


def newest_samples(storage: Storage, matchers: Sequence[Matcher], now_ms: int) -> Iterator[Newest]:
    """Of every series that has one in the last five minutes and is not stale."""
    for block in storage.select(matchers, now_ms - NEWEST_WITHIN_MS, now_ms):
        last = int(np.searchsorted(block.times, now_ms, side="right")) - 1
        if last < 0 or block.times[last] < now_ms - NEWEST_WITHIN_MS:
            continue
        column = np.ascontiguousarray(block.values[:, last])
        is_stale = column.view(np.uint64) == _STALE_BITS
        time_ms = int(block.times[last])
        for labels, value, stale in zip(block.labels, column.tolist(), is_stale.tolist(), strict=True):
            if not stale:
                yield Newest(labels, value, time_ms)


def exposed(samples: Iterable[Newest], families: Mapping[str, Family], *, openmetrics: bool) -> bytes:
    """The page, families in the order of their names."""
    by_family: dict[str, list[Newest]] = {}
    for sample in samples:
        if not sample.name.startswith(_OF_THE_SCRAPER):
            by_family.setdefault(family_of(sample.name, families), []).append(sample)
    lines: list[str] = []
    for name in sorted(by_family):
        family = families.get(name) or Family(type="unknown")
        lines += _openmetrics_head(name, family) if openmetrics else _plain_head(name, family)
        lines += [_line(sample) for sample in sorted(by_family[name], key=_place)]
    if openmetrics:
        lines.append("# EOF")
    return "".join([f"{line}\n" for line in lines]).encode("utf-8", "replace")


def federated(samples: Iterable[Newest]) -> bytes:
    """What `/federate` shows: every sample with its time, in the order of labels."""
    rows = sorted(samples, key=lambda each: sorted(each.labels.items()))
    lines: list[str] = []
    before = ""
    for sample in rows:
        if sample.name != before:
            lines.append(f"# TYPE {sample.name} untyped")
            before = sample.name
        lines.append(f"{_line(sample, with_instance=True)} {sample.time_ms}")
    return "".join([f"{line}\n" for line in lines]).encode("utf-8", "replace")


def wants_openmetrics(accept: str) -> bool:
    """Whether the header Accept names OpenMetrics, and not with `q=0`."""
    pieces = [piece.replace(" ", "") for piece in accept.lower().split(",")]
    return any("openmetrics-text" in piece and not piece.endswith((";q=0", ";q=0.0")) for piece in pieces)


def _plain_head(name: str, family: Family) -> list[str]:
    kind = "untyped" if family.type == "unknown" else family.type
    return [f"# HELP {name} {_escaped(family.help)}", f"# TYPE {name} {kind}"]


def _openmetrics_head(name: str, family: Family) -> list[str]:
    """A counter has to end in `_total`, and its family has not; a counter that does not is of unknown type there."""
    stem, kind = name.removesuffix("_total"), family.type
    if kind != "counter" or stem == name:
        stem, kind = name, "unknown" if kind == "counter" else kind
    unit = [f"# UNIT {stem} {family.unit}"] if family.unit and stem.endswith(f"_{family.unit}") else []
    help_text = _escaped(family.help).replace('"', '\\"')
    return [f"# HELP {stem} {help_text}", f"# TYPE {stem} {kind}", *unit]


def _place(sample: Newest) -> tuple[object, ...]:
    """Buckets of one histogram stand together and in the order of their bounds, as parsers expect."""
    rest = sorted(item for item in sample.labels.items() if item[0] not in ("le", "__name__"))
    return rest, not sample.name.endswith("_bucket"), sample.name, _bound(sample.labels.get("le", "")), sample.time_ms


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _line(sample: Newest, *, with_instance: bool = False) -> str:
    labels = {name: value for name, value in sorted(sample.labels.items()) if name != "__name__" and value}
    if with_instance:
        labels = {**labels, "instance": labels.get("instance", "")}
    inside = ",".join(f'{name}="{_quoted(value)}"' for name, value in sorted(labels.items()))
    return (
        f"{sample.name}{{{inside}}} {go_number(sample.value)}" if inside else f"{sample.name} {go_number(sample.value)}"
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
