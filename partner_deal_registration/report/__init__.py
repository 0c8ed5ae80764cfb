from . import partner_deal_report
from . import partner_incentive_attribution_report
