from . import partner_tier_simulation
from . import partner_tier_simulation_line
from . import base_partner_merge
