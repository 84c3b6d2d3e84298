"""The table of functions: what each takes, what it gives, who has it, and how it is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from opsdash.core.promql import over_time, trends
from opsdash.core.promql.dates import DATES
from opsdash.core.promql.elementary import ELEMENTARY
from opsdash.core.promql.errors import EvaluationError
from opsdash.core.promql.histogram import histogram_quantile
from opsdash.core.promql.labels import absent_labels, joined_labels, replaced
from opsdash.core.promql.nodes import Call, Kind, Selector, Text, bare
from opsdash.core.promql.rates import extrapolated, instantaneous
from opsdash.core.promql.scope import Scope, Semantics
from opsdash.core.promql.sorting import by_labels, by_value
from opsdash.core.promql.values import (
    Bools,
    Floats,
    Ints,
    Scalar,
    Value,
    Vector,
    constant_vector,
    empty_vector,
    joined,
    merged,
    nameless,
    ordered,
    without_name,
)
from opsdash.core.promql.windows import Windows

Evaluated = Callable[[Scope, Call, Ints], Value]
OverWindows = Callable[[Windows, "list[Scalar]", Semantics], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function of PromQL."""

    arguments: tuple[Kind, ...]
    returns: Kind
    evaluate: Evaluated
    optional: int = 0
    """How many of the last arguments can be left out; -1: the last can come any number of times, or not at all."""
    semantics: tuple[Semantics, ...] = (Semantics.V2, Semantics.V3)
    """Whose functions it is among."""
    per_step: bool = False
    """Whether it looks at the time of evaluation, so that `@` on its arguments does not make it constant."""


_V, _M, _S, _T = Kind.VECTOR, Kind.MATRIX, Kind.SCALAR, Kind.STRING


def _over(function: OverWindows, *, least: int = 1, keeps_name: bool = False) -> Evaluated:
    """A function of the samples of each window, where there are `least` of them."""

    def evaluate(scope: Scope, call: Call, times: Ints) -> Vector:
        kinds = FUNCTIONS[call.name].arguments
        place = kinds.index(_M)
        numbers = [scope.scalar(argument, times) for n, argument in enumerate(call.arguments) if n != place]
        found = []
        drifting = FUNCTIONS[call.name].per_step and scope.semantics is Semantics.V2
        for windows in scope.windows(call.arguments[place], times, drifting=drifting):
            present = windows.over(least)
            if present.any():
                found.append(Vector(windows.labels, function(windows, numbers, scope.semantics), present))
        result = ordered(joined(found, times.size))
        return result if keeps_name else merged(result.with_labels(map(without_name, result.labels)), strict=True)

    return evaluate


def _plain(function: Callable[[Windows], Floats]) -> OverWindows:
    return lambda windows, _, __: function(windows)


def _each(function: Callable[[Floats], Floats | Ints]) -> Evaluated:
    """A function of each value."""

    def evaluate(scope: Scope, call: Call, times: Ints) -> Vector:
        vector = scope.vector(call.arguments[0], times)
        return nameless(Vector(vector.labels, function(vector.values).astype(np.float64), vector.present))

    return evaluate


def _date(function: Callable[[Floats], Ints]) -> Evaluated:
    """A function of each value, or of the time."""
    of_values = _each(function)

    def evaluate(scope: Scope, call: Call, times: Ints) -> Value:
        if call.arguments:
            return of_values(scope, call, times)
        return constant_vector((), function(np.floor(times / 1000)).astype(np.float64))

    return evaluate


def _absent(scope: Scope, call: Call, times: Ints) -> Vector:
    vector = scope.vector(call.arguments[0], times)
    return _missing(scope, call, ~np.asarray(vector.present.any(axis=0)))


def _absent_over_time(scope: Scope, call: Call, times: Ints) -> Vector:
    seen = np.zeros(times.size, dtype=np.bool_)
    for windows in scope.windows(call.arguments[0], times):
        seen |= windows.over(1).any(axis=0)
    return _missing(scope, call, ~seen)


def _missing(scope: Scope, call: Call, missing: Bools) -> Vector:
    return Vector((absent_labels(call.arguments[0], scope.semantics),), np.ones((1, missing.size)), missing[None])


def _timestamp(scope: Scope, call: Call, times: Ints) -> Vector:
    argument = bare(call.arguments[0])
    if isinstance(argument, Selector):
        return nameless(scope.sample_times(argument, times))
    vector = scope.vector(argument, times)
    return nameless(Vector(vector.labels, np.broadcast_to(times / 1000, vector.values.shape), vector.present))


def _scalar(scope: Scope, call: Call, times: Ints) -> Scalar:
    vector = scope.vector(call.arguments[0], times)
    alone = vector.present.sum(axis=0) == 1
    only = np.where(vector.present, vector.values, 0.0).sum(axis=0)
    return np.asarray(np.where(alone, only, np.nan))


