from . import partner_mdf_result
