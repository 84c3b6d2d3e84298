"""How alerts, silences, rules and SLOs are drawn: pictures in, cells out."""
