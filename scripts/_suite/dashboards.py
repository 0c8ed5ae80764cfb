"""The dashboards of the suite: what each of them shows.

``scripts/odoo dashboards`` writes them to ``MODULE/data/files``; a test tells when a
file is not what is written here. Fields, models and filters are checked by the modules'
own tests, on a database.
"""

from . import paths
from .dashboard_builder import CENTS, PERCENT, TENTHS, WHOLE, Dashboard, Source

WAITING = ["submitted", "info", "validated"]


def channel_overview():
    """For whoever leads the channel: what partners bring, what they cost, who grows."""
    board = Dashboard("channel_overview")
    board.date_filter("period", "Period")
    board.filter("program", "Program", "partner.incentive.program")
    board.filter("grade", "Tier", "res.partner.grade")
    board.filter("region", "Region", "partner.incentive.region")
    board.filter("company", "Company", "res.company")
    own = {
        "period": "date",
        "program": "program_id",
        "grade": "grade_id",
        "region": "region_id",
        "company": "company_id",
    }
    cohorts = Source("partner.incentive.cohort", **own)
    credited = Source("partner.incentive.attribution.report", **own)
    # What is open is open, whenever it was quoted.
    pipeline = Source(
        "partner.incentive.attribution.report",
        **{name: field for name, field in own.items() if name != "period"},
    )
    enrollments = Source(
        "partner.incentive.enrollment",
        [["state", "in", ["active", "ended"]]],
        period="date_from",
        program="program_id",
        grade="partner_id.grade_id",
        region="partner_id.incentive_region_id",
        company="company_id",
    )
    total = board.pivot(
        cohorts,
        [
            ("bookings", "Bookings"),
            ("cash", "Cash"),
            ("cost", "Incentive cost"),
            ("romi", "ROMI, gross"),
            ("incremental_romi", "ROMI, incremental"),
            ("controlled_romi", "ROMI, against partners not enrolled"),
            ("gross_to_net", "Gross to net (%)"),
            ("renewal_rate", "Renewal rate (%)"),
            ("renewed", "Renewals"),
            ("partner_count", "Partners"),
            ("active_count", "Active partners"),
            ("payback_months", "Months to payback"),
        ],
        title="Cohorts",
    )
    brought = board.pivot(
        credited,
        [
            ("sourced_revenue", "Sourced revenue"),
            ("influenced_revenue", "Influenced revenue"),
            ("win_rate", "Won (%)"),
            ("closed", "Deals won or lost"),
        ],
        title="Sourced and influenced",
    )
    waiting = board.pivot(
        pipeline,
        [
            ("sourced_pipeline", "Sourced pipeline"),
            ("influenced_pipeline", "Influenced pipeline"),
        ],
        title="Pipeline",
    )
    joined = board.pivot(enrollments, [("__count", "Enrollments")], title="Enrollments")

    def value(field, pivot=total):
        return f'PIVOT.VALUE({pivot},"{field}")'

    def shown(field, text):
        """Where there is no figure the card stays empty: that is not zero."""
        return f'IF(ISNUMBER({value(field)}),{text},"")'

    def rate(field):
        return shown(field, f'TEXT({value(field)}/100,"0.0%")')

    def times(field):
        return shown(field, f'TEXT({value(field)},"0.00")')

    board.kpi("Bookings", value("bookings"), "paid", value("cash"))
    board.kpi("Incentive cost", value("cost"), "gross to net", rate("gross_to_net"))
    board.kpi(
        "ROMI, gross",
        times("romi"),
        "incremental",
        times("incremental_romi"),
        color="#F0FDF4",
    )
    board.kpi(
        "Sourced pipeline",
        value("sourced_pipeline", waiting),
        "influenced",
        value("influenced_pipeline", waiting),
    )
    board.kpi(
        "Sourced revenue",
        value("sourced_revenue", brought),
        "influenced",
        value("influenced_revenue", brought),
    )
    board.kpi(
        "Active partners", value("active_count"), "enrolled", value("partner_count")
    )
    board.kpi("New enrollments", value("__count", joined))
    board.kpi(
        "Renewal rate",
        rate("renewal_rate"),
        "renewed",
        value("renewed"),
        color="#F0FDF4",
    )
    board.kpi("ROMI vs. control", times("controlled_romi"), color="#F0FDF4")
    board.kpi(
        "Months to payback",
        shown("payback_months", f'TEXT({value("payback_months")},"0")'),
        color="#F0FDF4",
    )
    board.end_kpis()
    board.line(
        board.series(
            "Bookings and incentive cost by month",
            cohorts,
            [("bookings", "Bookings"), ("cost", "Incentive cost")],
            "date:month",
        ),
        board.chart(
            "Active partners by month", cohorts, "active_count", ["date:month"]
        ),
    )
    result = [("bookings", "Bookings"), ("cost", "Cost"), ("romi", "ROMI")]
    board.line(
        board.table(
            "Top partners",
            cohorts,
            result,
            "partner_id",
            "Partner",
            10,
            order="bookings",
        ),
        board.table(
            "Cohorts by quarter of enrollment",
            cohorts,
            [
                ("bookings", "Bookings"),
                ("romi", "ROMI"),
                ("incremental_romi", "Incremental"),
            ],
            "cohort:quarter",
            "Cohort",
            10,
        ),
    )
    board.line(
        board.table(
            "By tier",
            cohorts,
            [("active_count", "Active"), ("bookings", "Bookings"), ("romi", "ROMI")],
            "grade_id",
            "Tier",
            6,
            order="bookings",
        ),
        board.table(
            "By region",
            cohorts,
            [("active_count", "Active"), ("bookings", "Bookings"), ("romi", "ROMI")],
            "region_id",
            "Region",
            6,
            order="bookings",
        ),
    )
    board.line(
        board.table(
            "By program",
            cohorts,
            result,
            "program_id",
            "Program",
            6,
            order="bookings",
        ),
        board.table(
            "By country",
            cohorts,
            result,
            "country_id",
            "Country",
            6,
            order="bookings",
        ),
    )
    board.line(
        board.series(
            "Sourced and influenced revenue",
            credited,
            [
                ("sourced_revenue", "Sourced revenue"),
                ("influenced_revenue", "Influenced revenue"),
            ],
            "date:month",
        ),
        board.table(
            "Sourced by partner",
            credited,
            [
                ("sourced_revenue", "Revenue"),
                ("sourced_pipeline", "Pipeline"),
                ("sourced_arr", "ARR"),
            ],
            "partner_id",
            "Partner",
            9,
            order="sourced_revenue",
        ),
    )
    board.line(
        board.series(
            "Contracts that ended, and renewals",
            cohorts,
            [("due", "Contracts ended"), ("renewed", "Renewals")],
            "date:quarter",
        ),
        board.chart(
            "Enrollments by month",
            enrollments,
            "__count",
            ["date_from:month", "program_id"],
            stacked=True,
        ),
    )
    return board


