from . import partner_metric_source
