from . import partner_deal_report
