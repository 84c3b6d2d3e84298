"""A source from its entry in the configuration."""

from __future__ import annotations

from opsdash.adapters.clock import SystemClock
from opsdash.adapters.secrets import Secrets
from opsdash.core.errors import ConfigInvalid
from opsdash.core.sources import SourceSpec
from opsdash.ports import Clock, Source


def build_source(spec: SourceSpec, *, clock: Clock | None = None, secrets: Secrets | None = None) -> Source:
    """The adapter for this kind of source; nothing is asked yet. Raises ConfigInvalid for an address that is none.

    `secrets` may be shared by several sources, so that a command is run once for all of them.
    """
    clock = clock or SystemClock()
    secrets = secrets or Secrets(clock.monotonic_s)
    match spec.kind:
        case "prometheus":
            from opsdash.adapters.sources.prometheus.source import PrometheusSource  # noqa: PLC0415 - only what is used

            return PrometheusSource(spec, clock, secrets)
        case "elasticsearch":
            from opsdash.adapters.sources.elasticsearch.source import ElasticsearchSource  # noqa: PLC0415 - half a second

            return ElasticsearchSource(spec, clock, secrets)
        case "alertmanager":
            raise ConfigInvalid(f"{spec.name}: an Alertmanager has no series to show")


__all__ = ["build_source"]
