"""A secret by reference: the configuration says where it is, never what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scheme = Literal["env", "file", "command"]


@dataclass(frozen=True, slots=True, repr=False)
class SecretRef:
    """`env:NAME`, `file:PATH` or `command:ARGV…`; resolved by `opsdash.adapters.secrets` when it is needed."""

    scheme: Scheme
    where: str

    def __str__(self) -> str:
        return "<secret>"

    def __repr__(self) -> str:
        return "<secret>"