def incentive_money():
    """For finance: what is owed, what was accrued and paid, how claims fare."""
    board = Dashboard("incentive_money")
    board.date_filter("period", "Period")
    board.filter("program", "Program", "partner.incentive.program")
    board.filter("offer", "Offer", "partner.incentive.offer")
    board.filter("partner", "Partner", "res.partner")
    board.filter("grade", "Tier", "res.partner.grade")
    board.filter("region", "Region", "partner.incentive.region")
    board.filter("company", "Company", "res.company")
    own = {
        "program": "program_id",
        "offer": "offer_id",
        "partner": "partner_id",
        "company": "company_id",
    }
    located = {
        "region": "partner_id.incentive_region_id",
        "grade": "partner_id.grade_id",
    }
    placed = {"region": "region_id", "grade": "grade_id"}
    owed = Source("partner.incentive.entry", **own, **located)
    entries = Source("partner.incentive.entry", period="date", **own, **located)
    cost = Source("partner.incentive.cost", period="date", **own, **placed)
    aging = Source("partner.incentive.aging", **own, **located)
    claims = Source("partner.incentive.claim.report", period="date", **own, **placed)
    undecided = Source(
        "partner.incentive.claim.report", [["waiting", ">", 0]], **own, **placed
    )
    # Its periods are those of the present fiscal year.
    rollforward = Source("partner.incentive.rollforward", **own, **located)
    # A budget is planned on its first day, whatever the period.
    checkbook = Source(
        "partner.incentive.checkbook",
        program="program_id",
        offer="offer_id",
        partner="partner_id",
        company="company_id",
    )
    liability = board.pivot(owed, [("balance", "Owed")], title="Owed")
    held = board.pivot(
        owed.where(["role", "=", "holdback"]), [("balance", "Held back")], title="Held"
    )
    moved = board.pivot(
        entries,
        [("earned_balance", "Accrued"), ("settled_balance", "Settled")],
        title="Movements",
    )
    decided = board.pivot(
        claims,
        [("decision_days", "Days to decide"), ("rejection_rate", "Rejected (%)")],
        title="Claims",
    )
    waiting = board.pivot(
        undecided,
        [("waiting_amount", "Waiting"), ("waiting", "Claims waiting")],
        title="Claims waiting",
    )
    board.kpi(
        "Owed to partners",
        f'PIVOT.VALUE({liability},"balance")',
        "held back",
        f'PIVOT.VALUE({held},"balance")',
    )
    board.kpi("Accrued", f'PIVOT.VALUE({moved},"earned_balance")')
    board.kpi("Settled", f'PIVOT.VALUE({moved},"settled_balance")')
    board.kpi(
        "Claims waiting",
        f'PIVOT.VALUE({waiting},"waiting_amount")',
        "claims",
        f'PIVOT.VALUE({waiting},"waiting")',
        color="#FFF7ED",
    )
    board.kpi(
        "Days to decide",
        f'PIVOT.VALUE({decided},"decision_days")',
        "of claims rejected",
        f'TEXT(PIVOT.VALUE({decided},"rejection_rate")/100,"0%")',
        color="#FFF7ED",
        form=TENTHS,
    )
    board.end_kpis()
    money = [
        ("earned_balance", "Accrued"),
        ("settled_balance", "Settled"),
        ("balance", "Owed"),
    ]
    board.line(
        board.series("Accrued and settled by month", entries, money[:2], "date:month"),
        board.chart(
            "Owed, month by month",
            owed,
            "balance",
            ["date:month"],
            kind="line",
            cumulative=True,
        ),
    )
    board.line(
        board.table(
            "Roll-forward of this fiscal year",
            rollforward,
            [("opening", "Opening"), ("accrued", "Accrued"), ("settled", "Settled")],
            "period",
            "Period",
            12,
        ),
        board.table(
            "Closing, and the accounts",
            rollforward,
            [
                (
                    "other",
                    "Other moves",
                    "=closing-opening-accrued-settled",
                    "#,##0.00",
                ),
                ("closing", "Closing"),
                ("difference", "Difference"),
            ],
            "period",
            "Period",
            12,
            hidden=[("opening", ""), ("accrued", ""), ("settled", "")],
        ),
    )
    board.line(
        board.table("By offer", owed, money, "offer_id", "Offer", order="balance"),
        board.table(
            "By partner", owed, money, "partner_id", "Partner", order="balance"
        ),
    )
    board.line(
        board.table(
            "By program", owed, money, "program_id", "Program", 5, order="balance"
        ),
        board.chart(
            "Open by age",
            aging,
            "open_balance",
            ["bucket"],
            lines=6,
        ),
    )
    board.line(
        board.table(
            "Budgets",
            checkbook,
            [
                ("planned", "Planned"),
                ("committed", "Committed"),
                ("accrued", "Accrued"),
            ],
            "budget_id",
            "Budget",
            10,
            order="planned",
        ),
        board.chart(
            "Budget used by month", checkbook, "accrued", ["date:month", "program_id"]
        ),
    )
    board.line(
        board.chart("Cost by objective", cost, "cost", ["objective_id"], kind="pie"),
        board.chart("Cost by type of offer", cost, "cost", ["offer_type"], kind="pie"),
    )
    board.line(
        board.table(
            "Claims by offer",
            claims,
            [
                ("amount", "Claimed"),
                ("decision_days", "Days"),
                ("rejection_rate", "Rejected (%)"),
            ],
            "offer_id",
            "Offer",
            order="amount",
        ),
        board.list(
            "Claims that wait longest",
            undecided,
            [
                ("partner_id", "Partner"),
                ("date", "Since"),
                ("amount", "Amount"),
                ("state", "Status"),
            ],
            order="date",
        ),
    )
    return board


