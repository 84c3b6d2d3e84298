"""What a storm makes quick gives exactly what the long way gives."""

from __future__ import annotations

import json
import math
from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from opsdash.core.alerting import decoding
from opsdash.core.alerting.alert import Alert, Cause, Phase
from opsdash.core.alerting.codec import written
from opsdash.core.alerting.identity import CAUSE_LABEL, identity_of
from opsdash.core.alerting.severity import Severity
from opsdash.core.alerting.templates import Expansion, TemplateFailed, expand
from opsdash.core.alerting.templates.expand import FUNCTIONS, VARIABLES
from opsdash.core.alerting.templates.parse import parsed
from opsdash.core.alerting.templates.quick import UNARY, quick
from opsdash.core.metrics.labels import labels_of

TEXTS = st.text(max_size=12)
NAMES = st.sampled_from(["a", "service", "__name__", "alertname", CAUSE_LABEL, "zone"])
LABELS = st.dictionaries(NAMES, TEXTS, max_size=5).map(labels_of)
NUMBERS = st.floats(width=32) | st.sampled_from([0.0, math.nan, math.inf, -math.inf, 1e21, 12345.678])
VALUES = st.sampled_from(["$value", ".Value", "$labels.a", ".Labels.service", "$labels.missing"])


def long_way(template: str, expansion: Expansion) -> str:
    """The same template, made too involved for the quick way: a variable is declared, and nothing printed for it."""
    try:
        return expand("{{ $unused := 1 }}" + template, expansion)
    except TemplateFailed as failed:
        return f"fails: {failed.message}"


@given(
    st.lists(st.tuples(VALUES, st.lists(st.sampled_from(UNARY), max_size=2), TEXTS), min_size=1, max_size=3),
    LABELS,
    NUMBERS,
)
def test_a_plain_template_gives_the_same_without_the_walk(
    parts: list[tuple[str, list[str], str]], labels: tuple[tuple[str, str], ...], value: float
) -> None:
    template = "".join(
        "{{ " + " | ".join([operand, *functions]) + " }}" + text.replace("{", "") for operand, functions, text in parts
    )
    expansion = Expansion(labels=labels, value=value)
    try:
        said = expand(template, expansion)
    except TemplateFailed as failed:
        said = f"fails: {failed.message}"
    assert said == long_way(template, expansion)


def test_what_is_not_plain_is_left_to_the_walk() -> None:
    def is_quick(template: str) -> bool:
        return quick(parsed(template, FUNCTIONS, VARIABLES)) is not None

    assert is_quick("{{ $labels.service }} has {{ $value | humanize }} errors")
    for involved in (
        "{{ if $value }}a{{ end }}",
        '{{ printf "%.2f" $value }}',
        "{{ $x := $value }}{{ $x }}",
        '{{ query "up" }}',
        '{{ define "a" }}b{{ end }}c',
        "{{ $labels }}",
    ):
        assert not is_quick(involved), involved


@given(LABELS, LABELS)
def test_an_alert_is_named_by_its_series_its_rule_and_its_name_and_by_nothing_that_a_series_claims(
    series: tuple[tuple[str, str], ...], added: tuple[tuple[str, str], ...]
) -> None:
    found = identity_of("High", series, added)
    wanted = {**dict(series), **dict(added)}
    for own in ("__name__", "alertname", CAUSE_LABEL):
        wanted.pop(own, None)
    kept = {key: value.encode("utf-8", "replace").decode() for key, value in wanted.items() if value}
    assert found == tuple(sorted({**kept, "alertname": "High"}.items()))


@given(
    labels=LABELS,
    value=NUMBERS,
    threshold=st.none() | NUMBERS,
    severity=st.sampled_from(Severity),
    phase=st.sampled_from(Phase),
    cause=st.sampled_from(Cause),
    fired_at_s=st.none() | st.floats(0, 2e9),
)
def test_an_alert_is_written_with_every_field_and_as_any_other_value_is(**given_fields: object) -> None:
    alert = Alert(
        fingerprint="f",
        rule="g/r",
        name="r",
        active_at_s=1.0,
        annotations=(("a", "b"),),
        hubs=("am",),
        **given_fields,  # type: ignore[arg-type]
    )
    body = json.loads(written(alert).body or "")
    assert set(body) == {one.name for one in fields(Alert)}
    for one in fields(Alert):
        assert body[one.name] == json.loads(json.dumps(decoding._plain(getattr(alert, one.name)))), one.name
