"""Random PromQL over the metrics of `promql_data.ragged_series`: well-typed, and now and then wrong on purpose."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.integration.promql_comparison import Asked
from tests.integration.promql_data import RAGGED_END_MS, START_MS

_GAUGES = ("gauge", "other", "wild", "single", "steady", "flags", "info")
_COUNTERS = ("counter_total", "latency_bucket")
_MATCHERS = ('a="x"', 'a!="x"', 'a=~"x|y"', 'a!~"z.*"', 'b="1"', 'b=~"[12]"', 'c=""', 'nope=""', 'a=~".+"', 'b!~".*3"')
_WINDOWS = ("10s", "30s", "1m", "90s", "5m", "10m")
_OVER_TIME = (
    "sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time", "last_over_time",
    "present_over_time", "stddev_over_time", "stdvar_over_time", "changes", "resets", "deriv", "delta", "idelta",
)  # fmt: skip
_RATES = ("rate", "increase", "irate", "delta", "idelta", "resets", "changes")
_MATH = (
    "abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "sin", "cos", "tan", "asinh", "atan",
    "cosh", "sinh", "tanh", "acos", "asin", "acosh", "atanh", "deg", "rad", "timestamp", "minute", "hour",
    "day_of_week", "day_of_month", "days_in_month", "month", "year", "day_of_year",
)  # fmt: skip
_AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")
_ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
_COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
_LABELS = ("a", "b", "c", "le", "version", "nope")
_NUMBERS = ("0", "1", "2", "-1", "0.5", "10", "100", "1e3", "NaN", "Inf", "-Inf", "0.99", "1.5")


class Generator:
    """A stream of queries, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._top = 0

    def asked(self) -> Asked:
        """A query, over a range or at an instant."""
        draw = self._random
        self._top = draw.randint(0, 3)
        start = draw.randrange(START_MS - 60_000, RAGGED_END_MS + 60_000, 250)
        if draw.random() < 0.3:
            query = self._window(1) if draw.random() < 0.05 else self.vector(self._top)
            return Asked(query=query, start_ms=start)
        step = draw.choice((1000, 5000, 7500, 15_000, 15_000, 30_000, 60_000))
        end = start + step * draw.randint(0, 40)
        return Asked(query=self.vector(self._top), start_ms=start, end_ms=end, step_ms=step)

    def vector(self, depth: int) -> str:
        """An instant vector."""
        if depth <= 0:
            return self._selector(_GAUGES + _COUNTERS) + self._shift()
        ways = (self._rate, self._over_time, self._aggregate, self._ranked, self._binary, self._binary, self._sets)
        return self._random.choice((*ways, self._math, self._labelled, self._histogram, self._rare))(depth)

    # -- selectors -------------------------------------------------------------------------------------------------

    def _selector(self, names: Sequence[str]) -> str:
        draw = self._random
        matchers = draw.sample(_MATCHERS, draw.choice((0, 0, 1, 1, 2)))
        if draw.random() < 0.03:
            return "{" + ",".join([f'__name__=~"{draw.choice(names)}|flags"', *matchers]) + "}"
        return draw.choice(names) + ("{" + ",".join(matchers) + "}" if matchers else "")

    def _shift(self) -> str:
        draw = self._random
        way = draw.random()
        if way < 0.08:
            return f" offset {draw.choice(('10s', '1m', '5m', '-30s', '1m30s'))}"
        if way < 0.13:
            at = draw.choice(("start()", "end()", f"{draw.randrange(START_MS, RAGGED_END_MS) / 1000:.3f}"))
            return f" @ {at}" + (" offset 1m" if draw.random() < 0.3 else "")
        return ""

    def _window(self, depth: int, names: Sequence[str] = _GAUGES + _COUNTERS) -> str:
        draw = self._random
        if draw.random() < 0.2:
            step = draw.choice(("", "5s", "10s", "17s", "1m"))
            return f"({self.vector(depth - 1)})[{draw.choice(_WINDOWS)}:{step}]{self._shift()}"
        return f"{self._selector(names)}[{draw.choice(_WINDOWS)}]{self._shift()}"

    # -- functions -------------------------------------------------------------------------------------------------

    def _rate(self, depth: int) -> str:
        return f"{self._random.choice(_RATES)}({self._window(depth, _COUNTERS)})"

    def _over_time(self, depth: int) -> str:
        draw = self._random
        window = self._window(depth)
        way = draw.random()
        if way < 0.1:
            return f"quantile_over_time({self._scalar()}, {window})"
        if way < 0.16:
            return f"predict_linear({window}, {draw.choice(('60', '-30', '3600'))})"
        if way < 0.2:
            return f"holt_winters({window}, {draw.choice(('0.3', '0.9'))}, {draw.choice(('0.1', '0.6'))})"
        if way < 0.23:
            return f"absent_over_time({window})"
        return f"{draw.choice(_OVER_TIME)}({window})"

    def _math(self, depth: int) -> str:
        draw = self._random
        inner = self.vector(depth - 1)
        way = draw.random()
        if way < 0.15:
            return f"clamp({inner}, {self._scalar()}, {self._scalar()})"
        if way < 0.25:
            return f"clamp_{draw.choice(('min', 'max'))}({inner}, {self._scalar()})"
        if way < 0.35:
            return f"round({inner}, {draw.choice(('1', '0.1', '5', '0.25'))})"
        return f"{draw.choice(_MATH)}({inner})"

    def _labelled(self, depth: int) -> str:
        draw = self._random
        inner, target, source = self.vector(depth - 1), draw.choice(_LABELS), draw.choice(_LABELS)
        if draw.random() < 0.5:
            return f'label_join({inner}, "{target}", "-", "{source}", "{draw.choice(_LABELS)}")'
        pattern, value = draw.choice((("(.*)", "p$1"), ("(x|1)(.*)", "$2q$1"), ("", ""), ("[a-z]", "k"), ("(.*)", "")))
        return f'label_replace({inner}, "{target}", "{value}", "{source}", "{pattern}")'

    def _histogram(self, depth: int) -> str:
        draw = self._random
        inner = draw.choice(
            (
                self._selector(("latency_bucket",)),
                f"rate({self._window(1, ('latency_bucket',))})",
                f"sum by (le{draw.choice(('', ', a', ', b'))}) (rate(latency_bucket[{draw.choice(_WINDOWS)}]))",
                self.vector(depth - 1),
            )
        )
        return f"histogram_quantile({self._scalar()}, {inner})"

    def _rare(self, depth: int) -> str:
        draw = self._random
        inner = self.vector(depth - 1)
        return draw.choice(
            (
                f"absent({inner})",
                f"vector({self._scalar()})",
                f"sort({inner})",
                f"sort_desc({inner})",
                f"-{inner}",
                f"({inner})",
                f"vector(scalar({inner}))",
                f"time() - timestamp({inner})",
                f'count_values("v", {inner})',
                f"vector(time()) % {self._scalar()}",
                f"hour(vector({draw.randrange(0, 2_000_000_000)}))",
            )
        )

    def _scalar(self) -> str:
        draw = self._random
        if draw.random() < 0.1:
            return draw.choice(
                ("scalar(single)", "scalar(steady)", "time()", "scalar(gauge)", "(1 + 2 * 3)", "1 > bool 2")
            )
        return draw.choice(_NUMBERS)

    # -- aggregations and operators --------------------------------------------------------------------------------

    def _grouping(self) -> str:
        draw = self._random
        if draw.random() < 0.3:
            return ""
        labels = ", ".join(draw.sample(_LABELS, draw.randint(0, 3)))
        return f" {draw.choice(('by', 'without'))} ({labels})"

    def _aggregate(self, depth: int) -> str:
        draw = self._random
        inner = self.vector(depth - 1)
        if draw.random() < 0.15:
            return f"quantile{self._grouping()} ({self._scalar()}, {inner})"
        return f"{draw.choice(_AGGREGATIONS)}{self._grouping()} ({inner})"

    def _ranked(self, depth: int) -> str:
        draw = self._random
        count = draw.choice(("1", "2", "3", "5", "0", "-1", "1.9"))
        # Which of equal values stay is left to chance in the real one; that can be seen through only at the top.
        inner = self.vector(depth - 1) if depth == self._top else draw.choice(("gauge", "other"))
        return f"{draw.choice(('topk', 'bottomk'))}{self._grouping()} ({count}, {inner})"

    def _binary(self, depth: int) -> str:
        draw = self._random
        compares = draw.random() < 0.35
        operator = draw.choice(_COMPARISONS) + draw.choice(("", " bool")) if compares else draw.choice(_ARITHMETIC)
        left = self.vector(depth - 1)
        way = draw.random()
        if way < 0.35:
            pair = (left, self._scalar()) if draw.random() < 0.7 else (self._scalar(), left)
            return f"({pair[0]} {operator} {pair[1]})"
        matching = ""
        if draw.random() < 0.6:
            labels = ", ".join(draw.sample(_LABELS, draw.randint(1, 3)))
            matching = f" {draw.choice(('on', 'ignoring'))} ({labels})"
            if draw.random() < 0.4:
                included = draw.choice(("", "version", "c", "nope")) if "on (" in matching else ""
                matching += f" group_{draw.choice(('left', 'right'))} ({included})"
        right = left if draw.random() < 0.3 else self.vector(depth - 1)
        return f"({left} {operator}{matching} {right})"

    def _sets(self, depth: int) -> str:
        draw = self._random
        matching = ""
        if draw.random() < 0.5:
            labels = ", ".join(draw.sample(_LABELS, draw.randint(0, 2)))
            matching = f" {draw.choice(('on', 'ignoring'))} ({labels})"
        return f"({self.vector(depth - 1)} {draw.choice(('and', 'or', 'unless'))}{matching} {self.vector(depth - 1)})"
