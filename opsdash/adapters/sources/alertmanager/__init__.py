"""Alertmanager: its alerts and silences, by API v2."""
