"""The three architectures of the demo: the plain shop (default), one like Netflix's and one like Amazon's."""

from __future__ import annotations

from opsdash.plant.topology import (
    GATEWAY,
    Bucket,
    Cache,
    Cdn,
    Edge,
    Function,
    Queue,
    Ring,
    Route,
    Service,
    Sql,
    Table,
    ThirdParty,
    Topology,
)

_REGIONS = ("eu-west-1", "us-east-1")
_WEIGHTS = (0.55, 0.45)


def _gateway_edges(*targets: str) -> tuple[Edge, ...]:
    return tuple(Edge(source=GATEWAY, target=target, timeout_s=3.5, retries=1) for target in targets)


SHOP = Topology(
    name="shop",
    title="A shop: CDN, balancer, gateway, six services, PostgreSQL in four shards",
    regions=_REGIONS,
    region_weights=_WEIGHTS,
    routes=(
        Route(service="users", method="GET", path="/api/users/me", rps=40, weight=0.8),
        Route(
            service="users",
            method="POST",
            path="/api/login",
            rps=12,
            weight=1.7,
            kilobytes=1,
            client_code="401",
            client_ratio=0.04,
        ),
        Route(service="orders", method="GET", path="/api/orders", rps=30, weight=0.75),
        Route(
            service="orders", method="POST", path="/api/orders", rps=12, weight=1.6, ok_code="201", client_code="422"
        ),
        Route(service="payments", method="GET", path="/api/payments", rps=6, weight=0.5),
        Route(
            service="payments",
            method="POST",
            path="/api/payments",
            weight=1.2,
            ok_code="201",
            client_code="402",
            client_ratio=0.02,
        ),
        Route(service="notifications", method="GET", path="/api/notifications", rps=18),
        Route(service="notifications", method="POST", path="/api/notifications", ok_code="202", client_code="422"),
        Route(service="search", method="GET", path="/api/search", rps=60, weight=1.3, kilobytes=14),
        Route(service="search", method="GET", path="/api/products", rps=50, weight=0.64, kilobytes=9),
        Route(service="stream", method="GET", path="/api/stream", rps=25, kilobytes=40),
    ),
    services=(
        Service(name=GATEWAY, team="platform", cpu_ms=12, replicas=4, max_replicas=6, threads=400, timeout_s=10),
        Service(
            name="users",
            team="identity",
            cpu_ms=55,
            replicas=4,
            max_replicas=6,
            redis_reads=2,
            db_reads=0.8,
            db_writes=0.15,
        ),
        Service(
            name="orders",
            team="checkout",
            cpu_ms=70,
            replicas=4,
            max_replicas=6,
            redis_reads=2,
            db_reads=1.2,
            db_writes=0.6,
        ),
        Service(name="payments", team="checkout", cpu_ms=60, replicas=2, max_replicas=4, db_reads=0.6, db_writes=1.0),
        Service(
            name="notifications", team="growth", cpu_ms=40, replicas=2, max_replicas=4, db_reads=0.3, db_writes=0.2
        ),
        Service(
            name="search",
            team="discovery",
            cpu_ms=35,
            replicas=4,
            max_replicas=4,
            spot=0.5,
            reserved=0.25,
            redis_reads=3,
            memcached_reads=2,
            db_reads=0.3,
        ),
        Service(
            name="stream",
            team="media",
            cpu_ms=60,
            replicas=2,
            max_replicas=4,
            spot=0.5,
            memcached_reads=1,
            object_gets=1.5,
        ),
    ),
    edges=(
        *_gateway_edges("users", "orders", "payments", "notifications", "search", "stream"),
        Edge(source="orders", target="users", calls=0.3, path="/api/users/me", timeout_s=2, fallback=True),
        Edge(source="orders", target="payments", calls=0.28, path="/api/payments", timeout_s=9, fallback=True),
        Edge(source="orders", target="notifications", calls=0.25, path="/api/notifications", fallback=True),
        Edge(source="payments", target="bank", calls=0.66, timeout_s=9, retries=0, fallback=True),
    ),
    third_parties=(ThirdParty(name="bank", latency_s=0.16),),
    queues=(
        Queue(name="emails", kind="rabbitmq", producer="notifications", per_request=0.8, consumers=8, per_consumer=6),
        Queue(name="invoices", kind="rabbitmq", producer="payments", per_request=0.6, consumers=6, per_consumer=5),
        Queue(name="thumbnails", kind="rabbitmq", producer="search", per_request=0.05, consumers=3, per_consumer=4),
        Queue(
            name="order-events",
            kind="kafka",
            producer="orders",
            per_request=1.5,
            consumers=4,
            per_consumer=40,
            partitions=6,
            group="fulfilment",
        ),
        Queue(
            name="clicks",
            kind="kafka",
            producer=GATEWAY,
            per_request=2.0,
            consumers=6,
            per_consumer=220,
            partitions=6,
            group="analytics",
        ),
    ),
    caches=(
        Cache(
            name="redis",
            kind="redis",
            memory_mb=2_048,
            working_set_mb=1_500,
            hot_keys=5_000,
            best_hit_ratio=0.965,
            usd_per_hour=0.151,
        ),
        Cache(
            name="memcached",
            kind="memcached",
            memory_mb=1_024,
            working_set_mb=760,
            hot_keys=3_000,
            best_hit_ratio=0.93,
            usd_per_hour=0.068,
        ),
    ),
    store=Sql(name="shop"),
    functions=(
        Function(
            name="personalise",
            caller="search",
            per_request=0.4,
            duration_ms=18,
            init_ms=2_600,
            memory_mb=512,
            concurrency=200,
            provisioned=12,
        ),
        Function(
            name="receipt",
            caller="payments",
            per_request=0.5,
            duration_ms=45,
            init_ms=1_400,
            memory_mb=256,
            concurrency=100,
            provisioned=4,
        ),
    ),
    bucket=Bucket(name="shop-media", standard_gb=5_200, infrequent_gb=9_400, archive_gb=41_000),
    cdn=Cdn(static_rps=700, kilobytes=38, hit_ratio=0.94, text_part=0.42, browser_hit_ratio=0.55),
)


