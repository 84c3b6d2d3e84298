"""Models into core values. Only a configuration without errors is built, so nothing is checked here again."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from opsdash.config.models.panel import Panel
from opsdash.config.models.panel import Thresholds as ThresholdsModel
from opsdash.config.models.query import Metric
from opsdash.config.models.query import PanelQuery as QueryModel
from opsdash.config.models.source import Auth as AuthModel
from opsdash.config.models.source import Source, TlsFiles
from opsdash.config.models.variable import Variable
from opsdash.config.texts import metric_fields
from opsdash.core.alerting.matchers import Matchers
from opsdash.core.alerting.severity import Severity
from opsdash.core.limits import Limits
from opsdash.core.metrics.queries import EsFunction, EsMetric, EsqlQuery, EsQuery, LogQuery, PromQuery, Query
from opsdash.core.secret import SecretRef
from opsdash.core.sources import ApiKeyAuth, Auth, BasicAuth, BearerAuth, SourceKind, SourceSpec, Tls
from opsdash.core.variables import (
    ALL,
    FieldValues,
    FixedValues,
    FreeText,
    LabelValues,
    QueryResult,
    Selection,
    ValuesFrom,
    VariableSpec,
)
from opsdash.core.view.panels import Calc, Column, DrawStyle, Grid, PanelKind, PanelQuery, PanelSpec, Thresholds
from opsdash.core.view.panels import Mapping as ValueMapping

INSTANT_KINDS = frozenset({"table", "gauge", "bargauge", "toplist", "cost"})
"""Panels that show one number of a series: where that is the last, no history is asked for."""
ALL_WORDS = frozenset({"All", "all", ALL})


def source_spec(name: str, source: Source, folder: Path) -> SourceSpec:
    """A source; paths are absolute from `folder` on."""
    limits = source.limits
    return SourceSpec(
        name=name,
        kind=cast("SourceKind", source.kind),
        url=source.url,
        timeout_s=source.timeout,
        headers=tuple(
            (name, value if isinstance(value, str) else anchored(value, folder))
            for name, value in source.headers.items()
        ),
        auth=_auth(source.auth, folder),
        tls=_tls(source.tls, folder),
        proxy=source.proxy,
        index=source.index,
        time_field=source.time_field,
        message_field=source.message_field,
        level_field=source.level_field,
        scrape_interval_s=source.scrape_interval,
        ingest_lag_s=source.ingest_lag,
        max_connections=source.max_connections,
        limits=Limits() if limits is None else Limits(bytes=limits.bytes, points=limits.points, series=limits.series),
    )


def tls_files(tls: TlsFiles | None, folder: Path) -> Mapping[str, Path]:
    """The files of a source's `tls`, absolute, by key."""
    given = {} if tls is None else {"ca": tls.ca, "cert": tls.cert, "key": tls.key}
    return {name: (folder / Path(path).expanduser()).absolute() for name, path in given.items() if path is not None}


def _auth(auth: AuthModel | None, folder: Path) -> Auth | None:
    if auth is None:
        return None
    if auth.bearer is not None:
        return BearerAuth(token=anchored(auth.bearer, folder))
    if auth.basic is not None:
        return BasicAuth(username=auth.basic.username, password=anchored(auth.basic.password, folder))
    return ApiKeyAuth(key=anchored(auth.api_key, folder)) if auth.api_key is not None else None


def anchored(secret: SecretRef, folder: Path) -> SecretRef:
    """The reference; that to a file with an absolute path."""
    if secret.scheme != "file":
        return secret
    return replace(secret, where=str((folder / Path(secret.where).expanduser()).absolute()))


def _tls(tls: TlsFiles | None, folder: Path) -> Tls:
    if tls is None:
        return Tls()
    files = {name: str(path) for name, path in tls_files(tls, folder).items()}
    return Tls(
        ca=files.get("ca"),
        cert=files.get("cert"),
        key=files.get("key"),
        server_name=tls.server_name,
        insecure_skip_verify=tls.insecure_skip_verify,
    )


def variable_spec(name: str, variable: Variable) -> VariableSpec:
    """A variable."""
    return VariableSpec(
        name=name,
        values_from=_values_from(variable),
        source=variable.source or "",
        label=variable.label,
        multi=variable.multi,
        include_all=variable.include_all,
        all_value=variable.all_value,
        default=_default(variable),
        regex=variable.regex,
    )


def _values_from(variable: Variable) -> ValuesFrom:
    if variable.label_values is not None:
        return LabelValues(label=variable.label_values.label, metric=variable.label_values.metric)
    if variable.field_values is not None:
        return FieldValues(field=variable.field_values.field, query=variable.field_values.query)
    if variable.query_result is not None:
        return QueryResult(expr=variable.query_result.expr, label=variable.query_result.label)
    if variable.values is not None:
        return FixedValues(values=variable.values)
    return FreeText()


def _default(variable: Variable) -> Selection:
    given = variable.default or ()
    if variable.include_all and any(value in ALL_WORDS for value in given):
        return (ALL,)
    return given


