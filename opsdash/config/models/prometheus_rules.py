"""A Prometheus rule file as it is written, and promtool's unit tests of rules."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from opsdash.config.models.model import Model
from opsdash.config.models.scalars import DURATION_SCHEMA, LooseText, Number, Text, duration, loose_text, refuse

MOST_S = 10 * 366 * 86_400.0


def _duration_or_zero(value: object) -> float:
    """A duration; Prometheus also takes a bare 0."""
    return 0.0 if value == 0 and not isinstance(value, bool) else duration(0, MOST_S)(value)


def _expression(value: object) -> str:
    """PromQL over any number of lines; a number is an expression, too."""
    given = str(value) if isinstance(value, float) else loose_text(value)
    return given.strip() or refuse("empty")


def _any_number(value: object) -> float:
    """Also NaN and the infinities."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return float(loose_text(value))
    except ValueError:
        refuse("not a number")


AnyNumber = Annotated[float, PlainValidator(_any_number), WithJsonSchema({"type": ["number", "string"]})]
Length = Annotated[float, PlainValidator(_duration_or_zero), WithJsonSchema(DURATION_SCHEMA)]
Expression = Annotated[str, PlainValidator(_expression), WithJsonSchema({"type": "string"})]


class PrometheusRule(Model):
    """One rule: it alerts or it records."""

    alert: Text | None = Field(None, description="Name of the alert.")
    record: Text | None = Field(None, description="Name of the series that is recorded.")
    expr: Expression = Field(description="PromQL.")
    for_: Length = Field(0.0, alias="for", description="How long it has to hold.")
    keep_firing_for: Length = Field(0.0, description="How long it goes on firing after it is over.")
    labels: dict[Text, LooseText] = Field(default_factory=dict, description="Added to the alert or the series.")
    annotations: dict[Text, LooseText] = Field(default_factory=dict, description="Templates.")

    @model_validator(mode="after")
    def _one_of_two(self) -> PrometheusRule:
        if (self.alert is None) is (self.record is None):
            refuse("exactly one of alert and record is wanted")
        if self.record is not None and (self.for_ or self.keep_firing_for or self.annotations):
            refuse("a recording rule has neither for, keep_firing_for nor annotations")
        return self


class PrometheusGroup(Model):
    """Rules that are evaluated together."""

    name: Text = Field(description="Unique in its file.")
    interval: Length | None = Field(None, description="How often.")
    limit: int = Field(0, description="How many alerts or series a rule may make.")
    query_offset: Length | None = Field(None, description="How much earlier its queries are asked for.")
    labels: dict[Text, LooseText] = Field(default_factory=dict, description="Added to what its rules make.")
    partial_response_strategy: Text = Field("", description="Thanos: abort or warn.")
    rules: tuple[PrometheusRule, ...] = Field((), description="In the order of evaluation.")


class PrometheusRules(Model):
    """A whole file."""

    groups: tuple[PrometheusGroup, ...] = Field((), description="Groups of rules.")


class InputSeries(Model):
    """Samples that somebody wrote down."""

    series: Text = Field(description="Its name and labels.")
    values: LooseText | Number = Field(description="Its values, in promtool's notation.")


class ExpectedAlert(Model):
    """An alert that has to fire."""

    exp_labels: dict[Text, LooseText] = Field(default_factory=dict, description="Its labels but alertname.")
    exp_annotations: dict[Text, LooseText] = Field(default_factory=dict, description="Its annotations.")


class AlertRuleTest(Model):
    """What an alert has to be at a time."""

    eval_time: Length = Field(0.0, description="Since the beginning.")
    alertname: Text = Field(description="Which alert.")
    exp_alerts: tuple[ExpectedAlert, ...] = Field((), description="Those that fire; none: it does not.")


class ExpectedSample(Model):
    """One sample of an answer."""

    labels: Text = Field("", description="Its series.")
    value: AnyNumber = Field(description="Its value.")


class PromqlExprTest(Model):
    """What a query has to give at a time."""

    expr: Expression = Field(description="PromQL.")
    eval_time: Length = Field(0.0, description="Since the beginning.")
    exp_samples: tuple[ExpectedSample, ...] = Field((), description="All that it gives.")


class RuleTest(Model):
    """One of `tests`."""

    name: Text = Field("", description="What it shows.")
    interval: Length | None = Field(None, description="Between two samples.")
    input_series: tuple[InputSeries, ...] = Field((), description="The samples.")
    alert_rule_test: tuple[AlertRuleTest, ...] = Field((), description="Expected alerts.")
    promql_expr_test: tuple[PromqlExprTest, ...] = Field((), description="Expected answers.")
    external_labels: dict[Text, LooseText] = Field(default_factory=dict, description="For templates.")
    external_url: Text = Field("", description="For templates.")


class RuleTests(Model):
    """A whole test file."""

    rule_files: tuple[Text, ...] = Field((), description="Rule files, beside the test file; * is allowed.")
    evaluation_interval: Length | None = Field(None, description="How often the groups are evaluated; 1m.")
    group_eval_order: tuple[Text, ...] = Field((), description="Names of groups, in the order of evaluation.")
    tests: tuple[RuleTest, ...] = Field((), description="The tests.")
