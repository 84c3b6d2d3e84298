"""Exporters of hosts and orchestration: node, cAdvisor, kube-state-metrics, auto scaling, OpenCost, and `up`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from opsdash.plant.exporters.aws import arn, yace
from opsdash.plant.exporters.table import Table, fixed
from opsdash.plant.layers.cost import COMPONENTS
from opsdash.plant.layers.fleet import Market, Phase
from opsdash.plant.recorder import Recorder
from opsdash.plant.world import World

Floats = npt.NDArray[np.float64]
_PHASES = ({"phase": "Running"}, {"phase": "Pending"})


def node_labels(world: World, slot: int) -> dict[str, str]:
    """node_exporter's target on an instance's machine; `node`, `service` and `region` come from service discovery."""
    fleet = world.fleet
    host = f"ip-10-{fleet.region[slot]}-{fleet.service[slot] + 1}-{fleet.number[slot] + 10}"
    return {"job": "node", "instance": f"{host}:9100", "node": host,
            "service": world.topology.services[fleet.service[slot]].name,
            "region": world.topology.regions[fleet.region[slot]]}  # fmt: skip


def cadvisor_labels(world: World, slot: int) -> dict[str, str]:
    """The kubelet's target (cAdvisor) and the container that it tells of."""
    fleet, node = world.fleet, node_labels(world, slot)["node"]
    return {"job": "kubelet", "instance": f"{node}:10250", "metrics_path": "/metrics/cadvisor", "node": node,
            "namespace": world.topology.name, "pod": fleet.name(slot),
            "container": world.topology.services[fleet.service[slot]].name}  # fmt: skip


def living_tables(recorder: Recorder, world: World) -> list[Table]:
    """What is only there while an instance runs, by slot."""
    return [_node(recorder, world), _cadvisor(recorder, world), _node_cost(recorder, world),
            _allocation(recorder, world)]  # fmt: skip


def _node(recorder: Recorder, world: World) -> Table:
    fleet = world.fleet
    table = Table(recorder, lambda slot: node_labels(world, slot))
    table.gauge("node_memory_MemTotal_bytes", "Memory.", lambda _: fleet.memory_mb * 1024**2)
    table.gauge("node_memory_MemAvailable_bytes", "Memory that is free.",
                lambda _: fleet.memory_mb * (1.0 - world.memory_part()) * 1024**2)  # fmt: skip
    table.gauge("node_load1", "Tasks that run or wait.", lambda f: f.instances.busy * fleet.vcpus + f.instances.queue)
    table.gauge("node_boot_time_seconds", "When it started.", lambda _: fleet.started)
    return table


def _cadvisor(recorder: Recorder, world: World) -> Table:
    fleet = world.fleet
    table = Table(recorder, lambda slot: cadvisor_labels(world, slot))
    table.counter("container_cpu_usage_seconds_total", "CPU time.", lambda f: f.instances.busy * fleet.vcpus,
                  ({"cpu": "total"},), whole=False)  # fmt: skip
    table.gauge("container_memory_working_set_bytes", "Memory in use.",
                lambda _: fleet.memory_mb * world.memory_part() * 1024**2)  # fmt: skip
    table.gauge("container_spec_memory_limit_bytes", "Memory it may use.", lambda _: fleet.memory_mb * 1024**2)
    table.counter("container_cpu_cfs_periods_total", "Periods.", lambda f: np.full_like(f.instances.busy, 10.0))
    table.counter("container_cpu_cfs_throttled_periods_total", "Periods in which it was held back.",
                  lambda f: 10.0 * np.clip((f.instances.busy - 0.8) * 5, 0.0, 1.0))  # fmt: skip
    return table


