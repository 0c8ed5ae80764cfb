{
    "name": "Partner Incentives: Example",
    "summary": "Demonstrations that partners give, as a measure, an offer, a metric "
    "and a portal page",
    "version": "19.0.1.0.0",
    "category": "Sales/Partner Incentives",
    "author": "Partner Incentive Suite contributors",
    "website": "https://github.com/partner-incentive-suite/partner-incentive-suite",
    "license": "LGPL-3",
    "depends": ["partner_tiering"],
    "data": [
        "security/ir.model.access.csv",
        "security/partner_demonstration_rules.xml",
        "data/mail_template_data.xml",
        "data/partner_incentive_offer_template_data.xml",
        "data/partner_metric_data.xml",
        "views/partner_demonstration_views.xml",
        "views/portal_templates.xml",
    ],
}
