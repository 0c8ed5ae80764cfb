{
    "name": "Partner Rebates: Margin",
    "summary": "Offers on the margin of sales, and margins after incentives",
    "version": "19.0.1.0.0",
    "category": "Sales/Partner Incentives",
    "author": "Partner Incentive Suite contributors",
    "website": "https://github.com/partner-incentive-suite/partner-incentive-suite",
    "license": "LGPL-3",
    "depends": ["partner_rebate", "sale_margin"],
    "data": ["views/sale_order_views.xml"],
    "auto_install": True,
}
