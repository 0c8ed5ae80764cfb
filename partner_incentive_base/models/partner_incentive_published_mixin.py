from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, is_html_empty


class PartnerIncentivePublishedMixin(models.AbstractModel):
    """A text in versions that partners read and accept.

    ========= ========= ======== ==================================================
    Action    Who       From     Restriction
    ========= ========= ======== ==================================================
    publish   Manager   draft    has a text; takes effect after the one before
    delete    Manager   draft
    ========= ========= ======== ==================================================

    A published text never changes, in any language: publish another version,
    effective from a later day.
    """

    _name = "partner.incentive.published.mixin"
    _description = "Published Text"

    #: Fields that the versions of one text have in common.
    _series_fields = ()

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

    def _get_frozen_fields(self):
        """What partners accept; none of it changes once the text is published."""
        return {"number", "body", "effective_date", *self._series_fields}

    def _get_series_domain(self):
        """All versions of the same text."""
        self.ensure_one()
        return [
            (name, "=", self[name].id if self._fields[name].relational else self[name])
            for name in self._series_fields
        ]

    @api.model_create_multi
    def create(self, vals_list):
        drafts = [{**vals, "state": "draft"} for vals in vals_list]
        for vals in drafts:
            vals.pop("number", None)
        texts = super().create(drafts)
        for text in texts:
            others = self.sudo().search(text._get_series_domain()) - text
            text.number = max(others.mapped("number"), default=0) + 1
        for text, vals in zip(texts, vals_list, strict=True):
            if vals.get("state") == "published":
                text.action_publish()
        return texts

    def write(self, vals):
        if self._get_frozen_fields() & set(vals):
            self._check_draft()
        if "state" in vals:
            self._check_draft()
            if vals["state"] == "published":
                for text in self:
                    text._check_can_publish()
                self._on_publish()
                vals = {
                    **vals,
                    "published_by": self.env.uid,
                    "published_on": fields.Datetime.now(),
                }
        elif {"published_by", "published_on"} & set(vals) and not self.env.su:
            raise AccessError(self.env._("Use Publish to publish a text."))
        return super().write(vals)

    def _update_field_translations(
        self, field_name, translations, digest=None, source_lang=""
    ):
        # A translation is written past write(), and is accepted just the same.
        if field_name in self._get_frozen_fields():
            self._check_draft()
        return super()._update_field_translations(
            field_name, translations, digest=digest, source_lang=source_lang
        )

    def _check_draft(self):
        for text in self:
            if text.state == "published":
                raise UserError(
                    self.env._(
                        "%s is published and does not change any more, since partners "
                        "accept it. Make another version instead.",
                        text.display_name,
                    )
                )

    def _check_can_publish(self):
        self.ensure_one()
        if not self.env.su and not self.env.user.has_group(
            "partner_incentive_base.group_incentive_manager"
        ):
            raise AccessError(
                self.env._("Only an incentive manager can publish a text.")
            )
        if is_html_empty(self.body):
            raise UserError(self.env._("Write the text before publishing it."))
        later = self.search(
            [
                *self._get_series_domain(),
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
                    date=format_date(self.env, later.effective_date),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_published(self):
        self._check_draft()

    def _on_publish(self):
        """Somebody who may publishes these texts; extension point."""

    def action_publish(self):
        self.write({"state": "published"})
