"""The edge's exporters: CloudFront (YACE), AWS WAF, HAProxy, and the blackbox exporter's probes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opsdash.plant.exporters.aws import MINUTE, arn, yace
from opsdash.plant.exporters.playing import playback_tables
from opsdash.plant.exporters.table import Table, column, fixed, interleaved
from opsdash.plant.exporters.targets import scraped
from opsdash.plant.flow import Flow
from opsdash.plant.layers.cdn import EDGES, PATHS
from opsdash.plant.layers.fleet import Fleet, Phase
from opsdash.plant.recorder import Recorder
from opsdash.plant.world import World

Floats = npt.NDArray[np.float64]
_CLASSES = ("2xx", "4xx", "5xx")
_SERVER_STATES = ("UP", "DOWN", "MAINT", "DRAIN", "NOLB")
_CHECKS = ("L7OK", "L4CON", "L4TOUT")
"""Of HAProxy's outcomes of a check those that can be here."""
_CERTIFICATE_S = 61 * 86_400.0


def edge_tables(recorder: Recorder, world: World, began_s: int) -> list[Table]:
    """All tables of the edge that have fixed items."""
    tables = [_browsers(recorder), _cloudfront(recorder), _cdn(recorder), _waf(recorder), _frontend(recorder, world)]
    tables += [_backends(recorder, world), *playback_tables(recorder, world)]
    tables.append(_probes(recorder, world, began_s))
    return tables


def _browsers(recorder: Recorder) -> Table:
    """What pages report of the files that they loaded (resource timing), under a name of our own."""
    table = fixed(recorder, [{"job": "rum", "instance": "rum:9121"}])
    table.counter("browser_resource_loads_total", "Files that pages loaded, by where from.",
                  lambda f: interleaved(column(f.supply.cdn.browser_hits),
                                        column(f.supply.cdn.pages - f.supply.cdn.browser_hits)),
                  ({"source": "cache"}, {"source": "network"}))  # fmt: skip
    table.cover(1)
    return table


def _cloudfront(recorder: Recorder) -> Table:
    table = fixed(recorder, [yace(arn("cloudfront", "distribution/E2SHOPDEMO", regional=False),
                              DistributionId="E2SHOPDEMO", Region="Global")])  # fmt: skip
    table.gauge("aws_cloudfront_requests_sum", "Requests in a minute.",
                lambda f: column(f.supply.cdn.requests.sum(axis=1) * MINUTE))  # fmt: skip
    table.gauge("aws_cloudfront_bytes_downloaded_sum", "Bytes sent in a minute.",
                lambda f: column(f.supply.cdn.bytes_sent.sum(axis=1) * MINUTE))  # fmt: skip
    table.gauge("aws_cloudfront_cache_hit_rate_average", "Hits, percent.",
                lambda f: column(100 * f.supply.cdn.hits.sum(axis=1) / f.supply.cdn.requests.sum(axis=1)))  # fmt: skip
    table.gauge("aws_cloudfront_origin_latency_average", "Milliseconds to the origin's first byte.",
                lambda f: column(f.supply.cdn.origin_s * 1000))  # fmt: skip
    table.gauge("aws_cloudfront_5xx_error_rate_average", "5xx, percent.",
                lambda f: column(100 * f.supply.storage.slowed / f.supply.cdn.requests.sum(axis=1)))  # fmt: skip
    table.cover(1)
    return table


def _cdn(recorder: Recorder) -> Table:
    """What CloudFront itself does not tell: from the edge's access logs, under names of our own."""
    items = [
        {"job": "cdn-logs", "instance": "cdn-logs:9140", "edge": edge, "path": path} for edge in EDGES for path in PATHS
    ]
    table = fixed(recorder, items)
    table.counter("cdn_requests_total", "Requests at the edge by result.",
                  lambda f: interleaved(f.supply.cdn.hits, f.supply.cdn.requests - f.supply.cdn.hits),
                  ({"cache": "hit"}, {"cache": "miss"}))  # fmt: skip
    table.counter("cdn_not_modified_total", "Answers 304: the browser's copy was good.",
                  lambda f: f.supply.cdn.not_modified)  # fmt: skip
    table.counter("cdn_response_bytes_total", "Bytes sent.", lambda f: f.supply.cdn.bytes_sent)
    table.counter("cdn_original_bytes_total", "Bytes before compression.", lambda f: f.supply.cdn.bytes_original)
    table.cover(len(items))
    return table


