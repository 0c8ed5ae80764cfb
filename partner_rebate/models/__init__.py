from . import partner_incentive_forecast
from . import partner_incentive_measure
from . import partner_incentive_offer_version
