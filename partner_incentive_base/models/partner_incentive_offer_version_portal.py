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
    """What pages for partners read with each request, kept in memory.

    The terms of a published version never change, and are never open again.
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

    def _read_portal_terms(self):
        return PublishedTerms(
            tuple(self.with_context(active_test=False).segment_ids.ids),
            self._get_scales() if self.bracket_ids else {},
            len(self.bracket_ids),
        )