def _waf(recorder: Recorder) -> Table:
    table = fixed(recorder, [yace(arn("wafv2", "global/webacl/shop-edge/1"), WebACL="shop-edge", Region="CloudFront")])
    table.gauge("aws_wafv2_allowed_requests_sum", "Requests let through in a minute.",
                lambda f: column(f.users.outcomes[:, :, :6].sum(axis=(1, 2)) * MINUTE),
                ({"dimension_Rule": "ALL"},))  # fmt: skip
    table.gauge("aws_wafv2_blocked_requests_sum", "Requests blocked in a minute, by rule.",
                lambda f: f.users.outcomes[:, :, 6:].sum(axis=1) * MINUTE,
                ({"dimension_Rule": "rate-limit"}, {"dimension_Rule": "ip-block-list"}))  # fmt: skip
    table.cover(1)
    return table


def _by_class(flow: Flow) -> Floats:
    o = flow.users.outcomes.sum(axis=1)
    return np.asarray(np.stack([o[:, 0], o[:, 1] + o[:, 6] + o[:, 7], o[:, 2:6].sum(axis=1)], axis=1))


def _frontend(recorder: Recorder, world: World) -> Table:
    table = fixed(recorder, [{"job": "haproxy", "instance": "lb-1:8405", "proxy": "public"}])
    table.counter("haproxy_frontend_http_requests_total", "Requests.", lambda f: column(f.users.offered.sum(axis=1)))
    table.counter("haproxy_frontend_http_responses_total", "Answers by class.", _by_class,
                  [{"code": name} for name in _CLASSES])  # fmt: skip
    table.counter("haproxy_frontend_requests_denied_total", "Requests denied by rules.",
                  lambda f: column(f.users.outcomes[:, :, 6:].sum(axis=(1, 2))))  # fmt: skip
    table.counter("haproxy_frontend_bytes_out_total", "Bytes sent.",
                  lambda f: column((f.users.outcomes[:, :, 0] * _kilobytes(world)).sum(axis=1) * 1024))  # fmt: skip
    table.gauge("haproxy_frontend_current_sessions", "Sessions.",
                lambda f: column((f.users.offered * f.users.median_s).sum(axis=1) * 1.1))  # fmt: skip
    table.gauge("haproxy_sticktable_used", "Addresses that are tracked.",
                lambda f: column(f.users.offered.sum(axis=1) * 5),
                ({"name": "per_address", "type": "ip"},))  # fmt: skip
    table.cover(1)
    return table


def _kilobytes(world: World) -> Floats:
    return np.array([route.kilobytes for route in world.topology.routes])


def _backends(recorder: Recorder, world: World) -> Table:
    names = world.topology.service_names()
    labels = {"job": "haproxy", "instance": "lb-1:8405"}
    table = fixed(recorder, [{**labels, "proxy": name} for name in names])
    membership = np.eye(len(names))

    def summed(values: Floats) -> Floats:
        return np.asarray(values @ membership[world.fleet.service[: values.shape[1]]])

    table.counter("haproxy_backend_http_requests_total", "Requests.", lambda f: f.services.arriving)
    table.counter(
        "haproxy_backend_http_responses_total",
        "Answers by class.",
        lambda f: interleaved(
            summed(f.instances.ok),
            np.zeros_like(f.services.arriving),
            np.maximum(f.services.arriving - summed(f.instances.ok), 0.0),
        ),
        [{"code": name} for name in _CLASSES],
    )
    table.gauge("haproxy_backend_current_queue", "Requests that wait.", lambda f: summed(f.instances.queue))
    table.gauge("haproxy_backend_current_sessions", "Sessions.", lambda f: summed(f.instances.held))
    table.gauge("haproxy_backend_response_time_average_seconds", "Mean time to answer.",
                lambda f: f.services.latency_s)  # fmt: skip
    table.gauge("haproxy_backend_active_servers", "Servers that get requests.",
                lambda _: summed(world.fleet.serving()[None, :].astype(float)))  # fmt: skip
    table.cover(len(names))
    return table


