{
    "name": "Partner Tiering: Deal Registration",
    "summary": "The quality of registered deals as a metric of scorecards",
    "version": "19.0.1.0.0",
    "category": "Sales/Partner Incentives",
    "author": "Partner Incentive Suite contributors",
    "website": "https://github.com/partner-incentive-suite/partner-incentive-suite",
    "license": "LGPL-3",
    "depends": ["partner_tiering", "partner_deal_registration"],
    "data": ["data/partner_metric_data.xml"],
    "auto_install": True,
}