def _node_cost(recorder: Recorder, world: World) -> Table:
    """OpenCost's labels are kept when it is scraped (honor_labels), so `instance` is the node that it tells of."""
    fleet = world.fleet

    def labels(slot: int) -> dict[str, str]:
        of = node_labels(world, slot)
        return {"job": "opencost", "instance": of["node"], "node": of["node"], "region": of["region"], "arch": "amd64"}

    table = Table(recorder, labels)
    table.gauge("node_total_hourly_cost", "Dollars an hour.", lambda _: fleet.usd_per_hour)
    table.gauge("kubecost_node_is_spot", "1 on the spot market.",
                lambda _: (fleet.market == Market.SPOT).astype(np.float64))  # fmt: skip
    return table


def _allocation(recorder: Recorder, world: World) -> Table:
    fleet = world.fleet

    def labels(slot: int) -> dict[str, str]:
        of = cadvisor_labels(world, slot)
        kept = {key: of[key] for key in ("namespace", "node", "pod", "container")}
        return {"job": "opencost", "instance": of["node"], **kept}

    table = Table(recorder, labels)
    table.gauge("container_cpu_allocation", "CPUs set aside.", lambda _: fleet.vcpus)
    table.gauge("container_memory_allocation_bytes", "Memory set aside.", lambda _: fleet.memory_mb * 1024**2)
    return table


def pod_table(recorder: Recorder, world: World) -> Table:
    """What kube-state-metrics says of a pod, also while it boots, by slot."""
    fleet = world.fleet

    def labels(slot: int) -> dict[str, str]:
        service = world.topology.services[fleet.service[slot]].name
        return {**_state_metrics(world), "pod": fleet.name(slot), "container": service}

    table = Table(recorder, labels)
    table.gauge("kube_pod_status_ready", "Whether it gets requests.", lambda _: fleet.serving().astype(np.float64),
                ({"condition": "true"},))  # fmt: skip
    table.gauge("kube_pod_status_phase", "The phase, 1 for the one it is in.",
                lambda _: np.stack([fleet.phase != Phase.BOOTING, fleet.phase == Phase.BOOTING], axis=-1)
                .astype(np.float64).reshape(-1), _PHASES)  # fmt: skip
    table.gauge("kube_pod_container_status_restarts_total", "Restarts.", lambda _: fleet.restarts.astype(np.float64),
                shown_as="counter")  # fmt: skip
    table.gauge("kube_pod_container_status_last_terminated_reason", "1 where memory ran out.",
                lambda _: (fleet.killed > 0).astype(np.float64), ({"reason": "OOMKilled"},))  # fmt: skip
    return table


def _state_metrics(world: World) -> dict[str, str]:
    target = {"job": "kube-state-metrics", "instance": "kube-state-metrics:8080"}
    return {**target, "namespace": world.topology.name}


def service_tables(recorder: Recorder, world: World) -> list[Table]:
    """Deployments, autoscalers, groups, and cost."""
    tables = [_deployments(recorder, world), _autoscalers(recorder, world), _groups(recorder, world)]
    return [*tables, _cost(recorder), _team_cost(recorder, world), _markets(recorder, world),
            _reclaims(recorder, world)]  # fmt: skip


def _counted(world: World, where: npt.NDArray[np.bool_]) -> Floats:
    return np.bincount(world.fleet.service, weights=where, minlength=len(world.topology.services)).astype(np.float64)


def _deployments(recorder: Recorder, world: World) -> Table:
    fleet, names = world.fleet, world.topology.service_names()
    table = fixed(recorder, [{**_state_metrics(world), "deployment": name} for name in names])
    table.gauge("kube_deployment_spec_replicas", "Instances wanted.", lambda _: fleet.desired.astype(np.float64))
    table.gauge("kube_deployment_status_replicas", "Instances.", lambda _: _counted(world, fleet.running()))
    table.gauge("kube_deployment_status_replicas_available", "Instances ready.",
                lambda _: _counted(world, fleet.serving()))  # fmt: skip
    table.cover(len(names))
    return table


