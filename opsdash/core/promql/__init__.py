"""PromQL, evaluated over numpy matrices: what Prometheus 2.42 answers, and with a switch what 3.x answers."""
