"""Models of alerts into core values. Only a configuration without errors is built."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from opsdash.config.build import anchored, es_metric, source_spec
from opsdash.core.alerting.matcher_text import parse_matchers
from opsdash.core.alerting.matchers import Matchers
from opsdash.core.alerting.rules import (
    Absent,
    AckPolicy,
    AlertRule,
    AnySeries,
    Condition,
    Deviation,
    MissingPolicy,
    RuleGroup,
    Threshold,
)
from opsdash.core.alerting.severity import severity_of
from opsdash.core.alerting.slo import GROUP, INTERVAL_S, burn_rate_rule
from opsdash.core.alerting.spec import (
    AlertingSpec,
    CommentRule,
    Escalate,
    InhibitRule,
    MaintenanceWindow,
    NotifierSpec,
    Slo,
)
from opsdash.core.metrics.labels import Labels, labels_of
from opsdash.core.metrics.queries import EsQuery, PromQuery
from opsdash.core.project import shown_url
from opsdash.core.promql import MatchOp, PromqlError, selectors
from opsdash.core.secret import SecretRef
from opsdash.core.sources import SourceSpec

if TYPE_CHECKING:
    from opsdash.config.models.alerts import Acknowledge, Alerts, Comment, NoData, Rule, RuleLevels, ShareLevels
    from opsdash.config.models.alerts import Deviation as DeviationModel
    from opsdash.config.models.alerts import Escalate as EscalateModel
    from opsdash.config.models.alerts import Maintenance as MaintenanceModel
    from opsdash.config.models.notify import Notification
    from opsdash.config.models.slo import Slo as SloModel
    from opsdash.config.union import Union

T = TypeVar("T")

DEFAULT_ES_INTERVAL_S = 60.0
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SECRET_OPTIONS = ("routing_key", "password")


def alerting_spec(union: Union, refresh_s: float) -> AlertingSpec:
    """Everything of all files."""
    alerts: list[Alerts] = [part.model for part in union.sections.get("alerts", ())]
    slos = tuple(_slo(part.model) for part in union.sections.get("slos", ()))
    policy = _policy(next((part.acknowledge for part in alerts if part.acknowledge), None), AckPolicy())
    return AlertingSpec(
        groups=(*_groups(union, alerts, refresh_s, policy), *_slo_group(slos, policy)),
        slos=slos,
        inhibit=tuple(
            InhibitRule(source=_matchers(rule.source), target=_matchers(rule.target), equal=rule.equal)
            for part in alerts
            for rule in part.inhibit
        ),
        maintenance=tuple(_maintenance(window) for part in alerts for window in part.maintenance),
        comments=tuple(_comment(rule) for part in alerts for rule in part.comments),
        escalate=tuple(_escalate(step) for part in alerts for step in part.escalate),
        group_by=_first((part.group_by for part in alerts), ("alertname",)),
        notifiers=_notifiers(union),
        environment=str(union.top["environment"][0]) if "environment" in union.top else "",
        store=_store(union),
        desktop=_first((part.desktop for part in alerts), True),
        send_to=_first((part.send_to for part in alerts), ()),
        mirror=_first((part.mirror for part in alerts), True),
        hubs=_hubs(union),
        hubs_every_s=max(refresh_s, 1.0),
        addresses=tuple(
            (name, shown_url(source.model.url))
            for name, source in union.sources.items()
            if source.model.kind == "prometheus"
        ),
    )


def _groups(union: Union, alerts: Sequence[Alerts], refresh_s: float, policy: AckPolicy) -> Iterator[RuleGroup]:
    kinds = {name: source.model.kind for name, source in union.sources.items()}
    for group in (group for part in alerts for group in part.groups):
        interval_s = group.interval or refresh_s
        labels = labels_of(group.labels)
        rules = tuple(
            replace(_rule(rule, (group.name, interval_s), labels, kinds, policy), nth=nth)
            for rule, nth in zip(group.rules, ordinals([rule.alert for rule in group.rules]), strict=True)
        )
        yield RuleGroup(name=group.name, interval_s=interval_s, rules=rules)


def ordinals(names: Sequence[str]) -> Iterator[int]:
    """Of each name, which one of its kind it is: 1 for the first."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield seen[name]


