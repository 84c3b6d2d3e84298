"""The top of a configuration file as it is written."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, PlainValidator, WithJsonSchema

from opsdash.config.models.model import Model
from opsdash.config.models.panel import Dashboard
from opsdash.config.models.scalars import DURATION_SCHEMA, Flag, Words, described, duration, refuse
from opsdash.config.models.source import Source
from opsdash.config.models.variable import Variable

Refresh = Annotated[float, PlainValidator(duration(0.5, 86_400)), WithJsonSchema(DURATION_SCHEMA)]
Range = Annotated[float, PlainValidator(duration(30, 400 * 86_400)), WithJsonSchema(DURATION_SCHEMA)]


def version(value: object) -> int:
    """The version of the format; there is one."""
    if type(value) is not int or value != 1:
        refuse(f"{described(value)} is not a version of this format; it is 1")
    return 1


Version = Annotated[int, PlainValidator(version), WithJsonSchema({"const": 1})]


class Top(Model):
    """The settings of one file, and what this version does not evaluate yet."""

    version: Version | None = Field(None, description="Version of the format: 1.")
    title: Words | None = Field(None, description="Name of the system, in the header.")
    environment: Words | None = Field(
        None, description="production, staging, …: colours the header; typed to confirm a dangerous action."
    )
    refresh: Refresh | None = Field(None, description="How often everything on screen is asked again. 5s.")
    range: Range | None = Field(None, description="How much time is shown at the start. 1h.")
    timezone: Words | None = Field(None, description="local, UTC, or a name such as Europe/Berlin. local.")
    theme: Words | None = Field(None, description="Colours: the name of a theme. default.")
    keys: dict[str, Words] | None = Field(None, description="Remapped keys: command → key, as in docs/keys.md.")
    ascii: Flag | None = Field(None, description="true: no braille and no box drawing, for fonts without them.")
    bell: Flag | None = Field(None, description="false: the terminal bell stays silent.")
    alerts: Any = Field(None, description="Alert rules.")
    slos: Any = Field(None, description="Service level objectives.")
    actions: Any = Field(None, description="What may be changed from here, and within which bounds.")
    store: Any = Field(None, description="Where acknowledgements, silences and the audit log are kept.")
    notify: Any = Field(None, description="Who is told when an alert fires.")


class Root(Top):
    """One file. In a folder of files the lists and mappings of all of them are joined."""

    sources: dict[str, Source] = Field(default_factory=dict, description="The servers that are asked, by name.")
    variables: dict[str, Variable] = Field(default_factory=dict, description="What $name stands for, by name.")
    dashboards: list[Dashboard] = Field(default_factory=list, description="The tabs.")


SECTIONS = ("alerts", "slos", "actions", "store", "notify")
"""Keys whose models are imported only where they are given."""
LATER = ("actions",)
"""Keys that are read but not evaluated by this version."""

__all__ = ["LATER", "SECTIONS", "Root", "Top"]
