"""Incidents with a beginning, a sight and a remedy: what newcomers and our own tests are trained on."""