def server_table(recorder: Recorder, world: World) -> Table:
    """HAProxy's view of each instance, by slot."""
    fleet = world.fleet

    def labels(slot: int) -> dict[str, str]:
        service = world.topology.services[fleet.service[slot]].name
        return {"job": "haproxy", "instance": "lb-1:8405", "proxy": service, "server": fleet.name(slot)}

    table = Table(recorder, labels)
    table.gauge("haproxy_server_current_sessions", "Sessions.", lambda f: f.instances.held)
    table.gauge("haproxy_server_current_queue", "Requests that wait.", lambda f: f.instances.queue)
    table.counter("haproxy_server_http_responses_total", "Answers by class.",
                  lambda f: interleaved(f.instances.ok, f.instances.arriving - f.instances.ok),
                  ({"code": "2xx"}, {"code": "5xx"}))  # fmt: skip
    table.gauge("haproxy_server_response_time_average_seconds", "Mean time.", lambda f: f.instances.latency_s)
    table.gauge("haproxy_server_weight", "Weight.", lambda _: fleet.weight)
    table.gauge("haproxy_server_status", "The state, 1 for the one it is in.", lambda _: _states(fleet),
                [{"state": state} for state in _SERVER_STATES])  # fmt: skip
    table.gauge("haproxy_server_check_status", "The last health check's outcome, 1 for the one that it had.",
                lambda _: _checks(fleet), [{"state": state} for state in _CHECKS])  # fmt: skip
    table.gauge("haproxy_server_check_code", "The status that the last health check got.",
                lambda _: np.where(scraped(fleet), 200.0, 0.0))  # fmt: skip
    return table


def _states(fleet: Fleet) -> Floats:
    down = (fleet.phase == Phase.BOOTING) | ~fleet.region_up[fleet.region]
    taken = [(fleet.phase == phase) & ~down for phase in (Phase.OUT, Phase.DRAINING)]
    states = [fleet.serving(), down, *taken, np.zeros_like(down)]
    return np.stack(states, axis=-1).astype(np.float64).reshape(-1)


def _checks(fleet: Fleet) -> Floats:
    """Who boots refuses the connection; a region that is gone does not answer."""
    gone = ~fleet.region_up[fleet.region]
    booting = (fleet.phase == Phase.BOOTING) & ~gone
    return np.stack([~gone & ~booting, booting, gone], axis=-1).astype(np.float64).reshape(-1)


def _probes(recorder: Recorder, world: World, began_s: int) -> Table:
    items = [{"job": "blackbox", "instance": f"https://{host}/healthz"} for host in world.topology.hosts]
    table = fixed(recorder, items)
    count = len(items)

    def wrong(flow: Flow) -> Floats:
        outcomes = flow.users.outcomes
        part = outcomes[:, :, 2:6].sum(axis=(1, 2)) / np.maximum(outcomes.sum(axis=(1, 2)), 1e-9)
        return np.repeat(part[:, None], count, axis=1)

    table.gauge("probe_success", "Whether the probe succeeded.", lambda f: (wrong(f) < 0.5).astype(np.float64))
    table.gauge("probe_http_status_code", "The code.", lambda f: np.where(wrong(f) < 0.5, 200.0, 503.0))
    table.gauge("probe_duration_seconds", "What the probe took.",
                lambda f: np.repeat(f.users.median_s.mean(axis=1, keepdims=True), count, axis=1))  # fmt: skip
    expiry = float(began_s) + _CERTIFICATE_S
    table.gauge("probe_ssl_earliest_cert_expiry", "When the certificate ends.", lambda _: np.full(count, expiry))
    table.cover(count)
    return table
