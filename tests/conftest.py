"""Makes the fixtures of tests/servers known to every test."""

import signal

pytest_plugins = ["tests.servers.fixtures", "tests.servers.fault_fixtures", "tests.servers.postgresql_fixtures"]


def pytest_configure() -> None:
    """What this run ignores (`nohup`, a shell's `&`), the programs that it starts shall not: that is inherited."""
    for number in (signal.SIGHUP, signal.SIGINT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)  # a handler is not inherited