def marketing_funds():
    """Funds: where the money is, and what it brought."""
    board = Dashboard("marketing_funds")
    board.date_filter("period", "Period")
    board.filter("fund", "Fund", "partner.mdf.fund")
    board.filter("partner", "Partner", "res.partner")
    board.filter("type", "Activity type", "partner.mdf.activity.type")
    board.filter("grade", "Tier", "res.partner.grade")
    board.filter("region", "Region", "partner.incentive.region")
    board.filter("program", "Program", "partner.incentive.program")
    board.filter("company", "Company", "res.company")
    whose = {
        "partner": "partner_id",
        "grade": "grade_id",
        "region": "region_id",
        "fund": "fund_id",
        "company": "company_id",
    }
    kind = {"type": "type_id"}
    funds = Source("partner.mdf.analysis", program="program_id", **whose)
    used = funds.where(["activity_id", "!=", False])
    used.matching = {**funds.matching, **kind}
    results = Source(
        "partner.mdf.result",
        period="date_from",
        program="fund_id.program_id",
        **whose,
        **kind,
    )
    claims = Source(
        "partner.incentive.claim",
        [["mdf_fund_id", "!=", False], ["state", "in", WAITING]],
        partner="partner_id",
        fund="mdf_fund_id",
        program="mdf_fund_id.program_id",
        company="company_id",
        type="mdf_activity_id.type_id",
        grade="partner_id.grade_id",
        region="partner_id.incentive_region_id",
    )
    requests = Source(
        "partner.mdf.activity",
        [["state", "=", "submitted"]],
        partner="partner_id",
        fund="fund_id",
        program="fund_id.program_id",
        company="company_id",
        type="type_id",
        grade="partner_id.grade_id",
        region="partner_id.incentive_region_id",
    )
    book = board.pivot(
        funds,
        [
            ("allocated", "Allocated"),
            ("earned", "Earned"),
            ("committed", "Committed"),
            ("spent", "Spent"),
            ("expired", "Expired"),
            ("available", "Budget balance"),
            ("requested", "Requested"),
        ],
        title="Checkbook",
    )
    brought = board.pivot(
        results,
        [
            ("spent", "Reimbursed"),
            ("leads", "Leads"),
            ("pipeline", "Pipeline"),
            ("cash", "Cash"),
        ],
        title="Results",
    )
    waiting = board.pivot(
        claims,
        [("company_amount", "Claims waiting"), ("__count", "Claims")],
        title="Claims waiting",
    )

    def value(pivot, field):
        return f'PIVOT.VALUE({pivot},"{field}")'

    given = f"{value(book, 'allocated')}+{value(book, 'earned')}"
    board.kpi("Budget balance", value(book, "available"), "in all", given)
    board.kpi("Committed", value(book, "committed"), "spent", value(book, "spent"))
    board.kpi(
        "Requests to decide",
        value(book, "requested"),
        "expired",
        value(book, "expired"),
    )
    board.kpi(
        "Claims waiting",
        value(waiting, "company_amount"),
        "claims",
        value(waiting, "__count"),
    )
    board.kpi("Leads", value(brought, "leads"), color="#F0FDF4")
    board.kpi(
        "Cost per lead",
        f"IFERROR({value(brought, 'spent')}/{value(brought, 'leads')},0)",
        color="#F0FDF4",
        form=CENTS,
    )
    board.kpi("Pipeline", value(brought, "pipeline"), color="#F0FDF4")
    board.kpi(
        "Pipeline per unit",
        f"IFERROR({value(brought, 'pipeline')}/{value(brought, 'spent')},0)",
        color="#F0FDF4",
        form=CENTS,
    )
    board.kpi("Cash", value(brought, "cash"), color="#F0FDF4")
    board.kpi(
        "Cash per unit",
        f"IFERROR({value(brought, 'cash')}/{value(brought, 'spent')},0)",
        color="#F0FDF4",
        form=CENTS,
    )
    board.end_kpis()
    checkbook = [
        ("committed", "Committed"),
        ("spent", "Spent"),
        ("available", "Balance"),
    ]
    board.line(
        board.series(
            "Checkbook by fund",
            funds,
            [
                ("allocated", "Allocated"),
                ("earned", "Earned"),
                *checkbook,
            ],
            "fund_id",
        ),
    )
    board.line(
        board.table(
            "By partner",
            funds.where(["partner_id", "!=", False]),
            checkbook,
            "partner_id",
            "Partner",
            order="spent",
        ),
        board.table(
            "By activity type",
            used,
            [
                ("requested", "Requested"),
                ("committed", "Committed"),
                ("spent", "Spent"),
            ],
            "type_id",
            "Activity type",
            order="spent",
        ),
    )
    board.line(
        board.chart(
            "Committed by month",
            used,
            "committed",
            ["date:month", "type_id"],
            stacked=True,
        ),
        board.chart("Spent by tier", used, "spent", ["grade_id"], kind="pie"),
    )
    ratio = [
        ("spent", "Reimbursed"),
        ("leads", "Leads"),
        ("cost", "Per lead", "=IFERROR(spent/leads,0)", "#,##0.00"),
    ]
    unit = [
        ("spent", "Reimbursed"),
        ("pipeline", "Pipeline"),
        ("per_unit", "Per unit", "=IFERROR(pipeline/spent,0)", "#,##0.00"),
    ]
    cash = [
        ("spent", "Reimbursed"),
        ("cash", "Cash"),
        ("per_unit", "Per unit", "=IFERROR(cash/spent,0)", "#,##0.00"),
    ]
    board.line(
        board.table(
            "Leads by activity type",
            results,
            ratio,
            "type_id",
            "Activity type",
            order="leads",
        ),
        board.table(
            "Pipeline by activity type",
            results,
            unit,
            "type_id",
            "Activity type",
            order="pipeline",
        ),
    )
    board.line(
        board.table("Cash by tier", results, cash, "grade_id", "Tier", 5, order="cash"),
        board.table(
            "Cash by region", results, cash, "region_id", "Region", 5, order="cash"
        ),
    )
    board.line(
        board.list(
            "Claims waiting",
            claims,
            [
                ("partner_id", "Partner"),
                ("name", "Claim"),
                ("amount", "Amount"),
                ("state", "Status"),
            ],
            order="submitted_on",
        ),
        board.list(
            "Activities to decide",
            requests,
            [
                ("partner_id", "Partner"),
                ("fund_id", "Fund"),
                ("date_from", "From"),
                ("requested_amount", "Asked for"),
            ],
            order="date_from",
        ),
    )
    return board


