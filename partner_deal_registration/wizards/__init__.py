from . import partner_deal_decision
from . import partner_deal_import
from . import partner_deal_import_line
