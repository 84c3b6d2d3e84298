"""`variables:` as it is written."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from opsdash.config.models.model import Model
from opsdash.config.models.scalars import Flag, LooseStrings, Text, Words


class LabelValues(Model):
    """The values of a Prometheus label."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "description": "The label alone."}

    label: Words = Field(description="The label.")
    metric: Text = Field("", description="Only of this metric or selector; of all metrics where it is not given.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"label": value} if isinstance(value, str) else value


class FieldValues(Model):
    """The values of an Elasticsearch field, most frequent first."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "description": "The field alone."}

    field: Words = Field(description="A keyword field.")
    query: Text = Field("", description="Only in documents that match this Lucene query.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"field": value} if isinstance(value, str) else value


class QueryResult(Model):
    """The values of a label in what a PromQL query gives."""

    expr: Words = Field(description="PromQL.")
    label: Words = Field(description="The label whose values are taken.")


class Variable(Model):
    """What `$name` stands for. Exactly one of label_values, field_values, query_result, values and free_text."""

    source: Words | None = Field(None, description="Where its values are asked for.")
    label_values: LabelValues | None = Field(None, description="Prometheus: the values of a label.")
    field_values: FieldValues | None = Field(None, description="Elasticsearch: the values of a field.")
    query_result: QueryResult | None = Field(None, description="Prometheus: a label in what a query gives.")
    values: LooseStrings | None = Field(None, description="The values themselves.")
    free_text: Flag = Field(False, description="true: the operator types the value.")
    label: Text = Field("", description="What the header and the picker call it; its name where it is not given.")
    multi: Flag = Field(False, description="Several values may be chosen.")
    include_all: Flag = Field(False, description='"All" may be chosen, and is, unless `default` says otherwise.')
    all_value: Text = Field("", description='What "All" becomes in a query instead of every value: `.*`.')
    default: LooseStrings | None = Field(None, description='Chosen at the start: a value, a list, or "All".')
    regex: Text = Field("", description="Keeps the values that match it; its first group, if any, is the value.")
