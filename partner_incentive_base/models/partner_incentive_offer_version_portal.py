from typing import NamedTuple

from odoo import models
from odoo.tools import ormcache


class PublishedTerms(NamedTuple):
    """Terms of a version that every page with offers needs, in plain values.

    :param segment_ids: segments whose partners the version is for, archived ones, too
    :param scales: ``{segment id or 0: Scale}``, empty without brackets
    :param bracket_count: brackets of all scales
    """

    segment_ids: tuple
    scales: dict
    bracket_count: int


class PartnerIncentiveOfferVersion(models.Model):
    """What pages and calculations read with each request, kept in memory.

    The terms of a published version never change, and are never open again. What can
    change beside them is not kept: who belongs to a segment, which partners are named
    (they may be merged), what products are of a category.
    """

    _inherit = "partner.incentive.offer.version"

    def _get_portal_terms(self):
        """:class:`PublishedTerms` of this version."""
        self.ensure_one()
        if self.state == "published":
            return self._read_published_portal_terms()
        return self._read_portal_terms()

    @ormcache("self.id")
    def _read_published_portal_terms(self):
        return self._read_portal_terms()

    def _get_scales(self):
        """``{segment id or 0: Scale}``; 0 is the scale of every other partner.

        :raise ValidationError: brackets that overlap, or an empty scale
        """
        self.ensure_one()
        if self.state == "published":
            return self._read_published_scales()
        return self._read_scales()

    @ormcache("self.id")
    def _read_published_scales(self):
        return self._read_scales()

    def _get_rule_domains(self):
        """What counts: ``{basis: (domain over products, over invoice lines)}``.

        Bases are ``earning``, ``qualifying`` and ``reference``; see
        :meth:`_get_product_domain` and :meth:`_get_line_domain`.
        """
        self.ensure_one()
        if self.state == "published":
            return self._read_published_rule_domains()
        return self._read_rule_domains()

    @ormcache("self.id")
    def _read_published_rule_domains(self):
        return self._read_rule_domains()

    def _get_segments(self):
        """Segments that these versions are for, archived ones left out."""
        segments = self.env["partner.incentive.segment"].browse(
            {
                segment_id
                for version in self
                for segment_id in version._get_portal_terms().segment_ids
            }
        )
        return segments.filtered("active")

    def _get_ladder_segments(self):
        """Segments that have brackets of their own in these versions."""
        return self.env["partner.incentive.segment"].browse(
            {
                segment_id
                for version in self
                for segment_id in version._get_portal_terms().scales
                if segment_id
            }
        )

    def _read_portal_terms(self):
        return PublishedTerms(
            tuple(self.with_context(active_test=False).segment_ids.ids),
            self._get_scales() if self.bracket_ids else {},
            len(self.bracket_ids),
        )
