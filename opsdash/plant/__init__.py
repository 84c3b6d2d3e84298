"""A simulated high-traffic system that speaks the protocols of the real ones, for `opsdash demo` and for tests."""
