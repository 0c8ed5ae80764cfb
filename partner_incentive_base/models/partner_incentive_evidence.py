from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date


class PartnerIncentiveEvidence(models.Model):
    """One proof of a claim: a file of a kind, and what the document says."""

    _name = "partner.incentive.evidence"
    _description = "Evidence of a Claim"
    _order = "evidence_type_id, id"

    claim_id = fields.Many2one(
        "partner.incentive.claim", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="claim_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="claim_id.partner_id", store=True, index=True, precompute=True
    )
    evidence_type_id = fields.Many2one(
        "partner.incentive.evidence.type",
        string="Kind",
        required=True,
        ondelete="restrict",
    )
    attachment_id = fields.Many2one(
        "ir.attachment",
        string="File",
        required=True,
        index=True,
        ondelete="restrict",
    )
    document_number = fields.Char(string="Number")
    document_date = fields.Date(string="Dated")
    amount = fields.Monetary()
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
    )

    @api.depends("claim_id")
    def _compute_currency_id(self):
        for evidence in self:
            evidence.currency_id = (
                evidence.currency_id or evidence.claim_id._get_evidence_currency()
            )

    @api.depends("evidence_type_id.name", "attachment_id.name")
    def _compute_display_name(self):
        for evidence in self:
            evidence.display_name = (
                f"{evidence.evidence_type_id.name}: {evidence.attachment_id.name}"
            )

    @api.constrains("amount")
    def _check_amount(self):
        if any(evidence.amount < 0 for evidence in self):
            raise ValidationError(self.env._("The amount of a document is positive."))

    @api.constrains(
        "evidence_type_id", "attachment_id", "document_number", "document_date"
    )
    def _check_file(self):
        """Refuse at upload what could never prove anything, and say why."""
        upload = self.env["partner.incentive.upload"]
        for evidence in self:
            kind = evidence.evidence_type_id
            file_sudo = evidence.attachment_id.sudo()
            upload._check_content(file_sudo.raw, file_sudo.name, kind.file_kind)
            problem = evidence._get_field_problem()
            if problem:
                raise ValidationError(problem)

    def _get_field_problem(self):
        """What the document lacks, in words, or None."""
        self.ensure_one()
        kind = self.evidence_type_id
        missing = []
        if kind.needs_number and not (self.document_number or "").strip():
            missing.append(self.env._("its number"))
        if kind.needs_date and not self.document_date:
            missing.append(self.env._("its date"))
        if kind.needs_amount and not self.amount:
            missing.append(self.env._("its amount"))
        if missing:
            return self.env._(
                "%(kind)s %(file)s: enter %(missing)s.",
                kind=kind.name,
                file=self.attachment_id.sudo().name,
                missing=", ".join(missing),
            )
        rule = self.claim_id._get_evidence_rules().filtered(
            lambda each: each.evidence_type_id == kind and each.within_dates
        )
        start, end = self.claim_id._get_evidence_dates()
        if rule and start and self.document_date:
            if not start <= self.document_date <= (end or self.document_date):
                return self.env._(
                    "%(kind)s %(file)s is dated %(date)s, outside %(start)s to "
                    "%(end)s. Only documents of that time prove what is claimed.",
                    kind=kind.name,
                    file=self.attachment_id.sudo().name,
                    date=format_date(self.env, self.document_date),
                    start=format_date(self.env, start),
                    end=format_date(self.env, end) or self.env._("open"),
                )
        return None

    @api.model_create_multi
    def create(self, vals_list):
        claims = self.env["partner.incentive.claim"].browse(
            {vals["claim_id"] for vals in vals_list if vals.get("claim_id")}
        )
        claims._check_evidence_open()
        evidences = super().create(vals_list)
        for evidence in evidences:
            # all files of a claim are in one place, whatever they prove
            evidence.claim_id.attachment_ids |= evidence.attachment_id
        return evidences

    def write(self, vals):
        self.claim_id._check_evidence_open()
        if "claim_id" in vals:
            raise UserError(self.env._("Evidence stays with its claim."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_checked(self):
        self.claim_id._check_evidence_open()

    def unlink(self):
        files = [
            (evidence.claim_id, evidence.attachment_id)
            for evidence in self
            if evidence.claim_id
        ]
        result = super().unlink()
        for claim, file in files:
            if file not in claim.evidence_ids.attachment_id:
                claim.attachment_ids -= file
        return result
