"""What is remembered of fields is bounded, and what was asked for lately is not asked again."""

from __future__ import annotations

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.sources.elasticsearch.catalogue import MOST_QUESTIONS, Catalogue
from opsdash.adapters.sources.elasticsearch.client import Call, Reply


class CountingClient:
    """Answers every question with no fields at all."""

    name = "logs"

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self, _call: Call) -> Reply:
        self.asked += 1
        return Reply(body={"fields": {}}, bytes=0, rtt_s=0.0, date_s=None, warnings=())


async def test_ever_new_indices_do_not_fill_the_memory_and_the_newest_are_known() -> None:
    client = CountingClient()
    catalogue = Catalogue(client, SystemClock())  # type: ignore[arg-type]  # all of it that is used
    for number in range(MOST_QUESTIONS + 40):
        await catalogue.fields(f"logs-{number}")
    assert len(catalogue._kept) == len(catalogue._locks) == MOST_QUESTIONS
    asked = client.asked
    await catalogue.fields(f"logs-{MOST_QUESTIONS + 39}")
    assert client.asked == asked
    await catalogue.fields("logs-0")
    assert client.asked == asked + 1