def _clamp(scope: Scope, call: Call, times: Ints) -> Vector:
    vector = scope.vector(call.arguments[0], times)
    bounds = [scope.scalar(argument, times) for argument in call.arguments[1:]]
    values, present = vector.values, vector.present
    match call.name:
        case "clamp_min":
            values = _greater(bounds[0], values)
        case "clamp_max":
            values = _less(bounds[0], values)
        case _:
            values = _greater(bounds[0], _less(bounds[1], values))
            present = present & ~(bounds[1] < bounds[0])
    return nameless(Vector(vector.labels, values, present))


def _greater(left: Floats, right: Floats) -> Floats:
    """To Go, infinity is greater than NaN, and NaN than the rest."""
    return np.asarray(np.where((left == np.inf) | (right == np.inf), np.inf, np.maximum(left, right)))


def _less(left: Floats, right: Floats) -> Floats:
    return -_greater(-left, -right)


def _round(scope: Scope, call: Call, times: Ints) -> Vector:
    vector = scope.vector(call.arguments[0], times)
    nearest = scope.scalar(call.arguments[1], times) if len(call.arguments) > 1 else np.ones(times.size)
    inverse = 1.0 / nearest
    return nameless(Vector(vector.labels, np.floor(vector.values * inverse + 0.5) / inverse, vector.present))


def _histogram_quantile(scope: Scope, call: Call, times: Ints) -> Vector:
    wanted = scope.scalar(call.arguments[0], times)
    return histogram_quantile(wanted, scope.vector(call.arguments[1], times), scope.semantics)


def _of_native(scope: Scope, call: Call, times: Ints) -> Vector:
    """Functions of native histograms leave out samples that are numbers, and all of ours are."""
    for argument in call.arguments:
        scope.value(argument, times)
    return empty_vector(times.size)


def _texts(scope: Scope, call: Call) -> list[str]:
    del scope
    return [text.value for text in map(bare, call.arguments[1:]) if isinstance(text, Text)]


def _label_replace(scope: Scope, call: Call, times: Ints) -> Vector:
    return replaced(scope.vector(call.arguments[0], times), _texts(scope, call), scope.semantics)


def _label_join(scope: Scope, call: Call, times: Ints) -> Vector:
    return joined_labels(scope.vector(call.arguments[0], times), _texts(scope, call), scope.semantics)


def _sort(scope: Scope, call: Call, times: Ints) -> Vector:
    return by_value(scope.vector(call.arguments[0], times), descending=call.name == "sort_desc")


def _sort_by_label(scope: Scope, call: Call, times: Ints) -> Vector:
    descending = call.name == "sort_by_label_desc"
    return by_labels(scope.vector(call.arguments[0], times), _texts(scope, call), descending=descending)


def _info(scope: Scope, call: Call, times: Ints) -> Vector:
    del scope, call, times
    raise EvaluationError("info() is experimental in Prometheus and not here; join with group_left instead")


def _rate(*, counter: bool, per_second: bool) -> Evaluated:
    def of(windows: Windows, _: list[Scalar], semantics: Semantics) -> Floats:
        return extrapolated(windows, semantics, counter=counter, per_second=per_second)

    return _over(of, least=2)


def _function(
    arguments: tuple[Kind, ...], evaluate: Evaluated, *, optional: int = 0, per_step: bool = False
) -> Function:
    return Function(arguments=arguments, returns=_V, evaluate=evaluate, optional=optional, per_step=per_step)


def _window(  # noqa: PLR0913 - the columns of the table
    function: OverWindows,
    arguments: tuple[Kind, ...] = (_M,),
    *,
    least: int = 1,
    semantics: tuple[Semantics, ...] = (Semantics.V2, Semantics.V3),
    per_step: bool = False,
    keeps_name: bool = False,
) -> Function:
    evaluate = _over(function, least=least, keeps_name=keeps_name)
    return Function(arguments=arguments, returns=_V, evaluate=evaluate, semantics=semantics, per_step=per_step)


def _new(arguments: tuple[Kind, ...], evaluate: Evaluated, *, optional: int = 0) -> Function:
    return Function(arguments=arguments, returns=_V, evaluate=evaluate, optional=optional, semantics=(Semantics.V3,))


