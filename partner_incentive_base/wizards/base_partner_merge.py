from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Merge first what a partner has only once: core would write duplicates."""
        self._merge_grade_history(src_partners, dst_partner)
        self._merge_enrollments(src_partners, dst_partner)
        # standings are derived: the next run makes those of the merged partner
        self.env["partner.incentive.standing"].sudo().search(
            [("partner_id", "in", src_partners.ids)]
        ).unlink()
        self.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _update_values(self, src_partners, dst_partner):
        return super()._update_values(
            src_partners, dst_partner.with_context(incentive_partner_merge=True)
        )

    def _merge_grade_history(self, src_partners, dst_partner):
        """Keep one history: two of them, interleaved, would tell of changes that
        never were.

        It is that of the partner whose tier the merged partner gets, which is the
        destination's, if it has one, else the last source's that has one.
        """
        partners = dst_partner | src_partners
        keeper = next(
            (
                partner
                for partner in (dst_partner, *reversed(src_partners))
                if partner.grade_id
            ),
            next(
                (partner for partner in partners if partner.sudo().grade_history_ids),
                dst_partner,
            ),
        )
        (partners - keeper).sudo().grade_history_ids.unlink()

    def _merge_enrollments(self, src_partners, dst_partner):
        """One enrollment per program remains, from the earliest day of them."""
        Enrollment = self.env["partner.incentive.enrollment"].sudo()
        groups = Enrollment._read_group(
            [
                ("partner_id", "in", (dst_partner | src_partners).ids),
                ("state", "!=", "ended"),
            ],
            ["program_id"],
            ["id:recordset"],
            [("__count", ">", 1)],
        )
        for _program, enrollments in groups:
            kept = enrollments.filtered(lambda e: e.partner_id == dst_partner)
            kept = (kept or enrollments)[:1]
            self._merge_into_enrollment(kept, enrollments - kept)

    def _merge_into_enrollment(self, kept, others):
        vals = {"date_from": min((kept | others).mapped("date_from"))}
        if any(other.state == "active" for other in others):
            vals["state"] = "active"
        ends = (kept | others).mapped("date_to")
        vals["date_to"] = max(ends) if all(ends) else False
        accepted = others.filtered("accepted_on").sorted("accepted_on")[-1:]
        if accepted and not kept.accepted_on:
            vals.update(
                agreement_id=accepted.agreement_id.id,
                accepted_on=accepted.accepted_on,
                accepted_by=accepted.accepted_by.id,
                signed_by=accepted.signed_by,
                signed_pdf=accepted.signed_pdf,
                signed_pdf_name=accepted.signed_pdf_name,
            )
        kept.write(vals)
        self._merge_acceptances(kept, others)
        self.env.flush_all()
        self._update_foreign_keys_generic(kept._name, others, kept)
        self._update_reference_fields_generic(kept._name, others, kept)
        others.unlink()

    def _merge_acceptances(self, kept, others):
        """Of two acceptances of one version, the earlier one counts."""
        by_version = {}
        for acceptance in (kept | others).acceptance_ids.sorted("date"):
            by_version.setdefault(acceptance.version_id, acceptance)
        first = self.env["partner.incentive.acceptance"].sudo()
        first = first.concat(*by_version.values())
        ((kept | others).acceptance_ids - first).unlink()
        first.write({"enrollment_id": kept.id})
