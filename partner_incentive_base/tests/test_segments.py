"""Who belongs to a segment: asked of one partner, and of all."""

from odoo.fields import Command, Domain
from odoo.tests import tagged

from .common import IncentiveCommon


@tagged("post_install", "-at_install")
class TestSegments(IncentiveCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Region = cls.env["partner.incentive.region"]
        cls.europe = Region.create({"name": "Europe of the test"})
        cls.alps = Region.create({"name": "Alps", "parent_id": cls.europe.id})
        cls.grades = cls.env["res.partner.grade"].create(
            [{"name": "Gold of the test"}, {"name": "Silver of the test"}]
        )
        cls.tags = cls.env["res.partner.category"].create(
            [{"name": "Loud"}, {"name": "Quiet"}]
        )
        cls.skills = cls.env["partner.incentive.specialization"].create(
            [{"name": "Wood"}, {"name": "Steel"}]
        )
        country = cls.env.ref("base.at")
        values = [
            {},
            {"grade_id": cls.grades[0].id, "country_id": country.id},
            {"incentive_region_id": cls.alps.id, "incentive_potential": "high"},
            {"incentive_region_id": cls.europe.id},
            {"category_id": [Command.set(cls.tags.ids)]},
            {"incentive_specialization_ids": [Command.set(cls.skills[:1].ids)]},
            {"active": False, "grade_id": cls.grades[0].id},
            {"is_company": False, "parent_id": cls.partner_1.id},
            {"is_company": False},
        ]
        cls.partners = cls.env["res.partner"].create(
            [
                {"name": f"Partner {number}", "is_company": True, **each}
                for number, each in enumerate(values)
            ]
        )
        first, second = cls.partners[:2]
        conditions = [
            {},
            {"grade_ids": [Command.set(cls.grades[:1].ids)]},
            {"grade_ids": [Command.set(cls.grades[1:].ids)]},
            {"region_ids": [Command.set(cls.europe.ids)]},
            {"region_ids": [Command.set(cls.alps.ids)], "potential": "high"},
            {"potential": "low"},
            {"country_ids": [Command.set(country.ids)]},
            {"category_ids": [Command.set(cls.tags[1:].ids)]},
            {"specialization_ids": [Command.set(cls.skills.ids)]},
            {"partner_domain": "[('name', 'ilike', 'partner 1')]"},
            {
                "partner_domain": "[('name', 'ilike', 'partner')]",
                "potential": "low",
                "include_partner_ids": [Command.set(first.ids)],
            },
            {"exclude_partner_ids": [Command.set(second.ids)]},
            {
                "include_partner_ids": [Command.set(cls.partners.ids)],
                "exclude_partner_ids": [Command.set(first.ids)],
                "potential": "low",
            },
            {"active": False, "grade_ids": [Command.set(cls.grades[:1].ids)]},
        ]
        cls.segments = cls.env["partner.incentive.segment"].create(
            [
                {"name": f"Segment {number}", **each}
                for number, each in enumerate(conditions)
            ]
        )

    def _assert_agrees(self):
        """One partner's answer is the same as that of the search for all."""
        Partner = self.env["res.partner"]
        found = {
            segment: Partner.search(
                segment._get_partner_domain() & Domain("id", "in", self.partners.ids)
            )
            for segment in self.segments
        }
        for partner in self.partners:
            own = self.segments._get_memberships(partner)
            for segment in self.segments:
                with self.subTest(segment=segment.name, partner=partner.name):
                    self.assertEqual(segment.id in own, partner in found[segment])
                    if segment.id in own:
                        self.assertEqual(own[segment.id], segment.active)

    def test_one_partner_and_all_agree(self):
        self._assert_agrees()

    def test_archived_conditions_do_not_count(self):
        for records in (self.grades[0], self.tags[1]):
            records.active = False
        self.env.invalidate_all()
        self._assert_agrees()

    def test_statements(self):
        """One for all segments, and one more for further conditions of any."""
        self.segments._get_memberships(self.partners[0])
        with self.assertQueryCount(2):
            self.segments._get_memberships(self.partners[1])

    def test_without_a_condition_it_shows_who_is_enrolled(self):
        self._enroll(*self.partners[:3])
        ended = self._enroll(self.partners[3])
        ended.action_end()
        self._enroll(self.partners[4]).state = "requested"
        first, second = self.partners[:2]
        enrolled = self.partners[:3] | self.partner_1 | self.partner_2
        for segment, members in (
            (self.segments[0], enrolled),
            (self.env.ref("partner_incentive_base.segment_all_enrolled"), enrolled),
            (self.segments[11], enrolled - second),
        ):
            segment = segment.with_context(allowed_company_ids=self.company.ids)
            for user in ("user", "auditor"):
                seen = segment.with_user(self.users[user])
                self.assertEqual(seen.partner_count, len(members))
                action = seen.action_view_partners()
                found = self.env[action["res_model"]].with_user(self.users[user])
                self.assertEqual(found.search(action["domain"]), members)
        always = self.segments[0].copy(
            {"include_partner_ids": [Command.set(self.partners[5].ids)]}
        )
        self.assertEqual(always.partner_count, len(enrolled) + 1)
        elsewhere = self.setup_other_company()["company"]
        self.env.user.company_ids |= elsewhere
        segment = self.segments[0].with_context(allowed_company_ids=elsewhere.ids)
        self.assertEqual(segment.partner_count, 0)

    def test_nobody(self):
        none = self.partners.browse()
        self.assertFalse(self.segments._filter_by_partner(none))
        self.assertFalse(self.segments.browse()._filter_by_partner(self.partners[0]))
