"""What each system's exporter shows, under the names that the real exporter uses."""
