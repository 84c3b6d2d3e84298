"""The units: how each scales and what stands behind its number."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Form = Literal["number", "words", "hex", "sci", "plain", "date", "duration"]


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """One rung of a ladder: from `size` on, numbers are divided by it and carry `suffix`."""

    size: float
    suffix: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unit:
    """How a value is shown."""

    scales: tuple[Scale, ...] = (Scale(1.0, ""),)
    """Smallest first."""
    factor: float = 1.0
    """What a value is multiplied by to be in units of the ladder."""
    prefix: str = ""
    """Before the digits; for dates the layout."""
    grouped: bool = False
    """Thousands are separated: 1,180."""
    is_share: bool = False
    """Part of a hundred: what is nearly all is not shown as all."""
    binary: bool = False
    """Axes are divided by powers of two."""
    time: bool = False
    """Axes are divided as clocks are."""
    form: Form = "number"
    words: tuple[str, str] = ("", "")

    @property
    def base(self) -> Scale:
        """The rung that zero is shown on."""
        for scale in self.scales:
            if scale.size >= 1.0:
                return scale
        return self.scales[-1]


def _ladder(names: str, base: float, suffix: str = "", *, first: int = 0) -> tuple[Scale, ...]:
    return tuple(Scale(base ** (first + n), ("" if name == "_" else name) + suffix) for n, name in enumerate(names))


_COUNT_NAMES = "_kMBT"
_SI_NAMES = "_kMGTPE"
_IEC_NAMES = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_CLOCK = (Scale(1.0, "s"), Scale(60.0, "min"), Scale(3600.0, "h"), Scale(86_400.0, "d"), Scale(31_536_000.0, "y"))
_SECONDS = (Scale(1e-9, "ns"), Scale(1e-6, "µs"), Scale(1e-3, "ms"), *_CLOCK)


def _count(suffix: str = "", prefix: str = "", factor: float = 1.0) -> Unit:
    return Unit(scales=_ladder(_COUNT_NAMES, 1000.0, suffix), prefix=prefix, factor=factor)


def _si(suffix: str, factor: float = 1.0) -> Unit:
    return Unit(scales=_ladder(_SI_NAMES, 1000.0, suffix), factor=factor)


def _small_si(suffix: str, factor: float = 1.0) -> Unit:
    small = (Scale(1e-6, "µ" + suffix), Scale(1e-3, "m" + suffix))
    return Unit(scales=small + _ladder(_SI_NAMES, 1000.0, suffix), factor=factor)


def _iec(suffix: str, factor: float = 1.0) -> Unit:
    scales = tuple(Scale(1024.0**n, name + suffix) for n, name in enumerate(_IEC_NAMES))
    return Unit(scales=scales, factor=factor, binary=True)


def _time(factor: float) -> Unit:
    return Unit(scales=_SECONDS, factor=factor, time=True)


def _plain(suffix: str, *, factor: float = 1.0, is_share: bool = False) -> Unit:
    return Unit(scales=(Scale(1.0, suffix),), factor=factor, is_share=is_share)


def _words(no: str, yes: str) -> Unit:
    return Unit(form="words", words=(no, yes))


_POWERS_SI = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_POWERS_IEC = {"": 1.0, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}


def _data() -> dict[str, Unit]:
    """Sizes and data rates; `bytes` and `bits` are binary, `decbytes` and `decbits` decimal, as in Grafana."""
    units = {
        "bytes": _iec("B"), "bits": _iec("b"), "decbytes": _si("B"), "decbits": _si("b"),
        "kbytes": _iec("B", 2.0**10), "mbytes": _iec("B", 2.0**20), "gbytes": _iec("B", 2.0**30),
        "tbytes": _iec("B", 2.0**40), "pbytes": _iec("B", 2.0**50), "deckbytes": _si("B", 1e3),
        "decmbytes": _si("B", 1e6), "decgbytes": _si("B", 1e9), "dectbytes": _si("B", 1e12),
        "decpbytes": _si("B", 1e15),
        "binBps": _iec("B/s"), "binbps": _iec("b/s"), "pps": _si("p/s"),
    }  # fmt: skip
    for name, size in _POWERS_SI.items():
        units[f"{name}Bs" if name else "Bps"] = _si("B/s", size)
        units[f"{name}bits" if name else "bps"] = _si("b/s", size)
    for name, size in _POWERS_IEC.items():
        if name:
            units[f"{name}Bs"] = _iec("B/s", size)
            units[f"{name}bits"] = _iec("b/s", size)
    return units


def _times() -> dict[str, Unit]:
    return {
        "s": _time(1.0), "ms": _time(1e-3), "µs": _time(1e-6), "us": _time(1e-6), "ns": _time(1e-9),
        "m": _time(60.0), "h": _time(3600.0), "d": _time(86_400.0), "timeticks": _time(0.01),
        "dtdurations": Unit(form="duration"), "dtdurationms": Unit(form="duration", factor=1e-3),
        "dthms": Unit(form="duration"), "clocks": Unit(form="duration"), "clockms": Unit(form="duration", factor=1e-3),
        "dateTimeAsIso": Unit(form="date", prefix="%Y-%m-%d %H:%M:%S"),
        "dateTimeAsIsoNoDateIfToday": Unit(form="date", prefix="%Y-%m-%d %H:%M:%S"),
        "dateTimeAsUS": Unit(form="date", prefix="%m/%d/%Y %H:%M:%S"),
        "dateTimeAsLocal": Unit(form="date", prefix="%Y-%m-%d %H:%M:%S"),
        "dateTimeFromNow": Unit(form="date", prefix="%Y-%m-%d %H:%M:%S"),
    }  # fmt: skip


_CURRENCIES = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "KRW": "₩", "CNY": "¥", "INR": "₹", "RUB": "₽", "UAH": "₴",
    "BRL": "R$", "CHF": "CHF ", "SEK": "kr ", "NOK": "kr ", "DKK": "kr ", "ISK": "kr ", "CZK": "Kč ", "PLN": "zł ",
    "ZAR": "R ", "TRY": "₺", "BTC": "₿", "VND": "₫", "AUD": "A$", "CAD": "C$", "SGD": "S$", "HKD": "HK$", "TWD": "NT$",
}  # fmt: skip


def _money() -> dict[str, Unit]:
    units = {f"currency{code}": _count(prefix=sign) for code, sign in _CURRENCIES.items()}
    units["usd_per_hour"] = _count("/h", "$")
    units["usd_per_day"] = _count("/d", "$")
    units["usd_per_month"] = _count("/mo", "$")
    units["usd_per_1k"] = _count("/1k", "$")
    return units


def _rates() -> dict[str, Unit]:
    seconds = {name: _count("/s") for name in ("reqps", "rps", "ops", "wps", "cps", "eps", "mps", "rowsps", "recps")}
    minutes = {name: _count("/min") for name in ("opm", "rpm", "wpm", "cpm", "mpm", "rdpm")}
    return seconds | minutes | {"iops": _count("io/s"), "iopm": _count("io/min"), "errps": _count("/s")}


def _counts() -> dict[str, Unit]:
    names = ("connections", "requests", "messages", "instances", "pods", "replicas", "threads", "sockets", "errors")
    return {name: _count() for name in names}


def _rest() -> dict[str, Unit]:
    return {
        "": _count(), "none": _count(), "short": _count(), "string": Unit(form="plain"), "sishort": _si(""),
        "percent": _plain("%", is_share=True), "percentunit": _plain("%", factor=100.0, is_share=True),
        "ratio": _count(),
        "hertz": _si("Hz"), "rothz": _si("Hz"), "rotrpm": _count("rpm"),
        "celsius": _plain("°C"), "fahrenheit": _plain("°F"), "kelvin": _plain("K"), "degree": _plain("°"),
        "humidity": _plain("%H", is_share=True), "pressurehpa": _plain("hPa"), "pressurebar": _plain("bar"),
        "watt": _small_si("W"), "kwatt": _small_si("W", 1e3), "watth": _small_si("Wh"),
        "kwatth": _small_si("Wh", 1e3),
        "volt": _small_si("V"), "amp": _small_si("A"), "ohm": _small_si("Ω"), "joule": _small_si("J"),
        "dB": _plain("dB"),
        "dBm": _plain("dBm"), "lengthm": _small_si("m"), "meter": _small_si("m"), "velocityms": _plain("m/s"),
        "bool": _words("False", "True"), "bool_yes_no": _words("No", "Yes"), "bool_on_off": _words("Off", "On"),
        "up_down": _words("Down", "Up"), "locale": Unit(grouped=True), "sci": Unit(form="sci"), "hex": Unit(form="hex"),
        "hex0x": Unit(form="hex", prefix="0x"), "ppm": _plain("ppm"), "conppm": _plain("ppm"), "flops": _si("FLOPS"),
        "mflops": _si("FLOPS", 1e6), "gflops": _si("FLOPS", 1e9), "cores": _plain(" cores"), "dtu": _count(),
    }  # fmt: skip


_UNITS = _rest() | _data() | _times() | _money() | _rates() | _counts()

KNOWN_UNITS = frozenset(name for name in _UNITS if name)
"""Every unit id that is understood; anything else is shown as a suffix."""


@lru_cache(maxsize=512)
def unit_of(unit: str) -> Unit:
    """The unit of this id; an unknown one scales as a count does and is written behind the number."""
    if unit in _UNITS:
        return _UNITS[unit]
    kind, colon, name = unit.partition(":")
    if colon and kind in {"suffix", "count"}:
        return _count(_spaced(name))
    if colon and kind in {"prefix", "currency"}:
        return _count(prefix=name)
    if colon and kind == "si":
        return _si(name)
    return _count(_spaced(unit))


def _spaced(name: str) -> str:
    return name if not name or not name[0].isalnum() else f" {name}"
