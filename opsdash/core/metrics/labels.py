"""Label sets: immutable, sorted, hashable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

Labels = tuple[tuple[str, str], ...]
"""Pairs of name and value, sorted by name."""

_PLACEHOLDER = re.compile(r"\{\{\s*\.?([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}")


def labels_of(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> Labels:
    """The label set of these pairs."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return tuple(sorted((str(name), str(value)) for name, value in items))


def label(labels: Labels, name: str) -> str:
    """The value of one label; the empty string where it is missing, as in PromQL."""
    for key, value in labels:
        if key == name:
            return value
    return ""


def notation(labels: Labels) -> str:
    """The set in Prometheus's notation: `up{job="api"}`."""
    inner = ", ".join([f'{name}="{_escaped(value)}"' for name, value in labels if name != "__name__"])
    metric = label(labels, "__name__")
    if not inner:
        return metric or "{}"
    return f"{metric}{{{inner}}}"


def _escaped(value: str) -> str:
    if "\\" in value or '"' in value:
        return value.replace("\\", r"\\").replace('"', r"\"")
    return value


def legend(template: str, labels: Labels) -> str:
    """The legend of one series: `{{service}}` is replaced by the label; without a template, the notation."""
    if not template:
        return notation(labels)
    return _PLACEHOLDER.sub(lambda match: label(labels, match[1]), template)
