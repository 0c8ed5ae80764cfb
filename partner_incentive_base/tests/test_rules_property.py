"""The rules that always hold, tried on random histories.

A history is a list of things that happen: invoices, returns, cancellations, new terms,
runs, settlements, credit notes that are undone. Each is played on the real books, and
kept in a :class:`Model` beside them: a plain list of documents over which the
entitlement is counted unit by unit, without any of the suite's code.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.partner_incentive_base.measures.measure import Measure

from .common import IncentiveCommon
from .engine_common import CENT, count_by_unit, formulas, round_half_up

START, END = date(2026, 1, 1), date(2026, 6, 30)
AFTER = date(2026, 7, 31)
MEASURE = "invoiced_for_tests"

few_examples = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    # Looking for a smaller example would play hundreds of histories.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
histories = settings(few_examples, max_examples=12)

days = st.integers(0, (END - START).days).map(lambda n: START + timedelta(days=n))
ladders = st.dictionaries(
    st.integers(0, 30), st.integers(1, 20), min_size=1, max_size=3
).map(lambda steps: sorted(steps.items()))


# ------------------------------------------------------------------------ the model


@dataclass
class Terms:
    """Terms of one version, in plain numbers."""

    effective: date
    steps: list
    formula: str = "whole"
    below_first: bool = False
    minimum: int = 0
    cap: int = 0


@dataclass
class Document:
    """A posted invoice (positive) or credit note (negative) of whole units."""

    partner: int
    day: date
    product: int
    quantity: int
    alive: bool = True
    returned: int = 0
    move: object = None


@dataclass
class Model:
    """What the books should come to.

    :param quarterly: windows are quarters, else the whole term
    :param earning: numbers of the products that earn; all of them qualify
    :param pooled: the partners' volume counts as one
    """

    versions: list
    quarterly: bool = False
    earning: tuple = (0, 1)
    pooled: bool = False
    documents: list = field(default_factory=list)

    def windows(self):
        if not self.quarterly:
            return [(START, END)]
        return [(START, date(2026, 3, 31)), (date(2026, 4, 1), END)]

    def entitlement(self, partner, until):
        """Cents included: every window is rounded once."""
        return sum(
            (
                self._of_window(partner, start, min(end, until))
                for start, end in self.windows()
                if start <= until
            ),
            Decimal(0),
        )

    def _of_window(self, partner, start, until):
        documents = [
            document
            for document in self.documents
            if document.alive
            and (self.pooled or document.partner == partner)
            and start <= document.day <= until
        ]
        qualifying = sum(document.quantity for document in documents)
        value = Fraction(0)
        for version, following in zip(
            self.versions, [*self.versions[1:], None], strict=True
        ):
            earning = sum(
                document.quantity
                for document in documents
                if document.product in self.earning
                and document.day >= version.effective
                and (following is None or document.day < following.effective)
            )
            if qualifying > 0:
                earned = count_by_unit(
                    version.steps,
                    version.formula,
                    "percent",
                    version.below_first,
                    qualifying,
                )
                value += earned * earning / qualifying
        terms = [v for v in self.versions if v.effective <= until][-1]
        if terms.cap:
            value = min(value, terms.cap * Fraction(1, 100))
        if value < terms.minimum * Fraction(1, 100):
            value = Fraction(0)
        return round_half_up(value, CENT)


terms_of = st.builds(
    Terms,
    effective=st.just(START),
    steps=ladders,
    formula=formulas,
    below_first=st.booleans(),
    minimum=st.sampled_from([0, 0, 30]),
    cap=st.sampled_from([0, 0, 150]),
)
models_of = st.builds(
    Model,
    versions=terms_of.map(lambda terms: [terms]),
    quarterly=st.booleans(),
    earning=st.sampled_from([(0, 1), (0,)]),
)

# What happens: numbers that name a document are taken modulo how many there are.
numbers = st.integers(0, 50)
quantities = st.integers(1, 25)
invoices = st.tuples(
    st.just("invoice"), st.integers(0, 1), days, st.integers(0, 1), quantities
)
documents = st.one_of(
    invoices,
    st.tuples(st.just("refund"), numbers, days, quantities),
    st.tuples(st.just("cancel"), numbers),
)
money = st.one_of(
    st.tuples(st.just("accrue"), days),
    st.tuples(st.just("settle"), days),
    st.tuples(st.just("reset"), numbers),
    st.tuples(st.just("reverse"), numbers),
)
revisions = st.tuples(st.just("revise"), days, ladders)
sales = st.lists(invoices, min_size=2, max_size=4)
# Without a lower limit most examples would be of next to nothing.
troubles = st.lists(
    st.one_of(documents, money, money, revisions), min_size=6, max_size=12
)


@tagged("post_install", "-at_install")
class TestRules(IncentiveCommon):
    """Rules 1 to 8 and 12 of the design."""

    currency_of_documents = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._register_measure()
        cls.partners = [cls.partner_1, cls.partner_2]
        cls.products = [
            cls.env["product.product"].create(
                {"name": f"Product {number}", "taxes_id": False}
            )
            for number in range(2)
        ]

    @classmethod
    def _register_measure(cls):
        """A measure over invoices, which the base has only the source of."""
        model = cls.registry["partner.incentive.measure"]
        original = model._get_measures

        def get_measures(self):
            measure = Measure(
                code=MEASURE,
                label="Invoiced",
                unit="amount",
                source=self._invoice_source,
                line_model="account.move.line",
                document_model="account.move",
                reach="document",
            )
            return {**original(self), MEASURE: measure}

        cls.startClassPatcher(patch.object(model, "_get_measures", get_measures))

    # ---------------------------------------------------------------- on the books

    @contextmanager
    def _example(self):
        """Take back what an example did."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def _publish(self, model, **values):
        """The offer of a model with one version."""
        [terms] = model.versions
        rules = []
        if model.earning != (0, 1):
            products = [self.products[number].id for number in model.earning]
            rules = [
                Command.create(
                    {"basis": "earning", "product_ids": [Command.set(products)]}
                )
            ]
        return self._create_offer(
            measure=MEASURE,
            date_to=END,
            period="quarter" if model.quarterly else "whole",
            brackets=terms.steps,
            formula=terms.formula,
            below_first="first" if terms.below_first else "none",
            minimum=terms.minimum / 100,
            cap=terms.cap / 100,
            product_rule_ids=rules,
            pooled=model.pooled,
            **values,
        )

    def _play(self, offer, model, history, check=True):
        """Let a history happen on the books and in the model."""
        for action, *values in history:
            getattr(self, f"_play_{action}")(offer, model, *values)
            if check:
                self.assertLedgerAgrees()

    def _play_invoice(self, _offer, model, partner, day, product, quantity):
        currency = self.currency_of_documents or self.company.currency_id
        move = self._invoice(
            self.partners[partner],
            day,
            0,
            lines=[(self.products[product], quantity, 1)],
            currency_id=currency.id,
        )
        model.documents.append(Document(partner, day, product, quantity, move=move))

    def _pick(self, model, number):
        """One of the invoices that are alive, or None."""
        candidates = [d for d in model.documents if d.alive and d.quantity > 0]
        return candidates[number % len(candidates)] if candidates else None

    def _play_refund(self, _offer, model, number, day, quantity):
        invoice = self._pick(model, number)
        quantity = min(quantity, invoice.quantity - invoice.returned) if invoice else 0
        if not quantity:
            return
        refund = invoice.move._reverse_moves([{"invoice_date": day, "date": day}])
        refund.invoice_line_ids.quantity = quantity
        refund.action_post()
        invoice.returned += quantity
        model.documents.append(
            Document(invoice.partner, day, invoice.product, -quantity, move=refund)
        )

    def _play_cancel(self, _offer, model, number):
        document = self._pick(model, number)
        if document:
            document.move.button_draft()
            document.move.button_cancel()
            document.alive = False

    def _play_revise(self, offer, model, day, steps):
        if day <= model.versions[-1].effective:
            return
        offer.sudo().action_revise()
        offer.version_id.bracket_ids.unlink()
        offer.write(
            {
                "effective_date": day,
                "bracket_ids": [
                    Command.create({"lower": lower, "rate": rate})
                    for lower, rate in steps
                ],
            }
        )
        offer.sudo().action_submit()
        offer.sudo().action_publish()
        last = model.versions[-1]
        model.versions.append(
            Terms(day, steps, last.formula, last.below_first, last.minimum, last.cap)
        )

    def _play_accrue(self, offer, _model, day):
        self._accrue(day, offer)

    def _play_settle(self, offer, _model, day):
        self._settle(day, offer)

    def _settlement_documents(self, offer):
        return (
            self.env["account.move.line"]
            .search([("incentive_offer_id", "=", offer.id)])
            .move_id.filtered(
                lambda move: move.move_type == "out_refund" and move.state == "posted"
            )
            .sorted("id")
        )

    def _play_reset(self, offer, _model, number):
        """An accountant resets a credit note of the suite, and cancels it."""
        moves = self._settlement_documents(offer)
        if moves:
            move = moves[number % len(moves)]
            move.button_draft()
            self.assertFalse(
                move.line_ids.filtered("incentive_role").matched_credit_ids,
                "A document in draft clears nothing",
            )
            move.button_cancel()

    def _play_reverse(self, offer, _model, number):
        """An accountant reverses a credit note of the suite."""
        moves = self._settlement_documents(offer)
        if moves:
            move = moves[number % len(moves)]
            reversal = move._reverse_moves([{"date": AFTER, "invoice_date": AFTER}])
            self.assertTrue(reversal.incentive_document, "A reversal keeps the mark")
            reversal.action_post()

    def _sums(self, offer):
        """``{partner number: (earned, settled)}`` of the ledger."""
        entries = self.env["partner.incentive.entry"].search(
            [("offer_id", "=", offer.id)]
        )
        return [
            tuple(
                Decimal(str(round(sum(own.mapped(name)), 2)))
                for name in ("earned", "settled")
            )
            for own in (
                entries.filtered(lambda entry, p=partner: entry.partner_id == p)
                for partner in self.partners
            )
        ]

    def _assert_books_nothing(self, offer, day):
        """Rule 3: what was run is run again, to no effect."""
        before = (self._sums(offer), self._count())
        self._accrue(day, offer)
        self.assertEqual((self._sums(offer), self._count()), before)

    def _count(self):
        return (
            self.env["partner.incentive.entry"].search_count([]),
            self.env["account.move"].search_count([]),
        )

    # ------------------------------------------------------------------- histories

    @histories
    @given(
        models_of,
        sales,
        troubles,
        st.randoms(use_true_random=False),
    )
    def test_path_is_irrelevant(self, model, history, further, random):
        """Rules 1, 3, 4, 6, 8, 12: any history ends where its documents say.

        Runs and settlements between them, documents of the suite that are undone, and
        the order in which all of it arrives change neither entitlement nor liability.
        """
        with self._example():
            offer = self._publish(model)
            self._play(offer, model, [*history, *further])
            self._accrue(AFTER, offer)
            self.assertLedgerAgrees()
            expected = [model.entitlement(number, AFTER) for number in range(2)]
            self.assertEqual([earned for earned, _paid in self._sums(offer)], expected)
            self._assert_books_nothing(offer, AFTER)

            paid_before = [paid for _earned, paid in self._sums(offer)]
            self._settle(AFTER, offer)
            self.assertLedgerAgrees()
            self.assertEqual(
                [paid for _earned, paid in self._sums(offer)],
                [
                    max(entitled, paid)
                    for entitled, paid in zip(expected, paid_before, strict=True)
                ],
            )
            self._assert_books_nothing(offer, AFTER)
        self._check_other_order(model, random, expected)

    def _check_other_order(self, model, random, expected):
        """The same documents in another order and one run at the end."""
        first, *later = model.versions
        again = Model([first], model.quarterly, model.earning)
        alive = [document for document in model.documents if document.alive]
        random.shuffle(alive)
        with self._example():
            offer = self._publish(again)
            for document in alive:
                self._book(document)
            for terms in later:
                self._play_revise(offer, again, terms.effective, terms.steps)
            self._accrue(AFTER, offer)
            self.assertLedgerAgrees()
            self.assertEqual([earned for earned, _paid in self._sums(offer)], expected)

    def _book(self, document):
        """Enter a document of the model on its own."""
        self._invoice(
            self.partners[document.partner],
            document.day,
            0,
            lines=[(self.products[document.product], abs(document.quantity), 1)],
            move_type="out_invoice" if document.quantity > 0 else "out_refund",
        )

    @few_examples
    @given(models_of, sales, numbers, quantities)
    def test_return_after_payout(self, model, history, number, quantity):
        """Rule 5: a return of X changes what was earned by f(V - X) - f(V)."""
        with self._example():
            offer = self._publish(model)
            self._play(offer, model, [*history, ("accrue", AFTER), ("settle", AFTER)])
            before = [model.entitlement(each, AFTER) for each in range(2)]
            paid = [each for _earned, each in self._sums(offer)]
            self.assertEqual(paid, before)

            refund = ("refund", number, END, quantity)
            self._play(offer, model, [refund, ("accrue", AFTER), ("settle", AFTER)])
            after = [model.entitlement(each, AFTER) for each in range(2)]
            for (earned, settled), old, new in zip(
                self._sums(offer), before, after, strict=True
            ):
                self.assertEqual(earned - old, new - old)
                # What was paid too much is carried, what is still due has been paid.
                self.assertEqual(settled, max(old, new))

    @few_examples
    @given(models_of, sales, st.lists(documents, min_size=1, max_size=6), days)
    def test_pool_is_the_sum_of_its_parts(self, model, history, further, day):
        """Rule 7: what the partners of a pool get sums to what the pool earned."""
        model.pooled = True
        with self._example():
            offer = self._publish(model)
            runs = [("accrue", day), ("accrue", AFTER)]
            self._play(offer, model, [*history, *further, *runs])
            total = sum(earned for earned, _paid in self._sums(offer))
            self.assertEqual(total, model.entitlement(None, AFTER))
            self._assert_books_nothing(offer, AFTER)

    @few_examples
    @given(
        models_of,
        st.lists(
            st.tuples(invoices, st.sampled_from([None, "1", "2", "12"])),
            min_size=3,
            max_size=6,
        ),
        days,
    )
    def test_analytic_parts_sum_to_the_whole(self, model, history, day):
        """Rule 7: cost by analytic distribution sums to the liability, cent by cent."""
        with self._example():
            offer = self._publish(model, analytic=True)
            accounts = self._make_analytic_accounts()
            for invoice, mark in history:
                self._play(offer, model, [invoice])
                if mark:
                    lines = model.documents[-1].move.invoice_line_ids
                    lines.analytic_distribution = {
                        str(accounts[int(each) - 1].id): 100 / len(mark)
                        for each in mark
                    }
            self._play(offer, model, [("accrue", day), ("accrue", AFTER)])
            expected = [model.entitlement(number, AFTER) for number in range(2)]
            self.assertEqual([earned for earned, _paid in self._sums(offer)], expected)
            self.assertEqual(
                Decimal(str(round(self._balance("cost", offer) or 0, 2))), sum(expected)
            )
            self._assert_books_nothing(offer, AFTER)

    def _make_analytic_accounts(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        return self.env["account.analytic.account"].create(
            [{"name": name, "plan_id": plan.id} for name in ("X", "Y")]
        )

    # ------------------------------------------------------------- another currency

    @few_examples
    @given(
        models_of,
        sales,
        troubles,
        st.lists(st.integers(50, 200), min_size=7, max_size=7),
    )
    def test_offer_in_another_currency(self, model, history, further, rates):
        """Rules 1, 3, 4: exchange rates move the books, never what was earned."""
        with self._example():
            currency = self._make_rates(rates)
            offer = self._publish(model, currency_id=currency.id)
            self.assertEqual(offer.currency_id, currency)
            with patch.object(self.__class__, "currency_of_documents", currency):
                self._play(offer, model, [*history, *further])
                self._play(offer, model, [("accrue", AFTER), ("settle", AFTER)])
            expected = [model.entitlement(number, AFTER) for number in range(2)]
            self.assertEqual([earned for earned, _paid in self._sums(offer)], expected)
            self._assert_books_nothing(offer, AFTER)

    def _make_rates(self, rates):
        """A currency whose rate changes every month."""
        currency = self.env["res.currency"].create({"name": "TST", "symbol": "T"})
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": currency.id,
                    "company_id": self.company.id,
                    "name": date(2026, month, 1),
                    "rate": rate / 100,
                }
                for month, rate in enumerate(rates, start=1)
            ]
        )
        return currency

    @histories
    @given(models_of, sales, troubles)
    def test_looking_at_changes_is_enough(self, model, history, further):
        """Rule 4: after whatever happened, a run of what changed leaves a full one
        nothing to book; of an invoice it looks at one partner."""
        Run = self.env["partner.incentive.run"]
        with self._example():
            offer = self._publish(model)
            last = START
            self._accrue(last, offer)
            self._take_for_seen()
            for action in [*history, *further]:
                if action[0] == "accrue":
                    last = max(last, action[1])
                else:
                    with self.env.cr.savepoint():
                        self._play(offer, model, [action], check=False)
                partners = Run._get_changed_partners(self.company, offer, last)
                if action[0] == "invoice":
                    self.assertEqual(partners, self.partners[action[1]])
                Run._accrue_changed(offer, last)
                self.assertFalse(Run._accrue(offer, last).entry_ids, action)
                self._take_for_seen()
            self.assertLedgerAgrees()

    # -------------------------------------------------------------- several offers

    @few_examples
    @given(
        sales,
        st.lists(documents, max_size=3),
        st.lists(
            st.tuples(
                st.integers(1, 40),
                st.sampled_from([(0, 1), (0,), (1,)]),
                st.booleans(),
                st.booleans(),
            ),
            min_size=3,
            max_size=4,
        ),
        days,
    )
    def test_earlier_offers_reduce_later_ones(self, history, further, offers, day):
        """Each offer earns on what those before it left of the same lines."""
        with self._example():
            published, models = self.env["partner.incentive.offer"], []
            for sequence, (rate, earning, reduces, reduced) in enumerate(offers):
                model = Model([Terms(START, [(0, rate)])], earning=earning)
                published |= self._publish(
                    model,
                    name=f"Offer {sequence}",
                    sequence=sequence,
                    reduces_later=reduces,
                    reduced_by_earlier=reduced,
                )
                models.append(model)
            self._play(published, models[0], [*history, *further, ("accrue", day)])
            self._accrue(AFTER, published)
            self.assertLedgerAgrees()
            for number in range(2):
                expected = self._count_in_sequence(models[0].documents, number, offers)
                got = [self._sums(offer)[number][0] for offer in published]
                self.assertEqual(got, expected)

    def _count_in_sequence(self, documents, partner, offers):
        """What each offer comes to, one after the other."""
        volumes = [
            sum(
                document.quantity
                for document in documents
                if document.alive
                and document.partner == partner
                and document.product == product
            )
            for product in range(2)
        ]
        results = []
        for number, (rate, earning, _reduces, reduced) in enumerate(offers):
            volume = sum(volumes[product] for product in earning)
            taken = Fraction(0)
            for (_rate, others, reduces, _reduced), earned in zip(
                offers[:number], results, strict=True
            ):
                whole = sum(volumes[product] for product in others)
                common = sum(volumes[product] for product in {*earning} & {*others})
                if reduced and reduces and whole:
                    taken += Fraction(earned) * common / whole
            if volume > 0:
                volume -= min(max(taken, 0), volume)
            qualifies = sum(volumes) > 0
            results.append(
                round_half_up(
                    max(volume * Fraction(rate, 100) if qualifies else 0, 0), CENT
                )
            )
        return results

    # ------------------------------------------------------------------------ dates

    @few_examples
    @given(models_of, sales, days, days, days)
    def test_locked_period(self, model, history, run, settle, lock):
        """Rule 8: into a locked period nothing is posted, but on the day after it.

        Volume stays where its documents are dated.
        """
        with self._example():
            offer = self._publish(model)
            self._play(offer, model, history)
            self.company.fiscalyear_lock_date = lock
            open_day = lock + timedelta(days=1)
            for action, day in (("accrue", run), ("settle", settle)):
                known = self.env["account.move"].search([])
                self._play(offer, model, [(action, day)])
                moves = self.env["account.move"].search([]) - known
                self.assertLessEqual(set(moves.mapped("date")), {max(day, open_day)})
                self.assertLessEqual(set(moves.mapped("state")), {"posted"})
            entries = self.env["partner.incentive.entry"].search(
                [("offer_id", "=", offer.id)]
            )
            for entry in entries:
                self.assertEqual(entry.date, entry.move_id.date)
            self._accrue(AFTER, offer)
            self.assertEqual(
                [earned for earned, _paid in self._sums(offer)],
                [model.entitlement(number, AFTER) for number in range(2)],
            )

    @few_examples
    @given(sales, days, ladders, ladders)
    def test_version_governs_its_own_documents(self, history, day, old, new):
        """Rule 8: earlier volume counts for the bracket, and earns by earlier terms."""
        model = Model([Terms(START, old)])
        with self._example():
            offer = self._publish(model)
            revise = ("revise", day, new)
            self._play(offer, model, [*history, ("accrue", day), revise])
            self._accrue(AFTER, offer)
            self.assertEqual(
                [earned for earned, _paid in self._sums(offer)],
                [model.entitlement(number, AFTER) for number in range(2)],
            )

    # ----------------------------------------------------------------- roll-forward

    @few_examples
    @given(
        models_of,
        sales,
        troubles,
        st.sampled_from(["month", "quarter", "half", "whole"]),
    )
    def test_rollforward_closes(self, model, history, further, period):
        """Opening and movements make the closing, which is the next opening, and both
        are what the general ledger says, whatever happened."""
        with self._example():
            offer = self._publish(model)
            self._play(offer, model, [*history, *further, ("accrue", AFTER)], False)
            rows = self.env["partner.incentive.rollforward"].with_context(
                incentive_from=START, incentive_to=AFTER, incentive_period=period
            )
            moved = set(rows._get_figures()) - {
                "opening",
                "closing",
                "journal_balance",
                "difference",
            }
            before = {}
            for row in rows.search([("offer_id", "=", offer.id)]):
                position = (row.partner_id, row.role)
                self.assertAlmostEqual(row.opening, before.get(position, 0), 2)
                self.assertAlmostEqual(
                    row.opening + sum(row[name] for name in moved), row.closing, 2
                )
                self.assertAlmostEqual(row.closing, row.journal_balance, 2)
                self.assertFalse(row.company_currency_id.round(row.difference))
                before[position] = row.closing
            for role in ("accrued", "holdback"):
                self.assertAlmostEqual(
                    sum(v for (_partner, r), v in before.items() if r == role),
                    -self._balance(role, offer),
                    2,
                )

    # ------------------------------------------------------------------ append only

    @few_examples
    @given(
        models_of, sales, st.lists(st.one_of(documents, money), min_size=3, max_size=6)
    )
    def test_entries_are_only_ever_added(self, model, history, further):
        """Rule 2: whatever happens, what stands in the ledger stays as it is."""
        fields = ("amount", "balance", "earned", "settled", "date", "kind", "offer_id")
        with self._example():
            offer = self._publish(model)
            self._play(offer, model, [*history, ("accrue", END)])
            Entry = self.env["partner.incentive.entry"].sudo()
            entries = Entry.search([("offer_id", "=", offer.id)])
            before = entries.read(fields)
            self._play(offer, model, [*further, ("accrue", AFTER)])
            self.assertEqual(entries.read(fields), before)
            for entry in Entry.search([("offer_id", "=", offer.id)]):
                with self.assertRaises(UserError):
                    entry.write({"amount": 1.0})
                with self.assertRaises(UserError):
                    entry.with_context(incentive_posting=True).reason = "Better so"
                with self.assertRaises(UserError):
                    entry.unlink()
                for reversed_entry in entry.reversal_of_id:
                    self.assertEqual(reversed_entry.amount, -entry.amount)
                    self.assertTrue(entry.reason)
            with self.assertRaises(UserError):
                Entry.create({"offer_id": offer.id})

    @few_examples
    @given(models_of, sales, numbers)
    def test_own_documents_are_no_volume(self, model, history, number):
        """Rule 12: paying, undoing and reversing leave the entitlement alone."""
        with self._example():
            offer = self._publish(model)
            self._play(offer, model, [*history, ("accrue", AFTER)])
            for each in (
                ("settle", AFTER),
                ("reverse", number),
                ("settle", AFTER),
                ("reset", number),
                ("settle", AFTER),
            ):
                self._play(offer, model, [each])
                self.assertEqual(
                    [
                        Decimal(str(round(self._entitled(offer, partner, AFTER), 2)))
                        for partner in self.partners
                    ],
                    [model.entitlement(each, AFTER) for each in range(2)],
                )
            self._assert_books_nothing(offer, AFTER)
