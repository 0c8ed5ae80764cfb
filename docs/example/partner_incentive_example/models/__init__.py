from . import partner_demonstration
from . import partner_incentive_measure
from . import partner_metric_source