def _route(service: str, line: str, rps: float, weight: float = 1.0, kilobytes: float = 6.0) -> Route:
    method, path = line.split()
    return Route(service=service, method=method, path=path, rps=rps, weight=weight, kilobytes=kilobytes)


_MEMCACHED = Cache(
    name="memcached",
    kind="memcached",
    memory_mb=4_096,
    working_set_mb=3_000,
    hot_keys=6_000,
    best_hit_ratio=0.95,
    usd_per_hour=0.21,
)
_REDIS = Cache(
    name="redis",
    kind="redis",
    memory_mb=2_048,
    working_set_mb=1_500,
    hot_keys=5_000,
    best_hit_ratio=0.95,
    usd_per_hour=0.151,
)

NETFLIX = Topology(
    name="netflix",
    title="Streaming: CDN first, gateway, microservices, a Cassandra-like ring, recommendations",
    regions=_REGIONS,
    region_weights=_WEIGHTS,
    routes=(
        _route("users", "GET /api/profiles", 40),
        _route("users", "POST /api/login", 8, 1.6),
        _route("recommendations", "GET /api/home", 55, 1.0, 30),
        _route("search", "GET /api/search", 30, 1.0, 12),
        _route("stream", "POST /api/play", 22, 1.0, 4),
        _route("stream", "GET /api/manifest", 60, 0.7, 18),
        _route("payments", "GET /api/billing", 4),
        _route("notifications", "GET /api/notifications", 14),
    ),
    services=(
        Service(name=GATEWAY, team="edge", cpu_ms=14, replicas=4, max_replicas=8, threads=400, timeout_s=10),
        Service(name="users", team="identity", cpu_ms=45, replicas=4, max_replicas=8, memcached_reads=2, db_reads=0.6),
        Service(
            name="recommendations",
            team="algorithms",
            cpu_ms=70,
            replicas=6,
            max_replicas=10,
            spot=0.5,
            reserved=0.3,
            memcached_reads=4,
            db_reads=1.5,
        ),
        Service(name="search", team="discovery", cpu_ms=40, replicas=2, max_replicas=6, db_reads=1, memcached_reads=2),
        Service(name="stream", team="playback", cpu_ms=35, replicas=4, max_replicas=8, db_reads=0.8, db_writes=0.6),
        Service(name="payments", team="billing", cpu_ms=50, replicas=2, max_replicas=4, db_reads=0.6, db_writes=0.4),
        Service(name="notifications", team="growth", cpu_ms=30, replicas=2, max_replicas=4, db_reads=0.4),
    ),
    edges=(
        *_gateway_edges("users", "recommendations", "search", "stream", "payments", "notifications"),
        Edge(source="recommendations", target="users", calls=0.4, path="/api/profiles", timeout_s=1.5, fallback=True),
        Edge(source="stream", target="users", calls=0.2, path="/api/profiles", timeout_s=1.5, fallback=True),
        Edge(source="payments", target="bank", calls=0.5, timeout_s=9, retries=0, fallback=True),
    ),
    third_parties=(ThirdParty(name="bank", latency_s=0.16),),
    queues=(
        Queue(name="emails", kind="rabbitmq", producer="notifications", per_request=0.5, consumers=5, per_consumer=4),
        Queue(
            name="viewing-events",
            kind="kafka",
            producer="stream",
            per_request=4.0,
            consumers=6,
            per_consumer=120,
            partitions=6,
            group="recommender",
        ),
    ),
    caches=(_MEMCACHED,),
    store=Ring(name="viewing", cores=2.0, read_ms=12.0),
    functions=(
        Function(
            name="personalise",
            caller="recommendations",
            per_request=0.4,
            duration_ms=20,
            init_ms=2_600,
            memory_mb=512,
            concurrency=200,
            provisioned=12,
        ),
    ),
    bucket=Bucket(name="titles", standard_gb=64_000, infrequent_gb=180_000, archive_gb=420_000),
    cdn=Cdn(
        static_rps=500,
        kilobytes=45,
        hit_ratio=0.95,
        text_part=0.3,
        browser_hit_ratio=0.5,
        video_rps=320,
        video_kilobytes=1_400,
    ),
    hosts=("www.stream.example", "api.stream.example"),
)

