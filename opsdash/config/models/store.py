"""`store:` as it is written."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from opsdash.config.models.model import Model
from opsdash.config.models.scalars import reference, refuse, text
from opsdash.core.secret import SecretRef

_PASSWORD_OPTION = re.compile(r"[?&](ssl)?password=", re.IGNORECASE)
SCHEMES = ("sqlite", "postgresql", "postgres", "memory")


def _store_url(value: object) -> str | SecretRef:
    given = reference(value)
    if given is not None:
        return given
    url = text(value)
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        refuse("not a store; it begins with sqlite:///, postgresql:// or memory://")
    if scheme.startswith("postgres") and _has_password(url):
        refuse("a password in an address; secrets go by reference: env:NAME, file:PATH")
    return url


def _has_password(url: str) -> bool:
    """In front of the @, or among the options, where libpq takes one, too."""
    before, _, after = url.partition("://")[2].rpartition("@")
    return ":" in before or bool(_PASSWORD_OPTION.search(after))


StoreUrl = Annotated[str | SecretRef, PlainValidator(_store_url), WithJsonSchema({"type": "string"})]


class Store(Model):
    """Where acknowledgements, silences, notes and the audit log are kept."""

    url: StoreUrl = Field(description="sqlite:///FILE or postgresql://HOST/DATABASE, or a secret reference.")
