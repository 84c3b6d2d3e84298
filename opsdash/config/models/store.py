"""`store:` as it is written."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from opsdash.config.models.model import Model
from opsdash.config.models.scalars import reference, refuse, text
from opsdash.core.secret import SecretRef

SCHEMES = ("sqlite", "postgresql", "postgres", "memory")


def _store_url(value: object) -> str | SecretRef:
    given = reference(value)
    if given is not None:
        return given
    url = text(value)
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        refuse("not a store; it begins with sqlite:///, postgresql:// or memory://")
    if "@" in url and ":" in url.partition("://")[2].partition("@")[0]:
        refuse("a password in an address; secrets go by reference: env:NAME, file:PATH")
    return url


StoreUrl = Annotated[str | SecretRef, PlainValidator(_store_url), WithJsonSchema({"type": "string"})]


class Store(Model):
    """Where acknowledgements, silences, notes and the audit log are kept."""

    url: StoreUrl = Field(description="sqlite:///FILE or postgresql://HOST/DATABASE, or a secret reference.")