_OLD_ONLY, _NEW_ONLY = (Semantics.V2,), (Semantics.V3,)
_WINDOW_FUNCTIONS: Mapping[str, Function] = {
    "avg_over_time": _window(_plain(over_time.mean)),
    "changes": _window(_plain(over_time.changes)),
    "count_over_time": _window(_plain(over_time.count)),
    "delta": _function((_M,), _rate(counter=False, per_second=False)),
    "deriv": _window(_plain(trends.slope), least=2),
    "double_exponential_smoothing": _window(
        lambda windows, numbers, _: trends.smoothed(windows, *numbers), (_M, _S, _S), least=2, semantics=_NEW_ONLY
    ),
    "first_over_time": _window(_plain(over_time.first), semantics=_NEW_ONLY, keeps_name=True),
    "holt_winters": _window(
        lambda windows, numbers, _: trends.smoothed(windows, *numbers), (_M, _S, _S), least=2, semantics=_OLD_ONLY
    ),
    "idelta": _window(lambda windows, _, __: instantaneous(windows, counter=False), least=2),
    "increase": _function((_M,), _rate(counter=True, per_second=False)),
    "irate": _window(lambda windows, _, __: instantaneous(windows, counter=True), least=2),
    "last_over_time": _window(_plain(over_time.last), keeps_name=True),
    "mad_over_time": _window(_plain(over_time.median_deviation), semantics=_NEW_ONLY),
    "max_over_time": _window(lambda windows, _, __: over_time.extreme(windows, np.fmax)),
    "min_over_time": _window(lambda windows, _, __: over_time.extreme(windows, np.fmin)),
    "predict_linear": _window(
        lambda windows, numbers, _: trends.predicted(windows, numbers[0]), (_M, _S), least=2, per_step=True
    ),
    "present_over_time": _window(_plain(over_time.present)),
    "quantile_over_time": _window(lambda windows, numbers, _: over_time.quantile_of(windows, numbers[0]), (_S, _M)),
    "rate": _function((_M,), _rate(counter=True, per_second=True)),
    "resets": _window(_plain(over_time.resets)),
    "stddev_over_time": _window(_plain(over_time.deviation)),
    "stdvar_over_time": _window(_plain(over_time.variance)),
    "sum_over_time": _window(_plain(over_time.add)),
    "ts_of_first_over_time": _window(_plain(over_time.time_of_first), semantics=_NEW_ONLY),
    "ts_of_last_over_time": _window(_plain(over_time.time_of_last), semantics=_NEW_ONLY),
    "ts_of_max_over_time": _window(
        lambda windows, _, __: over_time.time_of_extreme(windows, greatest=True), semantics=_NEW_ONLY
    ),
    "ts_of_min_over_time": _window(
        lambda windows, _, __: over_time.time_of_extreme(windows, greatest=False), semantics=_NEW_ONLY
    ),
}
_VECTOR_FUNCTIONS: Mapping[str, Function] = {
    "absent": _function((_V,), _absent),
    "absent_over_time": _function((_M,), _absent_over_time),
    "clamp": _function((_V, _S, _S), _clamp),
    "clamp_max": _function((_V, _S), _clamp),
    "clamp_min": _function((_V, _S), _clamp),
    "histogram_avg": _new((_V,), _of_native),
    "histogram_count": _function((_V,), _of_native),
    "histogram_fraction": _function((_S, _S, _V), _of_native),
    "histogram_quantile": _function((_S, _V), _histogram_quantile),
    "histogram_stddev": _new((_V,), _of_native),
    "histogram_stdvar": _new((_V,), _of_native),
    "histogram_sum": _function((_V,), _of_native),
    "info": _new((_V, _V), _info, optional=1),
    "label_join": _function((_V, _T, _T, _T), _label_join, optional=-1),
    "label_replace": _function((_V, _T, _T, _T, _T), _label_replace),
    "pi": Function(arguments=(), returns=_S, evaluate=lambda _, __, times: np.full(times.size, np.pi)),
    "round": _function((_V, _S), _round, optional=1),
    "scalar": Function(arguments=(_V,), returns=_S, evaluate=_scalar),
    "sort": _function((_V,), _sort),
    "sort_by_label": _new((_V, _T), _sort_by_label, optional=-1),
    "sort_by_label_desc": _new((_V, _T), _sort_by_label, optional=-1),
    "sort_desc": _function((_V,), _sort),
    "time": Function(arguments=(), returns=_S, evaluate=lambda _, __, times: times / 1000, per_step=True),
    "timestamp": _function((_V,), _timestamp, per_step=True),
    "vector": _function((_S,), lambda scope, call, times: constant_vector((), scope.scalar(call.arguments[0], times))),
}
FUNCTIONS: Mapping[str, Function] = {
    **_WINDOW_FUNCTIONS,
    **_VECTOR_FUNCTIONS,
    **{name: _function((_V,), _each(function)) for name, function in ELEMENTARY.items()},
    **{name: _function((_V,), _date(function), optional=1, per_step=True) for name, function in DATES.items()},
}
