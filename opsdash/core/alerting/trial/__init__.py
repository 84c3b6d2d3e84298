"""Rules on samples that somebody wrote down, or that a source still has: unit tests and back-tests."""
