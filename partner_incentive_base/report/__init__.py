from . import partner_incentive_reconciliation
