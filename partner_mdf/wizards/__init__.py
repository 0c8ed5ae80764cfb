from . import partner_incentive_reason
from . import partner_mdf_allocate
from . import partner_mdf_allocate_line
from . import partner_mdf_extend
from . import partner_mdf_takeover
