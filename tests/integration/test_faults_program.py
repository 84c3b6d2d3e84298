"""The whole program on a terminal and as a script, on servers that do what they should not."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import opsdash
from tests.e2e.programs import dashboard, write
from tests.e2e.tty import Tty
from tests.integration.answers import line
from tests.servers import replies
from tests.servers.fault_fixtures import MakeFaultServer
from tests.servers.faults import FaultServer

GOOD = line(lambda t: t % 60, {"service": "orders"})
MOST_MB = 150
"""What the program may ever have, whatever it is sent."""


def config(url: str, *exprs: str, refresh: str = "1s", timeout: str = "2s", more: str = "") -> str:
    """A panel an expression."""
    panels = "\n".join(
        f"      - {{title: {expr}, kind: timeseries, source: prom, queries: [{{expr: {expr}}}]}}" for expr in exprs
    )
    return f"""\
version: 1
title: Shop
refresh: {refresh}
range: 5m
timezone: UTC
sources:
  prom: {{kind: prometheus, url: "{url}", timeout: {timeout}}}
dashboards:
  - title: Main
    panels:
{panels}
  - title: Edge
    panels:
      - {{title: Words, kind: text, text: "nothing to see here"}}
{more}"""


def pss_mb(tty: Tty) -> float:
    """Memory of the program and all that it started, shared pages counted once."""
    session = tty.process.pid
    total_kb = 0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and int((folder / "stat").read_text().rsplit(")", 1)[1].split()[3]) == session:
                found = re.search(r"^Pss:\s+(\d+) kB", (folder / "smaps_rollup").read_text(), re.MULTILINE)
                total_kb += int(found[1]) if found else 0
        except OSError:
            continue  # it ended meanwhile
    return total_kb / 1024


def leaves(tty: Tty) -> None:
    """It can be left as ever, and the terminal is as it was."""
    tty.send("q")
    assert tty.wait(5) == 0
    assert tty.left_on() == []
    assert b"Traceback" not in tty.output


# 3, 4: what hangs and what is slow


def test_keys_answer_while_every_query_hangs(tmp_path: Path, fault_server: FaultServer) -> None:
    names = [f"q{number}_" for number in range(40)]
    fault_server.always(replies.hang())
    with dashboard(tmp_path, text=config(fault_server.url, *names), size=(160, 48)) as tty:
        tty.wait_for("did not answer in 2 s")
        for keys, words in (("2", "nothing to see here"), ("1", "q0_"), ("?", "leave opsdash")):
            tty.send(keys)
            tty.wait_for(words)
        tty.send("\x1b")
        tty.wait_until(lambda: "leave opsdash" not in tty.text, "help is closed")
        tty.send("H")
        tty.wait_for("did not answer in 2 s|does not answer")
        tty.send("\x1b")
        tty.wait_for("q0_")
        fault_server.always(GOOD)
        tty.wait_for("service=|orders", 30)
        leaves(tty)


def test_the_real_period_of_a_slow_source_is_in_the_header(tmp_path: Path, fault_server: FaultServer) -> None:
    fault_server.always(replies.after(1.6, GOOD))
    text = config(fault_server.url, "slow_one", timeout="4s")
    with dashboard(tmp_path, text=text, size=(140, 30)) as tty:
        tty.wait_for(r"1s takes [23](\.\d)?s", 30)
        assert fault_server.most_at_once("slow_one") == 1
        leaves(tty)


# 5: a source that refuses everything


def test_a_wrong_path_is_said_beside_the_name_of_the_source_and_by_once(
    tmp_path: Path, fault_server: FaultServer
) -> None:
    fault_server.always(replies.status(404, "404 page not found"))
    text = config(f"{fault_server.url}/wrong", "one", "two")
    with dashboard(tmp_path, text=text, size=(140, 30)) as tty:
        tty.wait_for("prom ✕")
        tty.send("H")
        tty.wait_for("does not answer")
        tty.wait_for("message .*404")
        tty.send("\x1b")
        tty.wait_for("1 Main")
        assert "answers again" not in tty.text
        leaves(tty)
    done = opsdash(tmp_path, "once", str(write(tmp_path, text)), "--format", "json")
    said = json.loads(done.stdout)["sources"]["prom"]
    assert (done.returncode, said["state"]) == (3, "error")
    assert "404" in said["error"]
    printed = opsdash(tmp_path, "once", str(write(tmp_path, text))).stdout
    assert re.search(r"prom ✕ error", printed), printed
    assert re.search(r"prom: .*404", printed), printed


# 8: floods


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_floods_of_every_kind_at_once_leave_the_program_below_150_mb(tmp_path: Path, fault_server: FaultServer) -> None:
    fault_server.always(GOOD)
    fault_server.on("large_one", replies.big_json())
    fault_server.on("bomb_one", replies.compressed_bomb())
    fault_server.on("many_one", replies.many_series())
    fault_server.on("long_one", replies.long_label())
    names = ("large_one", "bomb_one", "many_one", "long_one", "good_one")
    text = config(fault_server.url, *names, timeout="30s", refresh="2s")
    most = 0.0
    with dashboard(tmp_path, text=text, size=(160, 50)) as tty:
        said = {"64 MiB": 0, "1,000 series": 0, "4,096": 0}
        end = time.monotonic() + 45
        while time.monotonic() < end and not all(said.values()):
            most = max(most, pss_mb(tty))
            for words in said:
                said[words] += words in tty.text
            time.sleep(0.05)
        assert all(said.values()), (said, tty.text)
        tty.send("2")
        tty.wait_for("nothing to see here")
        tty.send("1")
        tty.wait_for("good_one")
        for _ in range(100):
            most = max(most, pss_mb(tty))
            time.sleep(0.05)
        leaves(tty)
    assert most < MOST_MB


# 10: clocks


@pytest.mark.parametrize(("skew_s", "words"), [(-3600, "behind this host's"), (3600, "ahead of this host's")])
def test_the_clock_of_a_source_that_is_off_is_said_calmly(
    tmp_path: Path, fault_server: FaultServer, skew_s: float, words: str
) -> None:
    async def off(asked: Any, writer: asyncio.StreamWriter) -> bool:
        at = float(asked.param("end", "0")) or float(asked.param("time", "0"))
        data = {"resultType": "matrix", "result": [{"metric": {}, "values": [[at, "1"]]}]}
        reply = replies.with_clock_off(skew_s, time.time(), {"status": "success", "data": data})
        return await reply(asked, writer)

    fault_server.always(off)
    with dashboard(tmp_path, text=config(fault_server.url, "one"), size=(140, 30)) as tty:
        tty.wait_for("clock [-+]1h")
        tty.send("H")
        tty.wait_for(words)
        tty.send("\x1b")
        tty.wait_for("1 Main")
        leaves(tty)


# 12: partial answers


def test_a_partial_answer_of_elasticsearch_says_so_on_its_panel(tmp_path: Path, fault_server: FaultServer) -> None:
    now_ms = int(time.time() * 1000)
    hit = {"_index": "logs", "_id": "1", "_source": {"message": "it is here"}, "sort": [now_ms, 1]}
    fault_server.always(replies.es_json({"version": {"number": "8.19.21"}, "tagline": "You Know, for Search"}))
    fault_server.on("_search", replies.es_partial([hit]))
    text = config("http://127.0.0.1:9", "one").replace(
        "dashboards:", f'  logs: {{kind: elasticsearch, url: "{fault_server.url}", index: "logs-*"}}\ndashboards:'
    )
    text = text.replace(
        "      - {title: one, kind: timeseries, source: prom, queries: [{expr: one}]}",
        '      - {title: Lines, kind: logs, source: logs, queries: [{query: "level:error"}]}',
    )
    with dashboard(tmp_path, text=text, size=(140, 30)) as tty:
        tty.wait_for("it is here")
        tty.wait_for("partial|1 of 5 shards")
        leaves(tty)


# 14: hostile text, by every way into the program


ATTACKS = ("\x1b]0;OWNED\x07", "\x1b[5mOWNED", "\x9b5mOWNED", "\x9d0;OWNED\x9c", "\rOWNED", "\x00OWNED", "\x08OWNED")
HOSTILE = "a" + "".join(ATTACKS) + "\u202eOWNED\u200b[bold]{{x}}%s"
FORBIDDEN = [attack.encode() for attack in ATTACKS if attack[0] != "\r"]
FORBIDDEN += [
    b"\x1b]0;",
    b"\x07",
    b"\x00",
    b"\xc2\x9b",
    b"\xc2\x9d",
    b"\xc2\x9c",
    "\u202e".encode(),
    b"\x1b[5m",
    b"\rOWN",
]

HOSTILE_CONFIG = """\
version: 1
title: "T[bold]%s"
environment: "prod[red]"
refresh: 1s
range: 5m
timezone: UTC
sources:
  prom: {{kind: prometheus, url: "{prom}", timeout: 2s}}
  logs: {{kind: elasticsearch, url: "{logs}", index: "logs-*", timeout: 2s}}