def _autoscalers(recorder: Recorder, world: World) -> Table:
    fleet, names = world.fleet, world.topology.service_names()
    table = fixed(recorder, [{**_state_metrics(world), "horizontalpodautoscaler": name} for name in names])
    table.gauge("kube_horizontalpodautoscaler_spec_min_replicas", "Fewest.", lambda _: fleet.floor.astype(np.float64))
    table.gauge("kube_horizontalpodautoscaler_spec_max_replicas", "Most.", lambda _: fleet.ceiling.astype(np.float64))
    table.gauge("kube_horizontalpodautoscaler_status_desired_replicas", "Wanted.",
                lambda _: fleet.desired.astype(np.float64))  # fmt: skip
    table.gauge("kube_horizontalpodautoscaler_status_current_replicas", "There.",
                lambda _: _counted(world, fleet.serving()))  # fmt: skip
    table.cover(len(names))
    return table


def _groups(recorder: Recorder, world: World) -> Table:
    fleet, names = world.fleet, world.topology.service_names()
    table = fixed(recorder, [yace(arn("autoscaling", f"autoScalingGroup:{name}"), AutoScalingGroupName=name)
                             for name in names])  # fmt: skip
    table.gauge("aws_autoscaling_group_desired_capacity_average", "Wanted.",
                lambda _: fleet.desired.astype(np.float64))  # fmt: skip
    table.gauge("aws_autoscaling_group_in_service_instances_average", "In service.",
                lambda _: _counted(world, fleet.serving()))  # fmt: skip
    table.gauge("aws_autoscaling_group_pending_instances_average", "Booting.",
                lambda _: _counted(world, fleet.phase == Phase.BOOTING))  # fmt: skip
    table.cover(len(names))
    return table


def _reclaims(recorder: Recorder, world: World) -> Table:
    """CloudWatch does not count them; whoever handles the notices does, each under a name of its own."""
    names = world.topology.service_names()
    items = [{"job": "spot-handler", "instance": "spot-handler:9092", "service": name} for name in names]
    table = fixed(recorder, items)
    table.gauge("spot_reclaims_total", "Spot instances taken back.", lambda _: world.fleet.reclaimed,
                shown_as="counter")  # fmt: skip
    table.cover(len(names))
    return table


def _cost(recorder: Recorder) -> Table:
    items = [{"job": "opencost", "instance": "opencost:9003", "component": name} for name in COMPONENTS]
    table = fixed(recorder, items)
    table.gauge("cost_usd_per_hour", "Dollars an hour by component.", lambda f: f.cost.components)
    table.counter("cost_usd_total", "Dollars spent by component.", lambda f: f.cost.components / 3600, whole=False)
    table.cover(len(items))
    return table


def _team_cost(recorder: Recorder, world: World) -> Table:
    fleet, services = world.fleet, world.topology.services
    items = [
        {"job": "opencost", "instance": "opencost:9003", "service": service.name, "team": service.team}
        for service in services
    ]
    table = fixed(recorder, items)
    table.gauge("service_compute_usd_per_hour", "Dollars an hour of a service's instances.",
                lambda _: np.bincount(fleet.service, weights=fleet.usd_per_hour * fleet.running(),
                                      minlength=len(services)).astype(np.float64))  # fmt: skip
    table.cover(len(items))
    return table


def _markets(recorder: Recorder, world: World) -> Table:
    """Instances by how they are paid for: OpenCost knows spot, its price table the reservations."""
    fleet = world.fleet
    names = [market.name.lower().replace("_", "-") for market in Market]
    table = fixed(recorder, [{"job": "opencost", "instance": "opencost:9003", "market": name} for name in names])

    def summed(weights: Floats) -> Floats:
        return np.bincount(fleet.market, weights=weights * fleet.running(), minlength=len(names)).astype(np.float64)

    table.gauge("market_instances", "Instances by market.", lambda _: summed(np.ones(fleet.count)))
    table.gauge("market_compute_usd_per_hour", "Dollars an hour of instances by market.",
                lambda _: summed(fleet.usd_per_hour))  # fmt: skip
    table.cover(len(names))
    return table
