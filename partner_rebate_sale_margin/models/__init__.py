from . import partner_incentive_measure
from . import sale_order
