from . import partner_mdf_result
from . import partner_mdf_analysis
from . import partner_incentive_checkbook
