"""What `timezone:` means on this host."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opsdash.core.errors import ConfigInvalid

_HOUR = timedelta(hours=1)


class HostZone(tzinfo):
    """The zone that the host (or $TZ) says, with its whole history, as the C library knows it."""

    def fromutc(self, dt: datetime) -> datetime:
        """The local time of an instant."""
        local = time.localtime(dt.replace(tzinfo=UTC).timestamp())
        shifted = dt.replace(tzinfo=None) + timedelta(seconds=local.tm_gmtoff)
        earlier = time.localtime((dt.replace(tzinfo=UTC) - _HOUR).timestamp())
        repeated = earlier.tm_gmtoff - local.tm_gmtoff >= _HOUR.total_seconds()
        return shifted.replace(tzinfo=self, fold=int(repeated))

    def utcoffset(self, dt: datetime | None) -> timedelta:
        """Ahead of UTC at this local time."""
        return timedelta(seconds=self._local(dt).tm_gmtoff)

    def dst(self, dt: datetime | None) -> timedelta:
        """An hour in summer time, as far as it is known."""
        return _HOUR if self._local(dt).tm_isdst > 0 else timedelta(0)

    def tzname(self, dt: datetime | None) -> str:
        """`KST`, `CEST`, `+03`."""
        return self._local(dt).tm_zone

    def _local(self, dt: datetime | None) -> time.struct_time:
        if dt is None:
            return time.localtime()
        return time.localtime(dt.replace(tzinfo=None).timestamp())


def zone_of(name: str) -> tzinfo:
    """`local`, `UTC` or an IANA name. Raises ConfigInvalid where the host does not know the name."""
    if name == "local":
        return HostZone()
    if name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigInvalid(f'timezone: this host does not know "{name}"; is the package tzdata installed?') from None
