"""Descriptions of architectures: what runs, who calls whom, what each holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

GATEWAY = "gateway"
"""The service through which all of the users' requests go; it is the first of each topology."""


@dataclass(frozen=True, slots=True)
class InstanceType:
    """A size of machine. Prices are dollars an hour on demand."""

    vcpus: int
    memory_gb: float
    usd_per_hour: float


INSTANCE_TYPES: dict[str, InstanceType] = {
    "c6i.large": InstanceType(2, 4, 0.085),
    "c6i.xlarge": InstanceType(4, 8, 0.17),
    "c6i.2xlarge": InstanceType(8, 16, 0.34),
    "r6i.large": InstanceType(2, 16, 0.126),
    "r6i.xlarge": InstanceType(4, 32, 0.252),
}
RESERVED_PRICE = 0.62
"""Part of the on-demand price, with a year's commitment."""
SPOT_PRICE = 0.32
"""Part of the on-demand price; a spot instance can be taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route. `rps` comes from users at normal load; a route with none is called by other services only."""

    service: str
    method: str
    path: str
    rps: float = 0.0
    weight: float = 1.0
    """Its latency and work against the service's mean."""
    kilobytes: float = 6.0
    ok_code: str = "200"
    client_code: str = "404"
    client_ratio: float = 0.008
    """Part that ends in `client_code` when all is well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service: its work for one request and the instances that it starts with."""

    name: str
    team: str
    cpu_ms: float
    replicas: int
    max_replicas: int
    """How far the autoscaler may go; an operator may raise it."""
    instance_type: str = "c6i.large"
    memory_mb: float = 1_100.0
    threads: int = 100
    """Requests that one instance holds at once."""
    boot_s: float = 40.0
    timeout_s: float = 4.0
    reserved: float = 0.5
    spot: float = 0.0
    redis_reads: float = 0.0
    memcached_reads: float = 0.0
    db_reads: float = 0.0
    db_writes: float = 0.0
    pool_size: int = 40
    object_gets: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Calls from a service to another one or to a third party."""

    source: str
    target: str
    calls: float = 1.0
    """For each request of the source; the gateway's edges carry its routes instead."""
    path: str = ""
    """Route of the target that takes them."""
    timeout_s: float = 3.0
    retries: int = 1
    fallback: bool = False
    """While the breaker is open the caller does without: a degraded answer instead of an error."""

    @property
    def name(self) -> str:
        """As operations and metrics call it: `orders-payments`."""
        return f"{self.source}-{self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdParty:
    """A service that is not ours."""

    name: str
    latency_s: float
    error_ratio: float = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A RabbitMQ queue or a Kafka topic with its consumer group."""

    name: str
    kind: Literal["rabbitmq", "kafka"]
    producer: str
    per_request: float
    consumers: int
    per_consumer: float
    """Messages a second that one consumer works off."""
    partitions: int = 1
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """Redis or Memcached in front of the database."""

    name: str
    kind: Literal["redis", "memcached"]
    memory_mb: float
    working_set_mb: float
    hot_keys: float
    """Fills that make a cold cache warm."""
    best_hit_ratio: float
    usd_per_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sql:
    """A sharded PostgreSQL: each shard has a primary and read replicas."""

    name: str
    shards: int = 4
    replicas: int = 1
    cores: float = 2.0
    read_ms: float = 14.0
    write_ms: float = 24.0
    read_split: float = 0.8
    """Part of the reads that goes to replicas."""
    max_connections: int = 400
    usd_per_hour: float = 0.29
    """One node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A Cassandra-like ring."""

    name: str
    nodes: int = 6
    replication: int = 3
    cores: float = 4.0
    read_ms: float = 8.0
    write_ms: float = 4.0
    usd_per_hour: float = 0.312


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A DynamoDB-like store: capacity is bought, and what is over it is throttled."""

    name: str
    read_units: float
    write_units: float
    read_ms: float = 4.0
    write_ms: float = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A serverless function that a service calls and waits for."""

    name: str
    caller: str
    per_request: float
    duration_ms: float
    init_ms: float
    memory_mb: float
    concurrency: int
    provisioned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Object storage at the start, in gigabytes by tier."""

    name: str
    standard_gb: float
    infrequent_gb: float
    archive_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdn:
    """What browsers load beside the API: images, bundles, segments of video."""

    static_rps: float
    kilobytes: float
    hit_ratio: float
    text_part: float
    """Part of the bytes that compression helps."""
    browser_hit_ratio: float
    video_rps: float = 0.0
    video_kilobytes: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """A whole architecture."""

    name: str
    title: str
    regions: tuple[str, ...]
    region_weights: tuple[float, ...]
    routes: tuple[Route, ...]
    services: tuple[Service, ...]
    edges: tuple[Edge, ...]
    third_parties: tuple[ThirdParty, ...]
    queues: tuple[Queue, ...]
    caches: tuple[Cache, ...]
    store: Sql | Ring | Table
    functions: tuple[Function, ...]
    bucket: Bucket
    cdn: Cdn
    balancer: str = "roundrobin"
    hosts: tuple[str, ...] = field(default=("www.shop.example", "api.shop.example"))
    """What is probed from outside."""

    def service_names(self) -> tuple[str, ...]:
        """The services in order, the gateway first."""
        return tuple(service.name for service in self.services)
