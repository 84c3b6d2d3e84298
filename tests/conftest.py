"""Makes the fixtures of tests/servers known to every test."""

pytest_plugins = ["tests.servers.fixtures", "tests.servers.fault_fixtures"]
