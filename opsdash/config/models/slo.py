"""`slos:` as they are written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from opsdash.config.models.model import Model
from opsdash.config.models.scalars import DURATION_SCHEMA, LooseText, Ratio, Words, duration, text

Window = Annotated[float, PlainValidator(duration(3600, 366 * 86_400)), WithJsonSchema(DURATION_SCHEMA)]
Lines = Annotated[
    str, PlainValidator(lambda value: text(value).strip()), WithJsonSchema({"type": "string", "minLength": 1})
]


class Slo(Model):
    """A service level objective."""

    name: Words = Field(description="Its name.")
    objective: Ratio = Field(description="The share of good events: 99.9%.")
    window: Window = Field(description="Over which time: 30d.")
    source: Words = Field(description="Which source is asked.")
    good: Lines = Field(description="Good events; $window stands for the time.")
    total: Lines = Field(description="All events.")
    description: LooseText = Field("", description="What it promises to whom.")