def _slo_group(slos: Sequence[Slo], policy: AckPolicy) -> Iterator[RuleGroup]:
    """The rules of all objectives; no group where there are none."""
    if slos:
        rules = tuple(replace(burn_rate_rule(slo), ack=policy) for slo in slos)
        yield RuleGroup(name=GROUP, interval_s=INTERVAL_S, rules=rules)


def _comment(model: Comment) -> CommentRule:
    return CommentRule(matchers=_matchers(model.matchers), pattern=model.pattern, hint=model.hint)


def _escalate(model: EscalateModel) -> Escalate:
    return Escalate(after_s=model.after, severity=severity_of(model.severity), level=model.level)


def _hubs(union: Union) -> tuple[SourceSpec, ...]:
    return tuple(
        source_spec(name, source.model, _folder(source.place.document.file))
        for name, source in union.sources.items()
        if source.model.kind == "alertmanager"
    )


def _first(given: Iterable[T | None], otherwise: T) -> T:
    return next((value for value in given if value is not None), otherwise)


def _folder(file: str) -> Path:
    return Path(file).absolute().parent


def _matchers(texts: Sequence[str]) -> Matchers:
    return tuple(matcher for text in texts for matcher in parse_matchers(text))


def _slo(model: SloModel) -> Slo:
    return Slo(
        name=model.name,
        objective=model.objective,
        window_s=model.window,
        source=model.source,
        good=model.good,
        total=model.total,
        description=model.description,
    )


def _rule(
    model: Rule, group: tuple[str, float], labels: Labels, kinds: Mapping[str, str], policy: AckPolicy
) -> AlertRule:
    in_prometheus_form = model.above is None and model.below is None and model.deviation is None
    query = _query(model, kinds)
    return AlertRule(
        name=model.alert,
        group=group[0],
        queries=(query, replace(query, offset_s=model.deviation.than)) if model.deviation is not None else (query,),
        condition=_condition(model),
        interval_s=group[1],
        for_s=model.for_,
        keep_firing_for_s=model.keep_firing_for,
        no_data=_missing(model.no_data, MissingPolicy(state="ok" if in_prometheus_form else "alert", for_s=120.0)),
        error=_missing(model.error, MissingPolicy(state="alert", for_s=120.0)),
        labels=labels_of({**dict(labels), **model.labels}),
        annotations=labels_of(model.annotations),
        actions=model.actions,
        unit=model.unit,
        ack=_policy(model.acknowledge, policy),
        dashboard=model.dashboard,
        panel=model.panel,
        logs=model.logs,
    )


def _query(model: Rule, kinds: Mapping[str, str]) -> PromQuery | EsQuery:
    if kinds.get(model.source) != "elasticsearch":
        return PromQuery(source=model.source, expr=model.expr or "", instant=True)
    return EsQuery(
        source=model.source,
        query=model.query or "",
        metric=es_metric(model.metric),
        group_by=model.group_by,
        groups=model.groups,
        filters=tuple(model.filters.items()),
        index=model.index,
        interval_s=model.interval or DEFAULT_ES_INTERVAL_S,
    )


def _condition(model: Rule) -> Condition:
    severity = severity_of(model.severity or model.labels.get("severity", "warning"))
    if model.absent:
        return Absent(severity=severity, labels=_absent_labels(model.expr or ""))
    if model.deviation is not None:
        return _deviation(model.deviation)
    if model.above is not None:
        return _threshold(model.above, model.clear, below=False)
    if model.below is not None:
        return _threshold(model.below, model.clear, below=True)
    return AnySeries(severity=severity)


def _threshold(levels: RuleLevels | ShareLevels, clear: float | None, *, below: bool) -> Threshold:
    return Threshold(below=below, warning=levels.warning, critical=levels.critical, clear=clear)


def _deviation(model: DeviationModel) -> Deviation:
    given = {"up": model.above, "down": model.below, "both": model.both}
    for direction in ("up", "down", "both"):
        levels = given[direction]
        if levels is not None:
            return Deviation(earlier_s=model.than, threshold=_threshold(levels, None, below=False), direction=direction)
    raise ValueError("a deviation without levels was not refused")


