def post_init_hook(env):
    """Make the customers that are there already searchable by likeness."""
    env["partner.deal.identity"]._rebuild()
    env["partner.deal.policy"]._create_default(env["res.company"].search([]))