def deal_registration():
    """Deals: how many, how fast, how many won."""
    board = Dashboard("deal_registration")
    board.date_filter("period", "Period")
    board.filter("program", "Program", "partner.incentive.program")
    board.filter("partner", "Partner", "res.partner")
    board.filter("grade", "Tier", "res.partner.grade")
    board.filter("country", "Customer's country", "res.country")
    board.filter("user", "Reviewer", "res.users")
    board.filter("region", "Region", "partner.incentive.region")
    board.filter("company", "Company", "res.company")
    deals = Source(
        "partner.deal.report",
        period="date",
        program="program_id",
        partner="partner_id",
        grade="grade_id",
        country="country_id",
        user="user_id",
        region="partner_id.incentive_region_id",
        company="company_id",
    )
    total = board.pivot(
        deals,
        [
            ("__count", "Deals"),
            ("expected_value", "Expected value"),
            ("pipeline", "Sourced pipeline"),
            ("days_to_approve", "Days to approve"),
            ("decide_hours", "Hours to decide"),
            ("clock_rate", "Decided in time (%)"),
            ("approval_rate", "Approved (%)"),
            ("conflict_rate", "With a conflict (%)"),
            ("conversion_rate", "Converted (%)"),
            ("win_rate", "Won (%)"),
            ("quality", "Quality"),
        ],
        title="Deals",
    )
    waiting = board.pivot(
        deals.where(["state", "in", ["submitted", "info", "conflict"]]),
        [("__count", "Deals")],
        title="Waiting",
    )

    def value(field):
        return f'PIVOT.VALUE({total},"{field}")'

    def rate(field):
        return f"IFERROR({value(field)}/100,0)"

    board.kpi(
        "Deals registered",
        value("__count"),
        "waiting",
        f'PIVOT.VALUE({waiting},"__count")',
    )
    board.kpi("Sourced pipeline", value("pipeline"))
    board.kpi("Days to approve", value("days_to_approve"), form=TENTHS)
    board.kpi("Decided in time", rate("clock_rate"), form=PERCENT)
    board.kpi("Approved", rate("approval_rate"), form=PERCENT)
    board.kpi("Conflicts", rate("conflict_rate"), color="#FFF7ED", form=PERCENT)
    board.kpi("Converted", rate("conversion_rate"), color="#F0FDF4", form=PERCENT)
    board.kpi("Won", rate("win_rate"), color="#F0FDF4", form=PERCENT)
    board.kpi("Expected value", value("expected_value"), color="#F0FDF4")
    board.kpi("Quality", value("quality"), color="#F0FDF4", form=WHOLE)
    board.end_kpis()
    board.line(
        board.chart("Deals by status", deals, "__count", ["state"]),
        board.chart(
            "Registered by month",
            deals,
            "__count",
            ["date:month", "state"],
            stacked=True,
        ),
    )
    board.line(
        board.chart(
            "Sourced pipeline by month", deals, "pipeline", ["date:month"], kind="line"
        ),
        board.chart("Deals by role", deals, "__count", ["role"], kind="pie"),
    )
    counted = ("__count", "Deals")
    won = [counted, ("conversion_rate", "Ordered (%)"), ("win_rate", "Won (%)")]
    quick = [
        counted,
        ("days_to_approve", "Days"),
        ("clock_rate", "In time (%)"),
    ]
    board.line(
        board.table(
            "Partners by pipeline",
            deals,
            [counted, ("pipeline", "Pipeline"), ("win_rate", "Won (%)")],
            "partner_id",
            "Partner",
            order="pipeline",
        ),
        board.table("By tier", deals, won, "grade_id", "Tier", order="__count"),
    )
    board.line(
        board.table("Reviewers", deals, quick, "user_id", "Reviewer", order="__count"),
        board.table(
            "Customers' countries",
            deals,
            [counted, ("pipeline", "Pipeline"), ("conflict_rate", "Conflict (%)")],
            "country_id",
            "Country",
            order="__count",
        ),
    )
    return board


