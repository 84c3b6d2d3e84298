"""Much at once and for long: what is kept does not grow, and nothing is asked that nobody sees."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from opsdash.core.metrics.freshness import Freshness
from opsdash.core.metrics.labels import labels_of
from opsdash.core.metrics.queries import LogQuery, PromQuery, Query
from opsdash.core.metrics.window import Window
from opsdash.core.sources import SourceSpec
from opsdash.core.view.board import Board
from opsdash.core.view.look import Look
from opsdash.core.view.paint import paint
from opsdash.core.view.panels import Dashboard, PanelKind, PanelQuery, PanelSpec
from opsdash.engine.engine import Engine
from tests.e2e.programs import dashboard
from tests.fakes.clock import START_S, VirtualClock, run_virtual
from tests.fakes.sine_source import SineSource
from tests.integration.answers import line
from tests.integration.test_faults_program import leaves, pss_mb
from tests.servers import shop_logs
from tests.servers.elasticsearch_node import ElasticsearchServer
from tests.servers.faults import FaultServer

pytestmark = pytest.mark.slow

PANELS = 200
ON_SCREEN = 20
SERIES = 500
"""In each panel on screen: 10,000 at once."""


class Crowd(SineSource):
    """Quick answers of many series."""

    def _window(self, text: str, times: np.ndarray) -> Window:  # type: ignore[type-arg]
        values = np.sin(times / 600 + len(text)) + np.arange(len(LABELS), dtype=np.float64)[:, None]
        return Window(times=times, labels=LABELS, values=values, present=np.ones_like(values, dtype=bool))


LABELS = tuple(labels_of({"pod": f"pod-{number:04}"}) for number in range(SERIES))


def panel(name: str, query: Query, kind: PanelKind = PanelKind.TIMESERIES) -> PanelSpec:
    return PanelSpec(id=name, title=name, kind=kind, source="prom", queries=(PanelQuery(query=query),))


def board(*panels: PanelSpec, refresh_s: float) -> Board:
    return Board(
        dashboards=(Dashboard(title="Main", panels=panels),),
        sources=(SourceSpec(name="prom", kind="prometheus", url="http://127.0.0.1:9"),),
        refresh_s=refresh_s,
    )


def grown_mb(the_board: Board, source: SineSource, *, shown: list[str], warm_s: float, then_s: float) -> float:
    """How much more is allocated after `then_s` more of virtual time than after `warm_s`; panels are painted too."""
    look = Look(now_s=START_S)

    async def main() -> tuple[int, int]:
        engine = Engine(the_board, {"prom": source}, VirtualClock())
        engine.show(0, shown)
        running = asyncio.create_task(engine.run())
        kept = []
        for length_s in (warm_s, then_s):
            for _ in range(10):
                await asyncio.sleep(length_s / 10)
                views = engine.snapshot().panels
                assert {view.state for view in views.values()} == {Freshness.FRESH}
                for view in list(views.values())[:3]:
                    paint(view, 60, 16, look)
            gc.collect()
            kept.append(tracemalloc.get_traced_memory()[0])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return kept[0], kept[1]

    tracemalloc.start(1)
    try:
        before, after = run_virtual(main())
    finally:
        tracemalloc.stop()
    return (after - before) / 2**20


@pytest.mark.timeout(180)
def test_ten_thousand_series_on_two_hundred_panels_take_no_more_memory_after_hundreds_of_refreshes() -> None:
    panels = [panel(f"p{number}", PromQuery(source="prom", expr=f"q{number}")) for number in range(PANELS)]
    shown = [each.id for each in panels[:ON_SCREEN]]
    source = Crowd()
    grown = grown_mb(board(*panels, refresh_s=1.0), source, shown=shown, warm_s=60, then_s=200)
    asked = {each.text for each in source.asked} - {"probe"}
    assert asked == {f"q{number}" for number in range(ON_SCREEN)}, "what is not on screen is not asked"
    assert grown < 3


def test_a_day_takes_no_more_memory_than_an_hour() -> None:
    queries: list[PanelSpec] = [panel(f"p{number}", PromQuery(source="prom", expr=f"q{number}")) for number in range(3)]
    queries.append(panel("lines", LogQuery(source="prom", query="*", limit=100), PanelKind.LOGS))
    shown = [each.id for each in queries]
    grown = grown_mb(board(*queries, refresh_s=120.0), SineSource(), shown=shown, warm_s=3600 * 2, then_s=86_400)
    assert grown < 3


@pytest.mark.timeout(120)
def test_two_hundred_panels_of_fifty_series_are_lived_with(tmp_path: Path, fault_server: FaultServer) -> None:
    fault_server.always(line(lambda t: t % 60, *({"pod": f"pod-{number}"} for number in range(50))))
    panels = "\n".join(
        f"      - {{title: p{number}, kind: timeseries, source: prom, queries: [{{expr: q{number}_}}]}}"
        for number in range(PANELS)
    )
    text = f"""\
