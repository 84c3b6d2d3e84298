"""Where the files are that opsdash reads and writes: the configuration, themes, samples and the log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from opsdash.core.errors import ConfigInvalid

_PACKAGE = Path(__file__).resolve().parent.parent


def find_config(given: str | None, env: Mapping[str, str], here: Path) -> Path:
    """The configuration that was named, or the first of the default places.

    Raises ConfigInvalid with every place that was looked at, where there is none; a file that was named but is not
    there is found out by the loader, which knows the words for it.
    """
    if given is not None:
        return Path(given)
    if named := env.get("OPSDASH_CONFIG"):
        return Path(named)
    places = default_places(env, here)
    for place in places:
        if place.exists():
            return place
    looked = "".join(f"\n  {place}" for place in places)
    raise ConfigInvalid(f"no configuration: none of these is there:{looked}\nName one: opsdash CONFIG")


def default_places(env: Mapping[str, str], here: Path) -> tuple[Path, ...]:
    """Where a configuration is looked for, in order."""
    return here / "opsdash.yaml", config_home(env) / "opsdash" / "opsdash.yaml", Path("/etc/opsdash/opsdash.yaml")


def config_home(env: Mapping[str, str]) -> Path:
    """$XDG_CONFIG_HOME; a relative one is ignored, as the specification asks."""
    return _xdg(env, "XDG_CONFIG_HOME", ".config")


def state_home(env: Mapping[str, str]) -> Path:
    """$XDG_STATE_HOME."""
    return _xdg(env, "XDG_STATE_HOME", ".local/state")


def log_file(env: Mapping[str, str]) -> Path:
    """Where the log goes when nobody says otherwise."""
    return state_home(env) / "opsdash" / "opsdash.log"


def theme_folders(env: Mapping[str, str]) -> tuple[Path, ...]:
    """Folders with themes, the user's own first."""
    return config_home(env) / "opsdash" / "themes", shipped("themes")


def shipped(name: str) -> Path:
    """A folder that comes with opsdash: inside the package when installed, beside it in a source tree."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def _xdg(env: Mapping[str, str], variable: str, default: str) -> Path:
    value = env.get(variable, "")
    if value.startswith("/"):
        return Path(value)
    return Path(env.get("HOME") or "/nonexistent") / default
