"""The memory that is left in a control group, read from files as the kernel writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from opsdash.cli.headroom import MARGIN_BYTES, room_of

MIB = 1 << 20


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("ours", "groups", "room_mib"),
    [
        ("0::/a/b\n", {"a/b/memory.max": f"{100 * MIB}\n", "a/b/memory.current": f"{30 * MIB}\n"}, 70),
        ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/b/memory.current": f"{30 * MIB}\n"}, None),
        (
            "0::/a/b\n",
            {
                "a/b/memory.max": f"{100 * MIB}\n",
                "a/b/memory.current": f"{30 * MIB}\n",
                "a/memory.max": f"{90 * MIB}\n",
                "a/memory.current": f"{80 * MIB}\n",
                "a/memory.stat": f"anon 5\ninactive_file {4 * MIB}\nactive_file 7\n",
            },
            14,
        ),
        ("0::/\n", {"memory.max": f"{64 * MIB}\n", "memory.current": f"{70 * MIB}\n"}, 0),
        (
            "12:cpu:/x\n4:memory:/pod/1\n0::/\n",
            {
                "memory/memory.limit_in_bytes": "9223372036854771712\n",
                "memory/memory.usage_in_bytes": "5\n",
                "memory/pod/1/memory.limit_in_bytes": f"{50 * MIB}\n",
                "memory/pod/1/memory.usage_in_bytes": f"{40 * MIB}\n",
                "memory/pod/1/memory.stat": f"inactive_file 1\ntotal_inactive_file {2 * MIB}\n",
            },
            12,
        ),
        ("0::/../../other\n", {"memory.max": f"{9 * MIB}\n", "memory.current": "0\n"}, 9),
        ("", {}, None),
        ("nonsense\n::\n0::\n4:memory\n", {"memory.max": "x"}, None),
    ],
)
def test_the_tightest_group_says_what_is_left(
    tmp_path: Path, ours: str, groups: dict[str, str], room_mib: int | None
) -> None:
    proc, system = written(tmp_path / "proc", {"cgroup": ours}), written(tmp_path / "sys", groups)
    room = room_of(proc, system)
    assert (room if room is None else room // MIB) == room_mib


def limited(folder: Path, limit_bytes: int, *, before: int = -1) -> tuple[int | None, int]:
    """What is set in a process of its own whose group has so many bytes left, and what holds then."""
    written(folder / "proc", {"cgroup": "0::/\n", "status": "VmData:\t  102400 kB\n"})
    written(folder / "sys", {"memory.max": f"{limit_bytes}\n", "memory.current": "0\n"})
    program = (
        "import json, resource, sys; from pathlib import Path; from opsdash.cli.headroom import stay_within_group\n"
        f"if {before} > 0: resource.setrlimit(resource.RLIMIT_DATA, ({before}, -1))\n"
        "done = stay_within_group(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "print(json.dumps([done, resource.getrlimit(resource.RLIMIT_DATA)[0]]))"
    )
    argv = [sys.executable, "-c", program, str(folder / "proc"), str(folder / "sys")]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    said, holds = json.loads(done.stdout)
    return said, holds


def test_our_data_may_grow_as_far_as_the_group_has_room_and_no_limit_is_ever_loosened(tmp_path: Path) -> None:
    expected = 100 * MIB + 40 * MIB - MARGIN_BYTES
    assert limited(tmp_path / "a", 40 * MIB) == (expected, expected)
    assert limited(tmp_path / "b", 40 * MIB, before=120 * MIB) == (None, 120 * MIB)
    assert limited(tmp_path / "c", 40 * MIB, before=160 * MIB) == (expected, expected)


def test_a_group_with_plenty_of_room_limits_nothing(tmp_path: Path) -> None:
    assert limited(tmp_path, 2 << 30) == (None, -1)
