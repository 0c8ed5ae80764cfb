"""What waits for a partner, what is next, and how it went: parts of the overview."""

from collections import defaultdict
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo.http import request
from odoo.tools import SQL, babel_locale_parse, format_date
from odoo.tools.misc import get_lang

#: How many tasks of one kind are listed; the rest is on the page of that kind.
TASK_LIMIT = 5
#: Months of the chart.
MONTHS = 12
#: Size of the chart in its own units; a phone shows it about one to one.
WIDTH, HEIGHT, TOP, BOTTOM = 360, 150, 14, 22


class PortalHome:
    """Gathers the cards and tasks of the overview; part of the portal's controller.

    Other modules add theirs in :meth:`_get_home_cards` and
    :meth:`_get_home_task_kinds`.
    """

    # ------------------------------------------------------------------ extension

    def _get_home_task_kinds(self):
        """What can wait for the partner; extension point.

        :return: list of dicts ``model, domain, order, areas, prepare``: ``areas`` names
            which areas a user's role must open one of; ``prepare`` makes of a record
            the dict ``title, text, url, due``, where ``due`` is a date or None
        """
        return []

    def _get_home_counts(self):
        """Records to be counted by a selection field, for cards; extension point.

        All of them are counted by one query, with the tasks.

        :return: ``{name: (model, domain, field)}``; see :meth:`_get_home_count`
        """
        return {}

    def _get_home_cards(self):
        """Figures in short, each with a link to its page; extension point.

        :return: list of dicts ``title, figure, text, url, areas, sequence``; ``figure``
            is a short text, ``text`` says what it means
        """
        return []

    # -------------------------------------------------------------------- reading

    def _prepare_tasks(self):
        """Tasks that the user's role includes, the most urgent first."""
        areas = self._get_areas()
        tasks = [*self._get_acceptance_tasks(), *self._get_record_tasks(areas)]
        for task in tasks:
            due = task["due"]
            task["due_date"] = format_date(request.env, due) if due else ""
            task["late"] = bool(due and due < self._get_today())
        return sorted(tasks, key=lambda task: task["due"] or date.max)

    def _get_record_tasks(self, areas):
        """Tasks of the kinds that the user's role includes."""
        tasks = []
        for kind, record_ids in self._read_home()["tasks"]:
            if areas.isdisjoint(kind["areas"]):
                continue
            records_sudo = request.env[kind["model"]].sudo().browse(record_ids)
            tasks += [kind["prepare"](record_sudo) for record_sudo in records_sudo]
        return tasks

    def _get_home_count(self, name):
        """``{value of the field: number}`` of what :meth:`_get_home_counts` names."""
        return self._read_home()["counts"].get(name, {})

    def _read_home(self):
        """Which records wait, and how many there are of others: one query for all.

        :return: ``{"tasks": [(kind, ids)], "counts": {name: {value: number}}}``
        """
        return self._get_once("home", self._query_home)

    def _query_home(self):
        kinds, counts = self._get_home_task_kinds(), self._get_home_counts()
        parts = []
        for number, kind in enumerate(kinds):
            query = (
                request.env[kind["model"]]
                .sudo()
                ._search(kind["domain"], order=kind["order"], limit=TASK_LIMIT)
            )
            parts.append(
                SQL(
                    "(SELECT %s AS place, waiting.id AS number, NULL AS value "
                    "FROM (%s) AS waiting)",
                    number,
                    query.select(),
                )
            )
        for number, (model, domain, name) in enumerate(counts.values(), len(kinds)):
            Model_sudo = request.env[model].sudo()
            query = Model_sudo._search(domain)
            parts.append(
                SQL(
                    "(SELECT %s, COUNT(*), counted.value FROM (%s) AS counted "
                    "GROUP BY counted.value)",
                    number,
                    query.select(
                        SQL(
                            "%s AS value",
                            Model_sudo._field_to_sql(query.table, name, query),
                        )
                    ),
                )
            )
        rows = defaultdict(list)
        if parts:
            for place, *row in request.env.execute_query(
                SQL(" UNION ALL ").join(parts)
            ):
                rows[place].append(row)
        return {
            "tasks": [
                (kind, [record_id for record_id, _value in rows[number]])
                for number, kind in enumerate(kinds)
            ],
            "counts": {
                name: {value: count for count, value in rows[number]}
                for number, name in enumerate(counts, len(kinds))
            },
        }

    def _prepare_cards(self):
        areas = self._get_areas()
        cards = [
            card
            for card in self._get_home_cards()
            if not areas.isdisjoint(card["areas"])
        ]
        return sorted(cards, key=lambda card: card["sequence"])

    # ---------------------------------------------------------------------- tasks

    def _get_acceptance_tasks(self):
        """Agreements and policies that the partner has still to accept."""
        env = request.env
        enrollments_sudo = self._get_enrollments()
        if "agreements" not in self._get_areas():
            return []
        agreements = self._get_agreements()
        tasks = [
            {
                "title": env._("Accept the agreement"),
                "text": enrollment_sudo.program_id.name,
                "url": f"/my/incentives/enrollments/{enrollment_sudo.id}",
                "due": None,
            }
            for enrollment_sudo in enrollments_sudo
            if self._get_agreement_to_accept(
                enrollment_sudo, agreements.get(enrollment_sudo.program_id)
            )
        ]
        if "active" in enrollments_sudo.mapped("state"):
            tasks += [
                {
                    "title": env._("Read and accept a policy"),
                    "text": policy_sudo.display_name,
                    "url": f"/my/incentives/policies/{policy_sudo.id}",
                    "due": None,
                }
                for policy_sudo in self._get_policies_to_accept()
            ]
        return tasks

    # ----------------------------------------------------------------- next payout

    def _get_next_payout(self, totals, visible):
        """When the next payout is due, and what it comes to by now.

        :param totals: see :meth:`_get_totals`
        :param visible: see :meth:`_get_visible_offers`
        :return: ``{"date", "amounts"}`` or None where nothing is paid by a calendar
        """
        today = self._get_today()
        sooner = self._get_incentive_partner().grade_id.sudo().incentive_payout_days
        days = [
            day
            for offer_sudo, version, _own in visible
            if version.payout != "none"
            and (day := offer_sudo._get_next_settlement_day(today, sooner))
        ]
        if not days:
            return None
        return {
            "date": format_date(request.env, min(days)),
            "amounts": [
                total["currency"].format(total["owed"] - total["held"])
                for total in totals
                if total["currency"].compare_amounts(total["owed"], total["held"]) > 0
            ],
        }

    # ----------------------------------------------------------------------- chart

    def _get_history(self, domain):
        """``(totals, {currency: {month: (earned, paid)}})`` of ledger entries.

        :return: the totals as of :meth:`_get_totals`; both from one pass
        """
        rows = (
            request.env["partner.incentive.entry"]
            .sudo()
            ._read_group(
                domain,
                ["currency_id", "date:month"],
                ["earned:sum", "settled:sum", "held:sum", "amount:sum"],
            )
        )
        names = ("earned", "paid", "held", "owed")
        totals, months = {}, {}
        for currency, month, *sums in rows:
            total = totals.setdefault(currency, dict.fromkeys(names, 0.0))
            for name, value in zip(names, sums, strict=True):
                total[name] += value
            months.setdefault(currency, {})[month] = tuple(sums[:2])
        return [
            {"currency": currency}
            | {name: currency.round(value) for name, value in total.items()}
            for currency, total in totals.items()
        ], months

    def _prepare_charts(self, history):
        """A chart per currency: earned and paid in each of the last months.

        :param history: see :meth:`_get_history`
        :return: list of dicts ``currency, months, bars, width, height, base``; a month
            is ``{"label", "earned", "paid"}`` in words, a bar has its geometry
        """
        first = self._get_today().replace(day=1) - relativedelta(months=MONTHS - 1)
        months = [first + relativedelta(months=number) for number in range(MONTHS)]
        return [
            self._prepare_chart(currency, months, figures)
            for currency, figures in history.items()
            if not figures.keys().isdisjoint(months)
        ]

    def _prepare_chart(self, currency, months, figures):
        locale = babel_locale_parse(get_lang(request.env).code)
        names = locale.months["stand-alone"]["abbreviated"]
        shown = (figures.get(month, (0.0, 0.0)) for month in months)
        highest = max(value for pair in shown for value in pair)
        highest = max(highest, 0.0) or 1.0
        space = WIDTH / len(months)
        room = HEIGHT - TOP - BOTTOM
        bars, labels, table = [], [], []
        for number, month in enumerate(months):
            pair = figures.get(month, (0.0, 0.0))
            for place, (kind, value) in enumerate(
                zip(("earned", "paid"), pair, strict=True)
            ):
                height = max(value, 0.0) / highest * room
                bars.append(
                    {
                        "kind": kind,
                        "x": round(number * space + space * (0.14 + 0.37 * place), 1),
                        "y": round(TOP + room - height, 1),
                        "width": round(space * 0.33, 1),
                        "height": round(height, 1),
                    }
                )
            labels.append((round(number * space + space / 2, 1), names[month.month]))
            table.append(
                {
                    "label": f"{names[month.month]} {month.year}",
                    "earned": currency.format(pair[0]),
                    "paid": currency.format(pair[1]),
                }
            )
        return {
            "currency": currency,
            "highest": currency.format(highest),
            "bars": bars,
            "labels": labels,
            "months": table,
            "width": WIDTH,
            "height": HEIGHT,
            "base": TOP + room,
        }

    def _get_soon(self, days):
        """The day until which something is due soon."""
        return self._get_today() + timedelta(days=days)