def panel_spec(panel: Panel, identity: str, kinds: Mapping[str, str]) -> PanelSpec:
    """A panel; `kinds` are the kinds of the sources by name."""
    queries = tuple(_panel_query(panel, query, index, kinds) for index, query in enumerate(panel.queries))
    grid = panel.grid
    return PanelSpec(
        id=identity,
        title=panel.title,
        kind=PanelKind(panel.kind),
        source=panel.source or "",
        description=panel.description,
        unit=panel.unit,
        decimals=panel.decimals,
        grid=None if grid is None else Grid(x=grid.x, y=grid.y, w=grid.w, h=grid.h),
        queries=queries,
        thresholds=_thresholds(panel.thresholds) or Thresholds(),
        draw=cast("DrawStyle", panel.draw),
        stacked=panel.stacked,
        legend=cast("tuple[Calc, ...] | None", panel.legend),
        calc=cast("Calc", panel.calc),
        minimum=panel.min,
        maximum=panel.max,
        text=panel.text,
        columns=tuple(
            Column(name=column.name, title=column.title, unit=column.unit, decimals=column.decimals,
                   width=column.width, thresholds=_thresholds(column.thresholds))
            for column in panel.columns
        ),
        sort=panel.sort,
        limit=panel.limit,
        mappings=tuple(
            ValueMapping(text=one.text, value=one.value, low=one.low, high=one.high, level=one.level)  # type: ignore[arg-type]
            for one in panel.mappings
        ),
        per=panel.per,  # type: ignore[arg-type]
        requests=None if panel.requests is None else query_of(panel, panel.requests, kinds),
        max_series=panel.max_series,
        matchers=_matchers(panel.matchers) if panel.matchers else (),
        severity=Severity[panel.severity.upper()],
    )  # fmt: skip


def _matchers(texts: Sequence[str]) -> Matchers:
    from opsdash.core.alerting.matcher_text import parse_matchers  # noqa: PLC0415 - 5 ms, for who filters alerts

    return tuple(matcher for text in texts for matcher in parse_matchers(text))


def _thresholds(given: ThresholdsModel | None) -> Thresholds | None:
    if given is None:
        return None
    return Thresholds(warning=given.warning, critical=given.critical, below=given.below)


def _panel_query(panel: Panel, query: QueryModel, index: int, kinds: Mapping[str, str]) -> PanelQuery:
    return PanelQuery(
        query=query_of(panel, query, kinds),
        name=query.name or query_name(index),
        legend=query.legend,
        unit=query.unit,
        hidden=query.hidden,
    )


def query_name(index: int) -> str:
    """A, B, … Z, A1, B1, …"""
    letters = string.ascii_uppercase
    return letters[index % 26] + (str(index // 26) if index >= 26 else "")


def query_of(panel: Panel, query: QueryModel, kinds: Mapping[str, str]) -> Query:
    """The question as the kind of its source asks it."""
    source = query.source or panel.source or ""
    instant = query.instant if query.instant is not None else panel.kind in INSTANT_KINDS and panel.calc == "last"
    offset = query.offset or 0.0
    if kinds.get(source) == "prometheus":
        return PromQuery(source=source, expr=query.expr or "", instant=instant, step_s=query.step, offset_s=offset)
    if query.esql is not None:
        return EsqlQuery(source=source, esql=query.esql, time_column=query.time_column, offset_s=offset)
    filters = tuple(query.filters.items())
    if panel.kind == "logs":
        return LogQuery(source=source, query=query.query or "", filters=filters, index=query.index,
                        limit=query.limit, fields=query.fields)  # fmt: skip
    return EsQuery(
        source=source,
        query=query.query or "",
        metric=es_metric(query.metric),
        group_by=query.group_by,
        groups=query.groups,
        filters=filters,
        index=query.index,
        interval_s=query.interval,
        instant=instant,
        offset_s=offset,
    )


def es_metric(metric: Metric | None) -> EsMetric:
    """What Elasticsearch computes; documents are counted where nothing is said."""
    if metric is None:
        return EsMetric(function="count")
    function, field = next(metric_fields(metric))
    percents = tuple(metric.percentiles.percents) if metric.percentiles is not None else ()
    per_s = metric.rate.per if metric.rate is not None else 1.0
    return EsMetric(function=cast("EsFunction", function), field=field, percents=percents, per_s=per_s)


def identities(dashboards: Iterable[tuple[str, Iterable[str]]]) -> list[list[str]]:
    """Panel ids by dashboard: `Dashboard/Panel`, with `#2` for the second of the same name."""
    seen: Counter[str] = Counter()
    found = []
    for dashboard, panels in dashboards:
        row = []
        for panel in panels:
            identity = f"{dashboard}/{panel}"
            seen[identity] += 1
            while seen[identity] > 1 and seen[numbered := f"{identity}#{seen[identity]}"]:
                seen[identity] += 1
            row.append(identity if seen[identity] == 1 else numbered)
            seen[row[-1]] = max(seen[row[-1]], 1)
        found.append(row)
    return found
