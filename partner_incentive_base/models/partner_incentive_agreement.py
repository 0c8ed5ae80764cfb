from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import is_html_empty

#: What partners accept; none of it changes once the agreement is published.
FROZEN_FIELDS = {"program_id", "number", "body", "effective_date"}


class PartnerIncentiveAgreement(models.Model):
    """The text that a partner accepts when it enrolls in a program.

    ========= ========= ======== ==================================================
    Action    Who       From     Restriction
    ========= ========= ======== ==================================================
    publish   Manager   draft    has a text; takes effect after the one before
    delete    Manager   draft
    ========= ========= ======== ==================================================

    A published text never changes, in any language: publish another one, effective
    from a later day.
    """

    _name = "partner.incentive.agreement"
    _description = "Program Agreement"
    _order = "program_id, number desc"

    program_id = fields.Many2one(
        "partner.incentive.program", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="program_id.company_id", store=True, index=True, precompute=True
    )
    number = fields.Integer(string="Version", readonly=True, copy=False)
    body = fields.Html(string="Text", translate=True)
    effective_date = fields.Date(
        string="Effective from",
        required=True,
        default=lambda self: fields.Date.context_today(self),
        copy=False,
    )
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published")],
        default="draft",
        required=True,
        copy=False,
        index=True,
    )
    published_by = fields.Many2one(
        "res.users", string="Published by", readonly=True, copy=False
    )
    published_on = fields.Datetime(string="Published on", readonly=True, copy=False)

    _number_unique = models.UniqueIndex(
        "(program_id, number)", "The program has an agreement of that version already."
    )

    @api.depends("program_id.name", "number")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = self.env._(
                "%(program)s, agreement %(number)s",
                program=agreement.program_id.name or "",
                number=agreement.number,
            )

    @api.model_create_multi
    def create(self, vals_list):
        drafts = [{**vals, "state": "draft"} for vals in vals_list]
        for vals in drafts:
            vals.pop("number", None)
        agreements = super().create(drafts)
        for program, added in agreements.grouped("program_id").items():
            others = self.sudo().search([("program_id", "=", program.id)]) - added
            last = max(others.mapped("number"), default=0)
            for number, agreement in enumerate(added, last + 1):
                agreement.number = number
        for agreement, vals in zip(agreements, vals_list, strict=True):
            if vals.get("state") == "published":
                agreement.action_publish()
        return agreements

    def write(self, vals):
        if FROZEN_FIELDS & set(vals):
            self._check_draft()
        if "state" in vals:
            self._check_draft()
            if vals["state"] == "published":
                for agreement in self:
                    agreement._check_can_publish()
                vals = {
                    **vals,
                    "published_by": self.env.uid,
                    "published_on": fields.Datetime.now(),
                }
                # partners are asked for their consent by the job, for they are many
                self.env.ref(
                    "partner_incentive_base.ir_cron_tell_agreements"
                ).sudo()._trigger()
        elif {"published_by", "published_on"} & set(vals) and not self.env.su:
            raise AccessError(self.env._("Use Publish to publish an agreement."))
        return super().write(vals)

    def _update_field_translations(
        self, field_name, translations, digest=None, source_lang=""
    ):
        # A translation is written past write(), and is accepted just the same.
        if field_name in FROZEN_FIELDS:
            self._check_draft()
        return super()._update_field_translations(
            field_name, translations, digest=digest, source_lang=source_lang
        )

    def _check_draft(self):
        for agreement in self:
            if agreement.state == "published":
                raise UserError(
                    self.env._(
                        "%s is published and does not change any more, since partners "
                        "accept it. Make another agreement instead.",
                        agreement.display_name,
                    )
                )

    def _check_can_publish(self):
        self.ensure_one()
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise AccessError(
                self.env._("Only an incentive manager can publish an agreement.")
            )
        if is_html_empty(self.body):
            raise UserError(
                self.env._("Write the text of the agreement before publishing it.")
            )
        later = self.search(
            [
                ("program_id", "=", self.program_id.id),
                ("state", "=", "published"),
                ("effective_date", ">=", self.effective_date),
            ],
            limit=1,
        )
        if later:
            raise UserError(
                self.env._(
                    "%(other)s takes effect on %(date)s already. Choose a later date.",
                    other=later.display_name,
                    date=later.effective_date,
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self._check_draft()

    def action_publish(self):
        self.write({"state": "published"})
