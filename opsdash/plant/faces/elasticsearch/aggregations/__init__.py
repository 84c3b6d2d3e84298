"""Aggregations: each is computed for every bucket around it at once, so that depth costs passes and not buckets."""