def partner_performance():
    """Scorecards and tiers."""
    board = Dashboard("partner_performance")
    board.date_filter("period", "Period")
    board.filter("policy", "Policy", "partner.tier.policy")
    board.filter("partner", "Partner", "res.partner")
    board.filter("grade", "Tier", "res.partner.grade")
    board.filter("region", "Region", "partner.incentive.region")
    board.filter("company", "Company", "res.company")
    own = {
        "partner": "partner_id",
        "region": "partner_id.incentive_region_id",
        "policy": "policy_id",
        "company": "company_id",
    }
    cards = Source("partner.scorecard", period="date_to", grade="grade_id", **own)
    lines = Source(
        "partner.scorecard.line",
        [["scorecard_id", "!=", False]],
        period="date_to",
        partner="partner_id",
        grade="scorecard_id.grade_id",
        region="partner_id.incentive_region_id",
        policy="scorecard_id.policy_id",
        company="scorecard_id.company_id",
    )
    changes = Source(
        "partner.tier.change",
        period="date",
        grade="to_grade_id",
        **own,
    )
    alerts = Source(
        "partner.performance.alert",
        [["state", "=", "open"]],
        partner="partner_id",
        region="partner_id.incentive_region_id",
        company="company_id",
    )
    known = cards.where(["has_score", "=", True])
    total = board.pivot(known, [("score", "Score"), ("__count", "Scorecards")])
    cover = board.pivot(
        cards, [("coverage", "Known weight"), ("__count", "Scorecards")]
    )
    below = board.pivot(
        cards.where(["state", "=", "draft"]), [("__count", "Running")], title="Running"
    )
    moves = board.pivot(
        changes.where(["state", "in", ["grace", "recommended"]]),
        [("__count", "Changes")],
        title="Open changes",
    )
    alerted = board.pivot(alerts, [("__count", "Alerts")], title="Alerts")
    board.kpi(
        "Average score",
        f'PIVOT.VALUE({total},"score")',
        "scorecards",
        f'PIVOT.VALUE({total},"__count")',
        form=TENTHS,
    )
    board.kpi(
        "Known weight",
        f'IFERROR(PIVOT.VALUE({cover},"coverage")/100,0)',
        form=PERCENT,
    )
    board.kpi("Running", f'PIVOT.VALUE({below},"__count")')
    board.kpi("Tier changes", f'PIVOT.VALUE({moves},"__count")', color="#FFF7ED")
    board.kpi("Open alerts", f'PIVOT.VALUE({alerted},"__count")', color="#FFF7ED")
    board.end_kpis()
    board.line(
        board.chart("Average score by period", known, "score", ["date_to:month"]),
        board.chart(
            "Tier that the score qualifies for",
            known,
            "__count",
            ["qualified_grade_id"],
            kind="pie",
        ),
    )
    board.line(
        board.table(
            "Partners",
            known,
            [
                ("score", "Score"),
                ("coverage", "Known (%)"),
                ("percentile", "Percentile"),
            ],
            "partner_id",
            "Partner",
            order="score",
        ),
        board.table(
            "Metrics",
            lines,
            [("points", "Points"), ("percentile", "Percentile"), ("cases", "Records")],
            "metric_id",
            "Metric",
            order="points",
        ),
    )
    board.line(
        board.list(
            "Tier changes",
            changes,
            [
                ("partner_id", "Partner"),
                ("from_grade_id", "From"),
                ("to_grade_id", "To"),
                ("state", "Status"),
            ],
            order="id",
            ascending=False,
        ),
        board.list(
            "Watch list",
            alerts,
            [
                ("metric_id", "Metric"),
                ("partner_id", "Partner"),
                ("kind", "Kind"),
                ("date", "Date"),
            ],
            order="date",
            ascending=False,
        ),
    )
    return board


#: What is made, and for which module.
DASHBOARDS = {
    channel_overview: "partner_incentive_base",
    incentive_money: "partner_incentive_base",
    marketing_funds: "partner_mdf",
    deal_registration: "partner_deal_registration",
    partner_performance: "partner_tiering",
}


def get_files():
    """``{path: text}`` of all dashboards."""
    files = {}
    for make, module in DASHBOARDS.items():
        board = make()
        name = f"{board.name}_dashboard.json"
        files[paths.REPO / module / "data" / "files" / name] = board.render()
    return files


def write_files():
    for path, text in get_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(get_files())
