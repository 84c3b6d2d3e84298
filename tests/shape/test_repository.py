"""What must not be in a commit: the hosts that packages came from, and the places that the work was done in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.shape.tree import ROOT

# In pieces, so that this file is not what it looks for.
HOSTS = [
    r"pypi\.(?:org|python\.org)",
    r"python" + r"hosted\.org",
    r"repo1?\.maven\.(?:org|apache\.org)",
    r"registry\.npm" + r"js\.org",
    r"crates\." + r"io\b",
    r"proxy\.go" + r"lang\.org",
    r"deb\.debian\." + r"org",
    r"conda\." + r"anaconda\.org",
]
PLACES = [r"/work/(?:main|shared|\.|clone)" + r"\b", r"/tmp/" + r"(?:w|gw)/", r"/opt/" + r"wheels"]
BINARY = {".png", ".ico", ".gz", ".jsa"}


def committed() -> list[Path]:
    """The files that git knows; where there is no git, all but what is made."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        names = [name for name in listed.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        made = re.compile(r"(^|/)(\.[a-z_]+(cache|env)|\.tools|\.git|__pycache__|dist)/")
        names = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if not made.search(name)]
    return [ROOT / name for name in names if (ROOT / name).is_file() and Path(name).suffix not in BINARY]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in committed():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    return found


def test_no_file_names_the_host_of_a_package_registry() -> None:
    assert lines_with(re.compile("|".join(HOSTS))) == []


def test_no_file_names_the_place_it_was_written_at() -> None:
    assert lines_with(re.compile("|".join(PLACES))) == []


def test_there_is_no_lock_file() -> None:
    assert [path.name for path in committed() if path.name == "uv.lock"] == []


def test_every_pin_has_a_hash() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        pins = re.split(r"\n(?=\S)", path.read_text().strip())
        assert pins
        assert [pin.splitlines()[0] for pin in pins if not pin.startswith("#") and "--hash=sha256:" not in pin] == []
