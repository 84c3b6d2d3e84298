"""`actions:` as it is written: read and checked, not evaluated yet."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, PlainValidator

from opsdash.config.models.alerts import Short
from opsdash.config.models.model import Model
from opsdash.config.models.scalars import Flag, Strings, Words, whole, whole_schema

Replicas = Annotated[int, PlainValidator(whole(0, 1_000_000)), whole_schema(0, 1_000_000)]
Approvals = Annotated[int, PlainValidator(whole(0, 10)), whole_schema(0, 10)]


class Bounds(Model):
    """Between which numbers an action stays."""

    min: Replicas = Field(description="Not below.")
    max: Replicas = Field(description="Not above.")


class Verify(Model):
    """What shows that an action helped."""

    alert: Words = Field(description="The alert that should end.")
    within: Short = Field(description="How long it is watched.")


class Target(Model):
    """Something that can be changed, and within which bounds. Each kind has keys of its own beside these."""

    model_config = ConfigDict(extra="allow")

    kind: Words = Field(description="What is done: kubernetes.scale, …")
    context: Words | None = Field(None, description="Kubernetes: context.")
    namespace: Words | None = Field(None, description="Kubernetes: namespace.")
    deployment: Words | None = Field(None, description="Kubernetes: deployment.")
    bounds: Bounds | None = Field(None, description="Between which numbers it stays.")
    max_step: Replicas | None = Field(None, description="How much one action may change.")
    cooldown: Short | None = Field(None, description="How long after one action the next may follow.")
    dangerous: Flag = Field(False, description="true: the environment's name is typed to confirm.")
    approvals: Approvals = Field(0, description="How many others have to agree.")
    verify: Verify | None = Field(None, description="What shows that it helped.")


class Actions(Model):
    """What may be changed from here. Without `enabled: true` nothing can be sent."""

    enabled: Flag = Field(False, description="true: actions can be sent.")
    operators: Strings = Field((), description="Who may act: names, and groups as group:NAME.")
    targets: dict[Words, Target] = Field(default_factory=dict, description="By name.")
