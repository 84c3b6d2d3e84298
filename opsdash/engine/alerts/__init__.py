"""Alerts at run time: the ledger, who leads, the evaluation of rules, and what operators do with alerts."""
