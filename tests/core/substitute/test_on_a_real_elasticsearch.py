"""A real Elasticsearch reads what `substitute` writes, in Lucene and in ES|QL, as the values that were chosen."""

from __future__ import annotations

import json
import random
import urllib.request
from typing import Any

import pytest

from opsdash.core.substitution.substitute import substitute
from opsdash.core.variables import Binding, LabelValues, VariableSpec
from tests.servers.elasticsearch_node import ElasticsearchServer

pytestmark = pytest.mark.integration
LETTERS = "ab\"'`\\{}()|$.*+?[]^\n\r\t#/ é\u202e\x1b,:=~!-<>&@"
INDEX = "substituted-values"


def chosen(*values: str) -> dict[str, Binding]:
    spec = VariableSpec(name="v", values_from=LabelValues(label="x"), multi=True)
    return {"v": Binding(spec=spec, selected=values)}


def call(server: ElasticsearchServer, method: str, path: str, body: object) -> Any:
    """The answer; raises for anything that the server does not understand."""
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def found(server: ElasticsearchServer, lucene: str) -> set[str]:
    body = {"size": 200, "query": {"query_string": {"query": lucene}}}
    return {hit["_source"]["s"] for hit in call(server, "POST", f"/{INDEX}/_search", body)["hits"]["hits"]}


def test_hostile_values_find_exactly_themselves(elasticsearch_server: ElasticsearchServer) -> None:
    chance = random.Random(2)
    values = ["".join(chance.choices(LETTERS, k=chance.randint(1, 8))) for _ in range(40)]
    values = list(dict.fromkeys(["AND", "OR", "NOT", "TO", "a b", *values]))
    call(elasticsearch_server, "PUT", f"/{INDEX}", {"mappings": {"properties": {"s": {"type": "keyword"}}}})
    for value in values:
        call(elasticsearch_server, "POST", f"/{INDEX}/_doc?refresh=true", {"s": value})
    for value in values:
        other = chance.choice(values)
        for template in ("s:$v", 's:"$v"', "s:/$v/"):
            assert found(elasticsearch_server, substitute(template, chosen(value), {}, "lucene")) == {value}
            both = substitute(template, chosen(value, other), {}, "lucene")
            assert found(elasticsearch_server, both) == {value, other}
        assert value in found(elasticsearch_server, substitute("s:$v*", chosen(value), {}, "lucene"))
        esql = substitute(f"FROM {INDEX} | WHERE s IN ($v) | LIMIT 10", chosen(value, other), {}, "esql")
        rows = call(elasticsearch_server, "POST", "/_query", {"query": esql})["values"]
        assert {row[0] for row in rows} == {value, other}
