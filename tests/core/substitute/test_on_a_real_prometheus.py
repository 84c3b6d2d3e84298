"""A real Prometheus reads what `substitute` writes as the values that were chosen."""

from __future__ import annotations

import json
import random
import urllib.parse
import urllib.request

import pytest

from opsdash.core.substitution.substitute import substitute
from opsdash.core.variables import Binding, LabelValues, VariableSpec
from tests.servers.prometheus import PrometheusServer

pytestmark = pytest.mark.integration
LETTERS = "ab\"'`\\{}()|$.*+?[]^\n\r\t#/ é\u202e\x1b,:=~!-<>"
TEMPLATES = ('up{a=~"$v"}', 'up{a="$v"}', "up{a!='x$v'}", "up{a=~`\\d$v`}", 'up{a="${v:raw}"}', 'up{a=~"${v:regex}"}')


def chosen(*values: str) -> dict[str, Binding]:
    spec = VariableSpec(name="v", values_from=LabelValues(label="x"), multi=True)
    return {"v": Binding(spec=spec, selected=values)}


def ask(server: PrometheusServer, query: str) -> list[dict[str, dict[str, str]]]:
    """The result; raises for anything that the server does not understand."""
    form = urllib.parse.urlencode({"query": query}).encode()
    with urllib.request.urlopen(f"{server.url}/api/v1/query", form, timeout=10) as answer:
        result: list[dict[str, dict[str, str]]] = json.load(answer)["data"]["result"]
    return result


def test_hostile_values_are_understood_and_come_back_as_they_are(prometheus_server: PrometheusServer) -> None:
    chance = random.Random(1)
    for _ in range(40):
        values = tuple(
            "".join(chance.choices(LETTERS, k=chance.randint(1, 10))) for _ in range(chance.randint(1, 3))
        )  # fmt: skip
        for template in TEMPLATES:
            ask(prometheus_server, substitute(template, chosen(*values), {}, "promql"))
        found = ask(prometheus_server, substitute('absent(nothing{a="$v"})', chosen(values[0]), {}, "promql"))
        assert found[0]["metric"]["a"] == values[0]
