"""What the face says of itself: build, flags, configuration, targets, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from opsdash.core.promql.regex import matches
from opsdash.core.promql.storage import Block, Matcher, MatchOp, Storage
from opsdash.plant.faces.exposition import newest_samples
from opsdash.plant.faces.prometheus_catalogue import Family, Target, family_of

BUILD = {
    "version": "2.42.0",
    "revision": "opsdash-demo",
    "branch": "HEAD",
    "buildUser": "",
    "buildDate": "",
    "goVersion": "",
}
"""The version whose answers are given; the revision says who gives them."""
CONFIG = "global:\n  scrape_interval: 5s\n  scrape_timeout: 5s\n  evaluation_interval: 1m\n"
FLAGS = {
    "query.lookback-delta": "5m",
    "query.max-concurrency": "1",
    "query.max-samples": "50000000",
    "query.timeout": "2m",
    "storage.tsdb.path": "",
    "storage.tsdb.retention.time": "0s",
    "web.listen-address": "127.0.0.1",
    "web.enable-admin-api": "false",
    "web.enable-lifecycle": "false",
}
_MOST_COUNTED = 10
_SCRAPE_INTERVAL = "5s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What does not change while it runs."""

    started_s: float
    """UTC seconds."""
    retention: str = "2h30m"


def go_moment(utc_s: float) -> str:
    """RFC 3339 with as many decimals as are needed."""
    moment = datetime.fromtimestamp(utc_s, UTC)
    decimals = f".{moment.microsecond:06d}".rstrip("0").rstrip(".")
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + decimals + "Z"


def runtime(facts: Facts) -> Mapping[str, object]:
    """`status/runtimeinfo`."""
    started = go_moment(facts.started_s)
    return {
        "startTime": started,
        "CWD": "/",
        "reloadConfigSuccess": True,
        "lastConfigTime": started,
        "corruptionCount": 0,
        "goroutineCount": 1,
        "GOMAXPROCS": 1,
        "GOGC": "",
        "GODEBUG": "",
        "storageRetention": facts.retention,
    }


def tsdb(blocks: Sequence[Block]) -> Mapping[str, object]:
    """`status/tsdb`: counts of the series that are there now."""
    series = [labels for block in blocks for labels in block.labels]
    pairs = Counter(f"{name}={value}" for labels in series for name, value in labels.items())
    values: dict[str, set[str]] = {}
    for labels in series:
        for name, value in labels.items():
            values.setdefault(name, set()).add(value)
    times = [int(time) for block in blocks if block.times.size for time in (block.times[0], block.times[-1])]
    return {
        "headStats": {
            "numSeries": len(series),
            "numLabelPairs": len(pairs),
            "chunkCount": len(series),
            "minTime": min(times, default=0),
            "maxTime": max(times, default=0),
        },
        "seriesCountByMetricName": _most(Counter(labels.get("__name__", "") for labels in series)),
        "labelValueCountByLabelName": _most(Counter({name: len(each) for name, each in values.items()})),
        "memoryInBytesByLabelName": _most(Counter({name: sum(map(len, each)) for name, each in values.items()})),
        "seriesCountByLabelValuePair": _most(pairs),
    }


def target(each: Target) -> Mapping[str, object]:
    """One of `targets`."""
    parts = urlsplit(each.scrape_url)
    job = each.labels.get("job", "")
    return {
        "discoveredLabels": {
            "__address__": parts.netloc,
            "__metrics_path__": parts.path,
            "__scheme__": parts.scheme,
            "__scrape_interval__": _SCRAPE_INTERVAL,
            "__scrape_timeout__": _SCRAPE_INTERVAL,
            "job": job,
        },
        "labels": dict(each.labels),
        "scrapePool": job,
        "scrapeUrl": each.scrape_url,
        "globalUrl": each.scrape_url,
        "lastError": each.last_error,
        "lastScrape": go_moment(each.last_scrape_s),
        "lastScrapeDuration": each.scrape_duration_s,
        "health": "up" if each.is_up else "down",
        "scrapeInterval": _SCRAPE_INTERVAL,
        "scrapeTimeout": _SCRAPE_INTERVAL,
    }


def targets_metadata(
    storage: Storage,
    now_ms: int,
    wanted: Sequence[Matcher],
    families: Mapping[str, Family],
    targets: Sequence[Target],
) -> list[dict[str, object]]:
    """`targets/metadata`: of each target the families that it has samples of."""
    found: list[dict[str, object]] = []
    for each in targets:
        if not all(_meets(each.labels, matcher) for matcher in wanted):
            continue
        own = [Matcher(name, MatchOp.EQUAL, each.labels.get(name, "")) for name in ("job", "instance")]
        names = {family_of(sample.name, families) for sample in newest_samples(storage, own, now_ms)}
        found += [
            {
                "target": dict(each.labels),
                "metric": name,
                "type": families[name].type,
                "help": families[name].help,
                "unit": families[name].unit,
            }
            for name in sorted(names & families.keys())
        ]
    return found


def _meets(labels: Mapping[str, str], matcher: Matcher) -> bool:
    value = labels.get(matcher.name, "")
    if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
        return (value == matcher.value) is (matcher.op is MatchOp.EQUAL)
    return (matches(matcher.value, value) is not None) is (matcher.op is MatchOp.REGEX)


def _most(counts: Counter[str]) -> list[Mapping[str, object]]:
    return [{"name": name, "value": value} for name, value in counts.most_common(_MOST_COUNTED)]
