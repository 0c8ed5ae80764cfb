from . import partner_incentive_launch
from . import partner_incentive_negotiation
from . import partner_incentive_outlook_view
from . import partner_incentive_simulation
