from . import partner_joint_revenue
