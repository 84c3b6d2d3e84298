"""One entry of `queries:` as it is written, for any kind of source."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from opsdash.config.models.model import Model
from opsdash.config.models.scalars import (
    DURATION_SCHEMA,
    Flag,
    LooseText,
    Percent,
    Strings,
    Text,
    Words,
    duration,
    whole,
    whole_schema,
)

FUNCTIONS = ("count", "avg", "sum", "min", "max", "cardinality", "percentiles", "rate")
DEFAULT_PERCENTS = (50.0, 95.0, 99.0)

Step = Annotated[float, PlainValidator(duration(0.001, 31_536_000)), WithJsonSchema(DURATION_SCHEMA)]
Per = Annotated[float, PlainValidator(duration(0.001, 31_536_000)), WithJsonSchema(DURATION_SCHEMA)]
Groups = Annotated[int, PlainValidator(whole(1, 1_000)), whole_schema(1, 1_000)]
Rows = Annotated[int, PlainValidator(whole(1, 10_000)), whole_schema(1, 10_000)]


class _OfField(Model):
    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "description": "The field alone."}

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"field": value} if isinstance(value, str) else value


class FieldMetric(_OfField):
    """A function of a field."""

    field: Words = Field(description="The field.")


class Percentiles(_OfField):
    """Percentiles of a field; each is a series of its own."""

    field: Words = Field(description="A number field.")
    percents: list[Percent] = Field(
        default_factory=lambda: list(DEFAULT_PERCENTS), description="Which ones, between 0 and 100.", min_length=1
    )


class Rate(_OfField):
    """Documents, or the sum of a field, per second."""

    field: Text = Field("", description="The field that is summed; without it documents are counted.")
    per: Per = Field(1.0, description="Per how much time.")


class Count(Model):
    """Takes nothing."""


class Metric(Model):
    """What is computed in each bucket: exactly one of these."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "enum": ["count", "rate"]}

    count: Count | None = Field(None, description="Documents.")
    avg: FieldMetric | None = Field(None, description="Mean of a field.")
    sum: FieldMetric | None = Field(None, description="Sum of a field.")
    min: FieldMetric | None = Field(None, description="Smallest value of a field.")
    max: FieldMetric | None = Field(None, description="Largest value of a field.")
    cardinality: FieldMetric | None = Field(None, description="How many different values a field has (estimated).")
    percentiles: Percentiles | None = Field(None, description="Percentiles of a field.")
    rate: Rate | None = Field(None, description="Documents, or the sum of a field, per second.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if isinstance(value, str):
            return {value: {}}
        if isinstance(value, dict):
            return {name: {} if given is None else given for name, given in value.items()}
        return value


class PanelQuery(Model):
    """One question. PromQL has `expr`; Elasticsearch has `query` and `metric`, or `esql`; a log panel has `query`."""

    expr: Words | None = Field(None, description="PromQL.")
    query: Text | None = Field(None, description="Lucene query_string; empty means every document.")
    esql: Words | None = Field(None, description="ES|QL, where the server has it.")
    source: Words | None = Field(None, description="Another source than the panel's.")
    name: Words | None = Field(None, description="What a table calls its column; A, B, … where it is not given.")
    legend: Text = Field("", description="Name of each series: {{label}} stands for the value of a label.")
    unit: Text = Field("", description="Another unit than the panel's.")
    hidden: Flag = Field(False, description="Kept in the file, neither asked nor drawn.")
    instant: Flag | None = Field(None, description="Only the value now. Tables, gauges and top lists do so by default.")
    step: Step | None = Field(None, description="Prometheus: distance of points; the range decides where not given.")
    offset: Step | None = Field(None, description="Asks for a time that much earlier.")
    metric: Metric | None = Field(None, description="Elasticsearch: what is computed; documents are counted without.")
    group_by: Strings = Field((), description="Elasticsearch: one series for each value of a field, or of several.")
    groups: Groups = Field(10, description="Elasticsearch: how many values of each field are kept, largest first.")
    interval: Step | None = Field(None, description="Elasticsearch: width of a bucket; the range decides without.")
    filters: dict[Words, LooseText] = Field(
        default_factory=dict, description="Elasticsearch: exact values of fields, beside the query."
    )
    index: Text = Field("", description="Elasticsearch: another index than the source's.")
    time_column: Text = Field("", description="ES|QL: column with the time; without one the result is a table.")
    limit: Rows = Field(200, description="Logs: rows that are fetched at a time.")
    fields: Strings = Field((), description="Logs: fields shown beside time, level and message.")
