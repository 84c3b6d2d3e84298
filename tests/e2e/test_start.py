"""Starting: what is wrong is said on the plain terminal, with its exit code, before anything is drawn."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from opsdash.core.view.keymap import COMMANDS
from tests.e2e.programs import OPSDASH, SHOWN, UNREACHABLE, dashboard, home, write
from tests.e2e.tty import Tty

SOON_S = 10.0

VARIABLES = UNREACHABLE.replace(
    "dashboards:",
    "variables:\n  service: {values: [orders, users], multi: true}\ndashboards:",
    1,
)


def test_every_problem_of_the_configuration_is_said(tmp_path: Path) -> None:
    text = UNREACHABLE.replace("kind: stat", "kind: stet").replace("refresh: 1s", "refresh: 1 parsec")
    with dashboard(tmp_path, text=text) as tty:
        assert tty.wait(SOON_S) == 78
        said = tty.output.decode()
        assert "opsdash.yaml:4:" in said
        assert "did you mean stat?" in said
        assert "\x1b" not in said


@pytest.mark.parametrize("name", ["gone.yaml", ".", "/dev/null", "/proc/1/mem", "a\x1b[31mb.yaml"])
def test_a_configuration_that_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    with Tty([*OPSDASH, name if name != "." else str(tmp_path)], env=home(tmp_path), cwd=tmp_path) as tty:
        assert tty.wait(SOON_S) == 78
        assert b"Traceback" not in tty.output
        assert b"\x1b" not in tty.output
        assert tty.output.strip()


def test_no_configuration_at_all_names_the_places(tmp_path: Path) -> None:
    with Tty([*OPSDASH], env=home(tmp_path), cwd=tmp_path) as tty:
        assert tty.wait(SOON_S) == 78
        assert b"opsdash.yaml" in tty.output
        assert b"/etc/opsdash/opsdash.yaml" in tty.output


def test_the_default_places_work(tmp_path: Path) -> None:
    write(tmp_path)
    with Tty([*OPSDASH], env=home(tmp_path), cwd=tmp_path) as tty:
        tty.wait_for(SHOWN)


def test_a_folder_is_the_union_of_its_files(tmp_path: Path) -> None:
    head, _, rest = UNREACHABLE.partition("dashboards:\n")
    (tmp_path / "conf").mkdir()
    write(tmp_path / "conf", head, "a.yaml")
    write(tmp_path / "conf", f"version: 1\ndashboards:\n{rest}", "b.yaml")
    with Tty([*OPSDASH, "conf"], env=home(tmp_path), cwd=tmp_path) as tty:
        tty.wait_for(SHOWN)
        write(
            tmp_path / "conf",
            'version: 1\ndashboards: [{title: Third, panels: [{title: C, kind: text, text: "c"}]}]\n',
            "c.yaml",
        )
        tty.wait_for("3 Third")


def test_a_configuration_with_the_name_of_a_command(tmp_path: Path) -> None:
    write(tmp_path, name="check")
    with Tty([*OPSDASH, "./check"], env=home(tmp_path), cwd=tmp_path) as tty:
        tty.wait_for(SHOWN)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--var", "servce=orders"), 'there is no variable "servce"; did you mean service?'),
        (("--theme", "defualt"), 'there is no theme "defualt"; did you mean default?'),
    ],
)
def test_what_the_configuration_does_not_have_is_a_usage_error(
    tmp_path: Path, args: tuple[str, ...], words: str
) -> None:
    with dashboard(tmp_path, *args, text=VARIABLES) as tty:
        assert tty.wait(SOON_S) == 64
        assert words in tty.text


def test_a_missing_secret_is_said(tmp_path: Path) -> None:
    text = UNREACHABLE.replace("timeout: 1s", 'timeout: 1s, auth: {bearer: "env:NO_SUCH_TOKEN"}')
    with dashboard(tmp_path, text=text) as tty:
        tty.wait_for("NO_SUCH_TOKEN")


NAMED = {
    "esc": "\x1b", "enter": "\r", "tab": "\t", "space": " ", "backspace": "\x7f", "up": "\x1b[A", "down": "\x1b[B",
    "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F", "pgup": "\x1b[5~", "pgdn": "\x1b[6~",
    "shift+tab": "\x1b[Z", "shift+left": "\x1b[1;2D", "shift+right": "\x1b[1;2C", "ctrl+left": "\x1b[1;5D",
    "ctrl+right": "\x1b[1;5C", "f1": "\x1bOP", "delete": "\x1b[3~", "insert": "\x1b[2~",
}  # fmt: skip


def bytes_of(key: str) -> str:
    """What a terminal sends for a key of the keymap."""
    if key in NAMED:
        return NAMED[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return chr(ord(key[5]) & 0x1F)
    assert len(key) == 1, f"no bytes are known for {key}"
    return key


def test_every_key_of_the_keymap_arrives_as_itself(tmp_path: Path) -> None:
    """What is typed as bytes is what the session hears, under the name that the keymap has for it."""
    heard = tmp_path / "heard"
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "from opsdash.ui import session\n"
        f"heard = open({str(heard)!r}, 'a', buffering=1)\n"
        "def pressed(self, key):\n"
        "    heard.write(key + '\\n')\n"
        "session.Session.pressed = pressed\n"
        "from opsdash.cli.main import main\n"
        "sys.exit(main())\n"
    )
    keys = sorted({key for command in COMMANDS for key in command.keys} - {"ctrl+c", "ctrl+z"})
    with Tty([sys.executable, str(program), str(write(tmp_path))], env=home(tmp_path), cwd=tmp_path) as tty:
        tty.wait_for(SHOWN)
        for count, key in enumerate(keys, 1):
            tty.send(bytes_of(key))
            tty.wait_until(lambda expected=count: heard.read_text().count("\n") >= expected, f"{key} is heard")
    assert heard.read_text().splitlines() == keys


def test_esc_and_the_next_key_in_one_breath_are_two_keys(tmp_path: Path) -> None:
    with dashboard(tmp_path) as tty:
        tty.wait_for(SHOWN)
        tty.send("\r")
        tty.wait_for("panel 1/2")
        tty.send("\x1b2")
        tty.wait_for("nothing to see here")
        tty.send("\x1b1")
        tty.wait_for("Requests")
        assert "panel 1/2" not in tty.text