def _absent_labels(expr: str) -> Labels:
    """What equality matchers of a lone selector say, as with PromQL's absent()."""
    try:
        found = selectors(expr)
    except PromqlError:
        return ()
    if len(found) != 1:
        return ()
    pairs = {one.name: one.value for one in found[0] if one.op is MatchOp.EQUAL and one.name != "__name__"}
    return labels_of(pairs)


def _missing(model: NoData | None, otherwise: MissingPolicy) -> MissingPolicy:
    if model is None:
        return otherwise
    return MissingPolicy(state=model.state, for_s=model.for_, severity=severity_of(model.severity))  # type: ignore[arg-type]  # one of three, checked


def _policy(model: Acknowledge | None, otherwise: AckPolicy) -> AckPolicy:
    if model is None:
        return otherwise
    return AckPolicy(
        expires_s=otherwise.expires_s if model.expires is None else model.expires,
        worsens_share=otherwise.worsens_share if model.worsens is None else model.worsens,
        idle_s=otherwise.idle_s if model.idle is None else model.idle or None,
    )


def _maintenance(model: MaintenanceModel) -> MaintenanceWindow:
    return MaintenanceWindow(
        name=model.name,
        matchers=_matchers(model.matchers),
        starts_at_s=moment_of(model.starts) if model.starts else None,
        ends_at_s=moment_of(model.ends) if model.ends else None,
        days=tuple(DAYS.index(day) for day in model.days),
        from_s=time_of_day_s(model.from_) if model.from_ else None,
        length_s=model.for_ or 0.0,
        timezone=model.timezone,
    )


def moment_of(text: str) -> float:
    """UTC seconds of an ISO 8601 time with its offset. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.timestamp()


def time_of_day_s(text: str) -> float:
    """Seconds since midnight of 02:00. Raises ValueError."""
    at = datetime.strptime(text, "%H:%M")  # noqa: DTZ007  # a time of day has no zone
    return at.hour * 3600.0 + at.minute * 60.0


def _notifiers(union: Union) -> tuple[NotifierSpec, ...]:
    found: list[NotifierSpec] = []
    for part in union.sections.get("notify", ()):
        model: Notification = part.model
        folder = _folder(part.place.document.file)
        same = sum(1 for one in found if one.name.split("#")[0] == (model.name or model.kind))
        found.append(
            NotifierSpec(
                name=(model.name or model.kind) + (f"#{same + 1}" if same else ""),
                kind=model.kind,
                url=anchored(model.url, folder) if isinstance(model.url, SecretRef) else model.url,
                severity=severity_of(model.severity or "info"),
                matchers=_matchers(model.matchers),
                level=model.level,
                send_resolved=model.send_resolved,
                repeat_s=model.repeat,
                rate_per_minute=float(model.rate),
                timeout_s=model.timeout,
                options=_options(model, folder),
            )
        )
    return tuple(found)


def _options(model: Notification, folder: Path) -> dict[str, str | SecretRef]:
    options: dict[str, str | SecretRef] = {
        name: text
        for name, text in (
            ("channel", model.channel),
            ("from", model.sender),
            ("to", ", ".join(model.to)),
            ("username", model.username),
            ("starttls", "" if model.starttls else "off"),
        )
        if text
    }
    for name in SECRET_OPTIONS:
        secret: SecretRef | None = getattr(model, name)
        if secret is not None:
            options[name] = anchored(secret, folder)
    return options


def _store(union: Union) -> str | SecretRef | None:
    parts = union.sections.get("store", ())
    if not parts:
        return None
    url: str | SecretRef = parts[0].model.url
    folder = _folder(parts[0].place.document.file)
    if isinstance(url, SecretRef):
        return anchored(url, folder)
    scheme, _, rest = url.partition("://")
    if scheme != "sqlite":
        return url
    # sqlite:///var/lib/x is the file /var/lib/x; sqlite://x stands beside the configuration.
    return f"sqlite://{(folder / rest).absolute()}"
