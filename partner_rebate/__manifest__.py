{
    "name": "Partner Rebates",
    "summary": "Volume, growth and retention rebates, SPIFs and bonuses for partners",
    "version": "19.0.1.0.0",
    "category": "Sales/Partner Incentives",
    "author": "Partner Incentive Suite contributors",
    "website": "https://github.com/partner-incentive-suite/partner-incentive-suite",
    "license": "LGPL-3",
    "depends": ["partner_incentive_base"],
    "data": [
        "security/ir.model.access.csv",
        "security/partner_rebate_rules.xml",
        "views/partner_incentive_offer_views.xml",
        "views/partner_incentive_forecast_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["partner_rebate/static/tests/tours/**/*"],
    },
    "demo": ["demo/partner_rebate_demo.xml"],
}
