"""Every shipped rule file with its unit tests: `opsdash rules test` and the real promtool agree, also on failures."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from opsdash.cli import rules_test
from tests.servers import prometheus
from tests.servers.needs import missing

RULES = Path(__file__).parents[2] / "sample_configs" / "rules"
TESTS = sorted(RULES.glob("*.test.yaml"))


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    if why := prometheus.what_is_missing():
        missing("prometheus", why)
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


def test_every_rule_file_has_its_tests() -> None:
    assert TESTS
    assert {file.name.replace(".rules.", ".test.") for file in RULES.glob("*.rules.yaml")} == {f.name for f in TESTS}


@pytest.mark.integration
@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_opsdash_and_promtool_say_that_the_tests_hold(file: Path) -> None:
    done = promtool("test", "rules", str(file))
    ours = rules_test.tested_file(file)

    assert done.returncode == 0, done.stdout + done.stderr
    assert ours.problems == ()
    assert [test for test in ours.tests if not test.holds] == []


@pytest.mark.integration
@pytest.mark.parametrize(
    ("written", "instead"), [("> 0.05", "> 0.5"), ("for: 2m", "for: 12m"), ("web fails", "web has")]
)
def test_opsdash_and_promtool_say_that_a_test_does_not_hold(tmp_path: Path, written: str, instead: str) -> None:
    for file in RULES.glob("http.*"):
        (tmp_path / file.name).write_text(file.read_text().replace(written, instead))
    test = tmp_path / "http.test.yaml"
    done = promtool("test", "rules", str(test))

    assert done.returncode == 1
    assert not all(one.holds for one in rules_test.tested_file(test).tests)
