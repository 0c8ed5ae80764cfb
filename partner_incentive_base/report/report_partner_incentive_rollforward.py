"""What the printed roll-forward shows."""

from odoo import api, models

from .period import get_label, read_periods

#: So many periods stand side by side on a page.
PERIODS_PER_TABLE = 4


class ReportPartnerIncentiveRollforward(models.AbstractModel):
    _name = "report.partner_incentive_base.report_rollforward"
    _description = "Liability Roll-forward on Paper"

    @api.model
    def _get_report_values(self, docids, data=None):
        options = self.env["partner.incentive.report.options"].browse(docids)
        options.check_access("read")
        return {
            "doc_ids": options.ids,
            "doc_model": options._name,
            "docs": options,
            "company": options.company_id or self.env.company,
            "figures": self._get_figures(),
            "get_tables": self._get_tables,
            "get_offers": self._get_offers,
        }

    def _get_figures(self):
        rows = self.env["partner.incentive.rollforward"]
        names = rows._get_figures()
        return [
            (name, rows._fields[name].get_description(self.env)["string"])
            for name in names
        ]

    def _get_rows(self, options):
        return self.env["partner.incentive.rollforward"].with_context(
            **options._get_context()
        )

    def _get_tables(self, options):
        """``[(labels, {label: {figure: amount}})]``, a few periods in each."""
        rows = self._get_rows(options)
        names = rows._get_figures()
        totals = {
            label: dict(zip(names, amounts, strict=True))
            for label, *amounts in rows._read_group(
                options._get_domain(), ["period"], [f"{name}:sum" for name in names]
            )
        }
        labels = [get_label(period) for period in read_periods(rows.env)]
        empty = dict.fromkeys(names, 0.0)
        return [
            (part, {label: totals.get(label, empty) for label in part})
            for part in (
                labels[start : start + PERIODS_PER_TABLE]
                for start in range(0, len(labels), PERIODS_PER_TABLE)
            )
        ]

    def _get_offers(self, options):
        """``[(offer, opening, movements, closing, journal, difference)]`` in all."""
        rows = self._get_rows(options)
        names = ("opening", "closing", "journal_balance", "difference")
        return [
            (offer, opening, closing - opening, closing, journal, difference)
            for offer, opening, closing, journal, difference in rows._read_group(
                options._get_domain(), ["offer_id"], [f"{name}:sum" for name in names]
            )
        ]
