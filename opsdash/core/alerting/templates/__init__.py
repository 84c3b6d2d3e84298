"""Templates of labels and annotations, in Prometheus's form: Go's text/template with Prometheus's functions."""

from opsdash.core.alerting.templates.expand import check_template, expand
from opsdash.core.alerting.templates.failure import TemplateFailed
from opsdash.core.alerting.templates.values import Expansion, Sample

__all__ = ["Expansion", "Sample", "TemplateFailed", "check_template", "expand"]