AMAZON = Topology(
    name="amazon",
    title="A marketplace: load balancer, web cluster, orders, payments, inventory, a DynamoDB-like table",
    regions=_REGIONS,
    region_weights=_WEIGHTS,
    routes=(
        _route("web", "GET /", 70, 1.0, 60),
        _route("web", "GET /product", 110, 0.9, 45),
        _route("orders", "POST /cart", 30, 0.8),
        _route("orders", "POST /checkout", 14, 1.5),
        _route("inventory", "GET /stock", 45, 1.0, 1),
        _route("payments", "GET /payments", 5),
        _route("notifications", "POST /notify", 0),
    ),
    services=(
        Service(name=GATEWAY, team="edge", cpu_ms=10, replicas=4, max_replicas=8, threads=400, timeout_s=10),
        Service(name="web", team="storefront", cpu_ms=40, replicas=8, max_replicas=12, redis_reads=4, db_reads=0.4),
        Service(name="orders", team="checkout", cpu_ms=60, replicas=4, max_replicas=6, db_reads=1.0, db_writes=1.0),
        Service(name="inventory", team="supply", cpu_ms=30, replicas=4, max_replicas=6, db_reads=1.0, db_writes=0.2),
        Service(name="payments", team="checkout", cpu_ms=60, replicas=2, max_replicas=4, db_reads=0.5, db_writes=1.0),
        Service(name="notifications", team="growth", cpu_ms=40, replicas=2, max_replicas=4, db_reads=0.3),
    ),
    edges=(
        *_gateway_edges("web", "orders", "inventory", "payments", "notifications"),
        Edge(source="web", target="inventory", calls=0.3, path="/stock", timeout_s=1.5, fallback=True),
        Edge(source="orders", target="inventory", calls=0.6, path="/stock", timeout_s=2),
        Edge(source="orders", target="payments", calls=0.32, path="/payments", timeout_s=9, fallback=True),
        Edge(source="orders", target="notifications", calls=0.3, path="/notify", fallback=True),
        Edge(source="payments", target="bank", calls=0.7, timeout_s=9, retries=0, fallback=True),
    ),
    third_parties=(ThirdParty(name="bank", latency_s=0.16),),
    queues=(
        Queue(name="emails", kind="rabbitmq", producer="notifications", per_request=0.8, consumers=6, per_consumer=5),
        Queue(
            name="order-events",
            kind="kafka",
            producer="orders",
            per_request=1.5,
            consumers=4,
            per_consumer=40,
            partitions=6,
            group="fulfilment",
        ),
    ),
    caches=(_REDIS,),
    store=Table(name="marketplace", read_units=420, write_units=170),
    functions=(
        Function(
            name="fraud-check",
            caller="payments",
            per_request=0.6,
            duration_ms=40,
            init_ms=1_800,
            memory_mb=512,
            concurrency=100,
            provisioned=6,
        ),
    ),
    bucket=Bucket(name="catalogue", standard_gb=12_000, infrequent_gb=20_000, archive_gb=60_000),
    cdn=Cdn(static_rps=900, kilobytes=34, hit_ratio=0.93, text_part=0.4, browser_hit_ratio=0.5),
    balancer="leastconn",
    hosts=("www.market.example", "api.market.example"),
)

ARCHITECTURES: dict[str, Topology] = {one.name: one for one in (SHOP, NETFLIX, AMAZON)}
"""By name."""


def topology(name: str) -> Topology:
    """The architecture of that name; KeyError where there is none."""
    return ARCHITECTURES[name]
