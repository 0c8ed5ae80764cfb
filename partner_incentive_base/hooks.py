def post_init_hook(env):
    """Make a new installation reach its first accrual preview without set-up.

    Works on a database in use: companies get accounts, a journal, a product and a
    default program; tiers that partners have already become the first rows of their
    history.
    """
    companies = env["res.company"].search([])
    companies._create_incentive_defaults()
    env["partner.incentive.program"]._create_default(companies)
    partners = (
        env["res.partner"]
        .with_context(active_test=False)
        .search([("grade_id", "!=", False)])
    )
    env["partner.incentive.grade.history"]._record(partners.commercial_partner_id)
