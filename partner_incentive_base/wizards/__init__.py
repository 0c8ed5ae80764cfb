from . import base_partner_merge
from . import partner_incentive_accrue
from . import partner_incentive_enroll
from . import partner_incentive_explanation
from . import partner_incentive_reason
from . import sale_make_invoice_advance
