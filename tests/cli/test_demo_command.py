"""`opsdash demo` before anything is started: what it lists, and what it does not take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opsdash.cli.demo import listed
from opsdash.cli.main import main
from opsdash.core.text import text_width
from opsdash.plant.scenarios.catalogue import SCENARIOS


def test_the_list_has_every_incident_with_its_sight_and_cure_in_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--list"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    flat = " ".join(told.out.split())
    for scenario in SCENARIOS.values():
        assert f"{scenario.name} {scenario.title}" in flat
        assert f"see {scenario.dashboard}: {scenario.seen}" in flat
        assert f"cure {scenario.remedy}" in flat
    assert max(map(text_width, told.out.splitlines())) <= 80


def test_the_list_is_that_of_the_issue() -> None:
    assert set(SCENARIOS) == {
        "flash-sale", "hot-shard", "cache-stampede", "slow-payment", "retry-storm", "bad-deploy", "traffic-flood",
        "replica-lag", "pool-exhausted", "queue-backlog", "spot-reclaim", "memory-leak", "cdn-misconfigured",
        "cold-starts", "region-failover",
    }  # fmt: skip
    assert len(listed(SCENARIOS.values())) > 3 * len(SCENARIOS)


def test_the_list_starts_no_plant_and_imports_no_model() -> None:
    code = (
        "import sys; from opsdash.cli.main import main; main(['demo', '--list']); print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stderr.split())
    assert not loaded & {"numpy", "textual", "opsdash.plant.plant", "opsdash.plant.world", "opsdash.engine.engine"}


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--scenario", "flash-sael"], 'there is no scenario "flash-sael"; did you mean flash-sale?'),
        (["--scenario", "xyzzy"], 'there is no scenario "xyzzy"; opsdash demo --list has them'),
        (["--scenario", "\x1b[31m"], "there is no scenario"),
        (["--scenario", "flash-sale", "--architecture", "netflix"], "flash-sale is an incident of shop"),
        (["--list", "--scenario", "flash-sael"], "did you mean flash-sale?"),
    ],
)
def test_a_wrong_name_is_a_usage_error_before_anything_starts(
    args: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", *args]) == 64
    told = capsys.readouterr()
    assert words in told.err
    assert "\x1b" not in told.err
    assert told.out == ""


def test_every_incident_names_dashboards_that_the_demo_has() -> None:
    demo = Path(__file__).parents[2] / "sample_configs" / "demo"
    for scenario in SCENARIOS.values():
        for architecture in scenario.architectures:
            text = "\n".join(path.read_text() for path in (demo / architecture).glob("*.yaml"))
            assert f"  - title: {scenario.dashboard}\n" in text