variables:
  pod: {{source: prom, label_values: {{metric: up, label: pod}}, multi: true, include_all: true}}
dashboards:
  - title: "D[blink]"
    panels:
      - {{title: "P[link=x]%s{{{{", kind: timeseries, source: prom, queries: [{{expr: 'up{{pod=~"$pod"}}'}}]}}
      - {{title: Refused, kind: stat, source: prom, queries: [{{expr: bad_one}}]}}
      - {{title: Page, kind: stat, source: prom, queries: [{{expr: html_one}}]}}
      - {{title: Warned, kind: toplist, source: prom, queries: [{{expr: warned_one, legend: "{{{{service}}}}{yaml}"}}]}}
      - {{title: Table, kind: table, source: prom, queries: [{{expr: table_one}}]}}
      - {{title: Rows, kind: logs, source: logs, queries: [{{query: "*"}}]}}
      - {{title: Words, kind: text, text: "W{yaml}"}}
"""
YAML = "".join(
    f"\\x{ord(char):02x}" if ord(char) < 256 and not char.isalnum() and char not in " ;[]%" else char
    for char in "a" + "".join(ATTACKS) + "OWNED"
)


@pytest.fixture
def hostile(make_fault_server: MakeFaultServer) -> str:
    """A configuration whose every text, and whose every answer, is an attack."""
    prom, logs = make_fault_server(), make_fault_server()
    labels = {"service": HOSTILE, "pod": HOSTILE}
    prom.always(line(lambda t: t % 60, labels))
    prom.on("warned_one", line(lambda t: t % 60, labels, warnings=[HOSTILE]))
    prom.on("bad_one", replies.prometheus_error(422, "execution", HOSTILE))
    prom.on("html_one", replies.body(f"<h1>{HOSTILE}</h1>", content_type="text/html"))
    prom.on("/api/v1/label/", replies.as_json({"status": "success", "data": [HOSTILE, HOSTILE + "2"]}))
    prom.on("/api/v1/series", replies.as_json({"status": "success", "data": [labels]}))
    prom.on("buildinfo", replies.as_json({"status": "success", "data": {"version": HOSTILE, "application": HOSTILE}}))
    now_ms = int(time.time() * 1000)
    source = {"message": HOSTILE, "level": HOSTILE, HOSTILE: HOSTILE, "@timestamp": now_ms}
    hits = [{"_index": HOSTILE, "_id": str(k), "_source": source, "sort": [now_ms - k, k]} for k in range(5)]
    logs.always(replies.es_json({"version": {"number": HOSTILE}, "tagline": HOSTILE, "cluster_name": HOSTILE}))
    logs.on("_search", replies.es_partial(hits))
    return HOSTILE_CONFIG.format(yaml=YAML, prom=prom.url, logs=logs.url)


def test_no_hostile_byte_reaches_the_terminal_by_any_way(tmp_path: Path, hostile: str) -> None:
    with dashboard(tmp_path, text=hostile, size=(180, 60)) as tty:
        tty.wait_for("OWNED")
        tty.wait_for("Rows")
        time.sleep(3)
        for keys in ("H", "\x1b", "$", " ", "\x1b", "v", "\x1b", "?", "\x1b", ":", "P", "\x1b", "/", "a", "\r", "\x1b"):
            tty.send(keys)
            time.sleep(0.3)
        for _ in range(7):
            for keys in ("\t", "\r", "\x1b[B", "\r", "\x1b[B", "y", "w", "\r", "\x1b", "\x1b"):
                tty.send(keys)
                time.sleep(0.12)
        write(tmp_path, hostile.replace("kind: stat", f'"k{YAML}": 1, kind: "s{YAML}"'))
        tty.wait_for(r"opsdash.yaml:\d+")
        time.sleep(0.5)
        tty.signal(15)
        assert tty.wait(5) == 143
        seen = tty.text
    copied = [base64.b64decode(text).decode() for text in re.findall(rb"\x1b\]52;c;([\w+/=]*)\x07", tty.output)]
    output = re.sub(rb"\x1b\]52;c;[\w+/=]*\x07", b"", tty.output)  # our own, to the operator's clipboard
    assert copied
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", "".join(copied))
    assert [bytes_ for bytes_ in FORBIDDEN if bytes_ in output] == [], seen
    assert b"OWNED" in output
    written = [path for path in tmp_path.iterdir() if path.suffix in {".csv", ".json", ".svg", ".txt"}]
    assert written
    for path in written:
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", path.read_text()), path


@pytest.mark.parametrize("kind", ["text", "json", "svg"])
def test_no_hostile_byte_is_in_what_once_prints(tmp_path: Path, hostile: str, kind: str) -> None:
    path = write(tmp_path, hostile)
    done = opsdash(tmp_path, "once", str(path), "--format", kind)
    printed = done.stdout.encode() + done.stderr.encode()
    assert "OWNED" in done.stdout
    assert [bytes_ for bytes_ in FORBIDDEN if bytes_ in printed] == []
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.stdout + done.stderr)
    if kind == "json":
        json.loads(done.stdout)


@pytest.mark.parametrize("kind", ["text", "json", "csv"])
@pytest.mark.parametrize("asked", [("prom", "table_one"), ("prom", "bad_one"), ("logs", "*")], ids="-".join)
def test_no_hostile_byte_is_in_what_query_prints(
    tmp_path: Path, hostile: str, kind: str, asked: tuple[str, str]
) -> None:
    path = write(tmp_path, hostile)
    done = opsdash(tmp_path, "query", *asked, str(path), "--format", kind)
    assert "OWNED" in done.stdout + done.stderr
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.stdout + done.stderr)


def test_no_hostile_byte_is_in_what_check_prints(tmp_path: Path, hostile: str) -> None:
    path = write(tmp_path, hostile.replace("kind: stat", f'"k{YAML}": 1, kind: "s{YAML}"'))
    for more in ((), ("--json",), ("--live",)):
        done = opsdash(tmp_path, "check", str(path), *more)
        assert "OWNED" in done.stdout + done.stderr
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.stdout + done.stderr)