version: 1
refresh: 1s
range: 5m
timezone: UTC
sources:
  prom: {{kind: prometheus, url: "{fault_server.url}", timeout: 4s}}
dashboards:
  - title: Main
    panels:
{panels}
"""
    with dashboard(tmp_path, text=text, size=(200, 50)) as tty:
        tty.wait_for("pod-0")
        for _ in range(30):  # through the pages and back
            tty.send("\x1b[6~")
            time.sleep(0.1)
        tty.wait_for(r"\bp1\d\d\b")
        for _ in range(30):
            tty.send("\x1b[5~")
            time.sleep(0.1)
        tty.wait_for(r"\bp0\b")
        time.sleep(3)
        before = pss_mb(tty)
        time.sleep(15)
        after = pss_mb(tty)
        fault_server.forget()
        time.sleep(2.5)
        asked = {each.param("query") for each in fault_server.asked}
        assert len(asked) < 40, "only what is on screen is asked"
        leaves(tty)
    assert after < before + 8
    assert after < 150


@pytest.mark.integration
@pytest.mark.timeout(150)
def test_two_thousand_lines_a_second_flow_past_an_open_logs_panel(
    tmp_path: Path, elasticsearch_server: ElasticsearchServer
) -> None:
    index = "logs-flood"
    elasticsearch_server.delete_index(index)
    elasticsearch_server.create_index(index)
    text = f"""\
version: 1
refresh: 1s
range: 5m
timezone: UTC
sources:
  logs: {{kind: elasticsearch, url: "{elasticsearch_server.url}", index: "{index}", timeout: 4s}}
dashboards:
  - title: Main
    panels:
      - {{title: Lines, kind: logs, source: logs, queries: [{{query: "*"}}]}}
      - {{title: Rate, kind: timeseries, source: logs, queries: [{{query: "*", metric: count, group_by: level}}]}}
"""
    documents = list(shop_logs.documents(start_s=time.time() - 10, end_s=time.time(), count=2000))
    elasticsearch_server.add(index, documents)
    memory = []
    try:
        with dashboard(tmp_path, text=text, size=(160, 50)) as tty:
            tty.wait_for("Lines")
            for second in range(14):
                began = time.monotonic()
                stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
                mark = {"level": "info", "message": f"flood of second {second} goes on"}
                fresh_ones = [
                    each | {"@timestamp": stamp} | (mark if n < 1 else {}) for n, each in enumerate(documents)
                ]
                elasticsearch_server.add(index, [*fresh_ones[1:], fresh_ones[0]], refresh=False)
                memory.append(pss_mb(tty))
                tty.send("j" if second % 2 else "k")
                time.sleep(max(0.0, 1 - (time.monotonic() - began)))
            last = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            elasticsearch_server.add(index, [documents[0] | {"@timestamp": last, "message": "the very last line"}])
            tty.wait_for("the very last line")
            leaves(tty)
    finally:
        elasticsearch_server.delete_index(index)
    assert max(memory) < 150
    assert memory[-1] < memory[5] + 12
