"""Templates are expanded as the real promtool expands them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from opsdash.core.alerting.templates import Expansion, Sample, expand
from tests.servers import prometheus
from tests.servers.needs import missing

CASES = (Path(__file__).parent.parent / "core" / "alerting" / "templates.txt").read_text().splitlines()
"""A template a line."""
VALUE = 14.75
UP = (
    Sample(labels={"__name__": "up", "job": "a"}, value=1.0),
    Sample(labels={"__name__": "up", "job": "b"}, value=2.0),
)


@pytest.mark.integration
def test_every_template_is_expanded_as_promtool_does(tmp_path: Path) -> None:
    if why := prometheus.what_is_missing():
        missing("prometheus", why)
    given = Expansion(
        labels=(("__name__", "m"), ("job", "a")),
        value=VALUE,
        external_labels=(("region", "eu"),),
        query=lambda expr: UP if expr == "up" else (),
    )
    rules = [{"alert": f"A{n}", "expr": "m > 1", "annotations": {"text": case}} for n, case in enumerate(CASES)]
    expected = [
        {
            "eval_time": "2m",
            "alertname": f"A{number}",
            "exp_alerts": [{"exp_labels": {"job": "a"}, "exp_annotations": {"text": expand(case, given)}}],
        }
        for number, case in enumerate(CASES)
    ]
    series = {'m{job="a"}': f"{VALUE}x5", 'up{job="a"}': "1x5", 'up{job="b"}': "2x5"}
    test = {
        "interval": "1m",
        "external_labels": {"region": "eu"},
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": expected,
    }
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}))
    whole = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [test]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(whole))

    done = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yaml")],  # the one of the path is meant
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
