"""`dashboards:` and their panels as they are written."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from opsdash.config.models.model import Model
from opsdash.config.models.query import PanelQuery
from opsdash.config.models.scalars import (
    Flag,
    LooseText,
    Number,
    Strings,
    Text,
    Words,
    choice,
    choice_schema,
    described,
    refuse,
    whole,
    whole_schema,
)
from opsdash.core.suggest import did_you_mean
from opsdash.core.view.panels import PanelKind

KINDS = tuple(kind.value for kind in PanelKind)
CALCS = ("last", "min", "max", "avg", "sum", "count", "first", "delta")
DRAWS = ("lines", "points", "bars", "area")
SEVERITIES = ("info", "warning", "critical")
LEVELS = ("ok", "warning", "critical", "none")
PERIODS = ("hour", "day", "month")
DEFAULT_LEGEND = ("last", "min", "max", "avg")

Kind = Annotated[str, PlainValidator(choice(KINDS, "a panel kind")), choice_schema(KINDS)]
Calc = Annotated[str, PlainValidator(choice(CALCS, "a way to make one number of a series")), choice_schema(CALCS)]
Draw = Annotated[str, PlainValidator(choice(DRAWS, "a way to draw")), choice_schema(DRAWS)]
Level = Annotated[str, PlainValidator(choice(LEVELS, "a level")), choice_schema(LEVELS)]
Severity = Annotated[str, PlainValidator(choice(SEVERITIES, "a severity")), choice_schema(SEVERITIES)]
Period = Annotated[str, PlainValidator(choice(PERIODS, "a period of cost")), choice_schema(PERIODS)]
GridX = Annotated[int, PlainValidator(whole(0, 23)), whole_schema(0, 23)]
GridY = Annotated[int, PlainValidator(whole(0, 10_000)), whole_schema(0, 10_000)]
GridW = Annotated[int, PlainValidator(whole(1, 24)), whole_schema(1, 24)]
GridH = Annotated[int, PlainValidator(whole(1, 200)), whole_schema(1, 200)]
Decimals = Annotated[int, PlainValidator(whole(0, 12)), whole_schema(0, 12)]
Width = Annotated[int, PlainValidator(whole(1, 500)), whole_schema(1, 500)]
Rows = Annotated[int, PlainValidator(whole(1, 1_000)), whole_schema(1, 1_000)]
Series = Annotated[int, PlainValidator(whole(1, 100_000)), whole_schema(1, 100_000)]


def legend(value: object) -> tuple[str, ...] | None:
    """Which numbers a legend shows: a list, true for the usual ones, false for no legend."""
    if isinstance(value, bool):
        return DEFAULT_LEGEND if value else None
    if not isinstance(value, list):
        refuse(f"{described(value)} is not a legend: false, true, or a list such as [last, max]")
    for index, item in enumerate(value):
        if item not in CALCS:
            hint = did_you_mean(item, CALCS) if isinstance(item, str) else ""
            refuse(f"{described(item)} is not a number of a legend{hint or '; known are ' + ', '.join(CALCS)}", index)
    return tuple(value)


Legend = Annotated[
    tuple[str, ...] | None,
    PlainValidator(legend),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"enum": list(CALCS)}}]}),
]


class Grid(Model):
    """Place and size."""

    x: GridX = Field(description="Column, 0 to 23.")
    y: GridY = Field(description="Row.")
    w: GridW = Field(description="Width in columns of 24.")
    h: GridH = Field(description="Height in rows.")


class Thresholds(Model):
    """Where a value starts to worry. Drawn in charts; colours and signs of values follow them."""

    shorthand: ClassVar[dict[str, Any] | None] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {side: {"type": "object", "additionalProperties": False, "properties": {
            level: {"type": "number"} for level in ("warning", "critical")}} for side in ("above", "below")},
        "maxProperties": 1,
        "description": "`above: {warning, critical}` or `below: {warning, critical}`.",
    }  # fmt: skip

    warning: Number | None = Field(None, description="From here on it is a warning.")
    critical: Number | None = Field(None, description="From here on it is critical.")
    below: Flag = Field(False, description="true: smaller is worse. Also written `below: {warning, critical}`.")

    @model_validator(mode="before")
    @classmethod
    def _sides(cls, value: object) -> object:
        if not isinstance(value, dict) or not ({"above", "below"} & value.keys()):
            return value
        side = "below" if isinstance(value.get("below"), dict) else "above"
        levels = value.get(side)
        if not isinstance(levels, dict):
            return value
        if len(value) > 1:
            refuse(f"{side}: {{…}} stands alone; warning and critical go into it")
        return {**levels, "below": side == "below"}


class ValueMapping(Model):
    """A value, or a range of values, shown as a word."""

    text: LooseText = Field(description="The word.")
    value: Number | None = Field(None, description="The value it stands for.")
    low: Number | None = Field(None, description="Or from here …")
    high: Number | None = Field(None, description="… to here.")
    level: Level = Field("none", description="How it looks: ok, warning, critical or none.")


class Column(Model):
    """A column of a table or of a log panel: a label, a field, or the value of the query of that name."""

    shorthand: ClassVar[dict[str, Any] | None] = {"type": "string", "description": "The name alone."}

    name: Words = Field(description="The label, the field, or the name of the query.")
    title: Text = Field("", description="Its heading; the name where it is not given.")
    unit: Text = Field("", description="Another unit than the panel's.")
    decimals: Decimals | None = Field(None, description="Digits after the point.")
    width: Width | None = Field(None, description="Its width in characters; what is in it decides without.")
    thresholds: Thresholds | None = Field(None, description="Where a value of this column starts to worry.")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value


class Panel(Model):
    """One panel."""

    title: Words = Field(description="Its heading.")
    kind: Kind = Field(description="How it shows its data.")
    source: Words | None = Field(None, description="Which source is asked; one of `sources`.")
    description: Text = Field("", description="What a person should know about it; shown when the panel is maximised.")
    unit: Text = Field("", description="Unit of its values: Grafana's ids (s, ms, reqps, percentunit, bytes, …).")
    decimals: Decimals | None = Field(None, description="Digits after the point; the value decides without.")
    grid: Grid | None = Field(None, description="Place and size on 24 columns; without it panels flow.")
    queries: list[PanelQuery] = Field(default_factory=list, description="What is asked.")
    thresholds: Thresholds | None = Field(None, description="Where a value starts to worry.")
    draw: Draw = Field("lines", description="timeseries: lines, points, bars or area.")
    stacked: Flag = Field(False, description="timeseries: series on top of each other.")
    legend: Legend = Field(DEFAULT_LEGEND, description="timeseries: numbers of the legend; false hides it.")
    calc: Calc = Field("last", description="The one number of a series that a stat, gauge, bar or list shows.")
    min: Number | None = Field(None, description="Lowest value of the axis or the gauge.")
    max: Number | None = Field(None, description="Highest value of the axis or the gauge.")
    text: Text = Field("", description="text: what is shown, as it is.")
    columns: list[Column] = Field(default_factory=list, description="table, logs: which columns, in which order.")
    sort: Text = Field("", description="table: column it starts sorted by; -name for the largest first.")
    limit: Rows = Field(10, description="toplist: rows.")
    mappings: list[ValueMapping] = Field(default_factory=list, description="Values shown as words.")
    per: Period = Field("hour", description="cost: which period the values are for.")
    requests: PanelQuery | None = Field(None, description="cost: requests per second, for the cost of 1,000 of them.")
    matchers: Strings = Field((), description='alerts: only those that match, such as team="shop".')
    severity: Severity = Field("info", description="alerts: only from this severity on.")
    max_series: Series | None = Field(None, description="Another limit than the source's.")


class DashboardHead(Model):
    """A tab without its panels, which are read one by one."""

    title: Words = Field(description="Its name.")
    description: Text = Field("", description="What it is for.")


class Dashboard(DashboardHead):
    """A tab."""

    panels: list[Panel] = Field(default_factory=list, description="What it shows.")
