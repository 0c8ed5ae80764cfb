"""What is read of many records at once is what the ORM reads of them."""

from odoo.fields import Command
from odoo.tests import tagged

from ..tools.prefetch import prefetch_lines, prefetch_relations
from .common import IncentiveCommon


@tagged("post_install", "-at_install")
class TestPrefetch(IncentiveCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        tags = cls.env["res.partner.category"].create(
            [{"name": "B"}, {"name": "A"}, {"name": "Gone", "active": False}]
        )
        # As the superuser, whose rights need no statement of their own.
        cls.segments = (
            cls.env["partner.incentive.segment"]
            .sudo()
            .create(
                [
                    {
                        "name": "One",
                        "category_ids": [Command.set(tags.ids)],
                        "include_partner_ids": [Command.set(cls.partner_1.ids)],
                    },
                    {"name": "None"},
                ]
            )
        )
        cls.offers = (
            cls._create_offer(brackets=[(0, 1), (100, 2)])
            | cls._create_offer(partner_ids=[Command.set(cls.partner_2.ids)])
        ).sudo()

    def _read(self):
        relations = self.segments._get_condition_relations()
        both = self.segments.with_context(active_test=False), self.segments
        return (
            [[each[name] for name in relations] for own in both for each in own],
            [version.partner_ids for version in self.offers.version_ids],
            [version.bracket_ids for version in self.offers.version_ids],
            self.offers.version_ids.bracket_ids.mapped("rate"),
        )

    def test_values_are_those_of_the_orm(self):
        self.env.invalidate_all()
        expected = self._read()
        self.env.invalidate_all()
        versions = self.offers.version_ids
        with self.assertQueryCount(2):
            prefetch_relations(
                (self.segments, self.segments._get_condition_relations()),
                (versions, ["partner_ids"]),
            )
            prefetch_lines(versions, "bracket_ids")
        with self.assertQueryCount(0):
            self.assertEqual(
                [version.bracket_ids.mapped("rate") for version in versions],
                [[1.0, 2.0], [10.0]],
            )
            # once more, it has nothing to read
            prefetch_relations((versions, ["partner_ids"]))
            prefetch_lines(versions, "bracket_ids")
        self.assertEqual(self._read(), expected)

    def test_what_is_not_written_yet_stays(self):
        version = self.offers[0].version_ids
        segment = self.segments[1]
        segment.category_ids = self.segments[0].category_ids
        prefetch_relations((self.segments, ["category_ids"]))
        self.assertEqual(segment.category_ids, self.segments[0].category_ids)
        new = version.new({"partner_ids": [Command.set(self.partner_1.ids)]})
        prefetch_relations((version | new, ["partner_ids"]))
        prefetch_lines(new, "bracket_ids")
        self.assertEqual(new.partner_ids._origin, self.partner_1)
