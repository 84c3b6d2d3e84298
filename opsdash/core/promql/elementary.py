"""Functions of one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from opsdash.core.promql.values import Floats


def _sign(values: Floats) -> Floats:
    return np.asarray(np.where(np.isnan(values), values, np.sign(values)))


_HALF_EXP_FROM = 21.0


def _sinh(values: Floats) -> Floats:
    """Beyond 21 Go takes half of exp, which is infinite a little earlier than sinh is."""
    return np.asarray(np.where(np.abs(values) > _HALF_EXP_FROM, np.sign(values) * _half_exp(values), np.sinh(values)))


def _cosh(values: Floats) -> Floats:
    """The same."""
    return np.asarray(np.where(np.abs(values) > _HALF_EXP_FROM, _half_exp(values), np.cosh(values)))


def _half_exp(values: Floats) -> Floats:
    return np.asarray(np.exp(np.abs(values)) * 0.5)


ELEMENTARY: Mapping[str, Callable[[Floats], Floats]] = {
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": _cosh,
    "deg": lambda values: values * 180 / np.pi,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "rad": lambda values: values * np.pi / 180,
    "sgn": _sign,
    "sin": np.sin,
    "sinh": _sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
}
