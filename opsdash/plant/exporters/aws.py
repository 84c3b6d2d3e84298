"""The labels that YACE (yet-another-cloudwatch-exporter) gives every series of CloudWatch."""

from __future__ import annotations

MINUTE = 60.0
"""Seconds of a CloudWatch period: a `_sum` is what happened in one."""
REGION = "us-east-1"
ACCOUNT = "123456789012"


def yace(name: str, **dimensions: str) -> dict[str, str]:
    """Labels of a resource: its ARN as `name`, the account, and a `dimension_` for each of CloudWatch's."""
    labels = {"job": "yace", "instance": "yace:5000", "account_id": ACCOUNT, "region": REGION, "name": name}
    return labels | {f"dimension_{key}": value for key, value in dimensions.items()}


def arn(service: str, resource: str, *, regional: bool = True) -> str:
    """The name of a resource as AWS writes it."""
    return f"arn:aws:{service}:{REGION if regional else ''}:{ACCOUNT}:{resource}"
