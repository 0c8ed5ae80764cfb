from dataclasses import dataclass, field

from odoo import api, fields, models
from odoo.tools import SQL

from ..matching import evidence, normalise
from ..matching.similarity import Weights

#: Keys that more records share than this tell nothing: a switchboard, a mail provider.
MAX_SHARED = 20
#: Names that one search reads from the index, and that it compares in full.
READ_BUDGET = 3_000
#: Pairs of halves that are looked up, where no half of a word is rare.
MAX_PAIRS = 8
COMPARED = 50
#: So many new names, and as many as there were, make the count of words useless.
OUTGROWN = 50_000
#: Models whose records can be the same customer, the source of an identity each.
SOURCES = ("res.partner", "crm.lead", "partner.deal.registration")


@dataclass(frozen=True)
class Match:
    """A record that is, or looks like, the customer in question."""

    identity_id: int
    res_model: str
    res_id: int
    name: str
    company_id: int | None
    verdict: evidence.Verdict = field(repr=False)


class PartnerDealIdentity(models.Model):
    """What tells a customer from others, normalised once: a row per record.

    One table for customers, opportunities and registrations, so that one indexed
    query searches all of them. ``name_key`` carries the trigram index; the other keys
    are looked up as they are. Kept by ``partner.deal.identity.mixin``.
    """

    _name = "partner.deal.identity"
    _description = "Customer Identity"
    _log_access = False
    _rec_name = "name"

    res_model = fields.Selection(
        [(name, name) for name in SOURCES], string="Model", required=True
    )
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    company_id = fields.Integer(help="Company of the record, 0 for all of them.")
    name = fields.Char()
    vat = fields.Char()
    phone = fields.Char()
    website = fields.Char()
    email = fields.Char()
    street = fields.Char()
    postcode = fields.Char()
    city = fields.Char()
    name_key = fields.Char(index="trigram")
    vat_key = fields.Char(index="btree_not_null")
    phone_key = fields.Char(index="btree_not_null")
    domain_key = fields.Char(index="btree_not_null")
    address_key = fields.Char(index="btree_not_null")

    _record_unique = models.UniqueIndex("(res_model, res_id)")

    # ----------------------------------------------------------------- keep in step

    @api.model
    def _prepare_keys(self, party):
        """Normalised keys of a :class:`~..matching.evidence.Party`."""
        domain = normalise.domain_key(party.website)
        return {
            "name_key": normalise.name_key(party.name) or None,
            "vat_key": normalise.vat_key(party.vat) or None,
            "phone_key": normalise.phone_key(party.phone) or None,
            "domain_key": domain or normalise.domain_key(party.email) or None,
            "address_key": normalise.address_key(party.street, party.postcode) or None,
        }

    @api.model
    def _store(self, res_model, parties):
        """Write the identities of records of one model.

        :param parties: ``{record id: (company id or 0, Party or None)}``; without a
            party the record is not a customer, and its identity goes
        """
        gone = [res_id for res_id, (_company, party) in parties.items() if not party]
        if gone:
            self._forget(res_model, gone)
        columns = (
            "res_model",
            "res_id",
            "company_id",
            *evidence.Party.__dataclass_fields__,
            "name_key",
            "vat_key",
            "phone_key",
            "domain_key",
            "address_key",
        )
        rows = [
            (
                res_model,
                res_id,
                company_id,
                *(getattr(party, name) for name in party.__dataclass_fields__),
                *self._prepare_keys(party).values(),
            )
            for res_id, (company_id, party) in parties.items()
            if party
        ]
        if not rows:
            return
        names = SQL(", ").join(map(SQL.identifier, columns))
        updates = SQL(", ").join(
            SQL("%(name)s = EXCLUDED.%(name)s", name=SQL.identifier(name))
            for name in columns[2:]
        )
        for start in range(0, len(rows), 2000):
            values = SQL(", ").join(
                SQL("%s", tuple(row)) for row in rows[start : start + 2000]
            )
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO partner_deal_identity (%(names)s) VALUES %(values)s
                    ON CONFLICT (res_model, res_id) DO UPDATE SET %(updates)s
                    """,
                    names=names,
                    values=values,
                    updates=updates,
                )
            )
        self.invalidate_model()

    @api.model
    def _forget(self, res_model, res_ids):
        self.env.cr.execute(
            SQL(
                "DELETE FROM partner_deal_identity WHERE res_model = %s "
                "AND res_id = ANY(%s)",
                res_model,
                list(res_ids),
            )
        )
        self.invalidate_model()

    @api.model
    def _rebuild(self, batch=5000):
        """Add what has no identity yet, drop what is gone, count the words anew.

        For records that came past the ORM, and for the day the module is installed.
        """
        for res_model in SOURCES:
            Model = self.env[res_model].sudo().with_context(active_test=False)
            table = SQL.identifier(Model._table)
            self.env.cr.execute(
                SQL(
                    """
                    DELETE FROM partner_deal_identity AS identity
                     WHERE res_model = %s AND res_id > 0
                       AND NOT EXISTS (SELECT FROM %s AS source
                                        WHERE source.id = identity.res_id)
                    """,
                    res_model,
                    table,
                )
            )
            missing = [
                row[0]
                for row in self.env.execute_query(
                    SQL(
                        """
                        SELECT source.id FROM %s AS source
                     LEFT JOIN partner_deal_identity AS identity
                            ON identity.res_model = %s AND identity.res_id = source.id
                         WHERE identity.id IS NULL AND %s
                        """,
                        table,
                        res_model,
                        Model._get_identity_condition(),
                    )
                )
            ]
            for start in range(0, len(missing), batch):
                Model.browse(missing[start : start + batch])._store_identity()
                self.env.invalidate_all()
        self._refresh_statistics()

    @api.model
    def _refresh_statistics(self):
        """Count in how many names each word, and each three letters, occur."""
        self._clean_index()
        cr = self.env.cr
        cr.execute("DELETE FROM partner_deal_word")
        cr.execute(
            """
            INSERT INTO partner_deal_word (kind, text, amount)
            SELECT 'word', word, COUNT(*)
              FROM partner_deal_identity,
                   unnest(string_to_array(name_key, ' ')) AS word
             WHERE word != '' GROUP BY word
             UNION ALL
            SELECT 'total', '', COUNT(*) FROM partner_deal_identity
             UNION ALL
            SELECT 'last', '', COALESCE(MAX(id), 0) FROM partner_deal_identity
            """
        )
        cr.execute(
            """
            INSERT INTO partner_deal_word (kind, text, amount)
            SELECT 'letters', substr(text, place, size), SUM(amount)
              FROM partner_deal_word, generate_series(3, 4) AS size,
                   generate_series(1, length(text) - size + 1) AS place
             WHERE kind = 'word' GROUP BY 2
            """
        )
        cr.execute("ANALYZE partner_deal_identity")

    @api.model
    def _refresh_outgrown_statistics(self):
        """Count anew after a bulk import, before the daily job comes to it."""
        [(last, counted, total)] = self.env.execute_query(
            SQL(
                """
                SELECT (SELECT MAX(id) FROM partner_deal_identity),
                       SUM(amount) FILTER (WHERE kind = 'last'),
                       SUM(amount) FILTER (WHERE kind = 'total')
                  FROM partner_deal_word WHERE kind IN ('last', 'total')
                """
            )
        )
        if (last or 0) - (counted or 0) > max(OUTGROWN, total or 0):
            self._refresh_statistics()

    @api.model
    def _clean_index(self):
        """Sort new names into the trigram index; unsorted ones are read each time."""
        self.env.cr.execute(
            """
            SELECT gin_clean_pending_list(indexrelid)
              FROM pg_index
              JOIN pg_class ON pg_class.oid = indexrelid
              JOIN pg_am ON pg_am.oid = relam
             WHERE indrelid = 'partner_deal_identity'::regclass AND amname = 'gin'
            """
        )

    def init(self):
        # A count of words is no record: nobody reads it but the search.
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS partner_deal_word (
                kind varchar NOT NULL, text varchar NOT NULL, amount bigint NOT NULL,
                PRIMARY KEY (kind, text)
            )
            """
        )

    # ----------------------------------------------------------------------- search

    @api.model
    def _find_matches(self, party, limit=20, sources=SOURCES, exclude=()):
        """Records that may be the same customer, the most likely first.

        :param party: :class:`~..matching.evidence.Party`
        :param exclude: pairs ``(model, id)`` that are left out
        :return: list of :class:`Match`, verdict ``other`` left out
        """
        self.flush_model()
        self._refresh_outgrown_statistics()
        rows = self._read_candidates(party, sources)
        weights = self._read_weights([party.name, *(row["name"] for row in rows)])
        matches = []
        for row in rows:
            if (row["res_model"], row["res_id"]) in exclude:
                continue
            other = evidence.Party(
                **{name: row[name] or "" for name in party.__dataclass_fields__}
            )
            verdict = evidence.compare(party, other, weights)
            if verdict.kind != "other":
                matches.append(
                    Match(
                        row["id"],
                        row["res_model"],
                        row["res_id"],
                        row["name"],
                        row["company_id"] or None,
                        verdict,
                    )
                )
        matches.sort(key=lambda match: -match.verdict.score)
        return matches[:limit]

    def _read_candidates(self, party, sources):
        """Rows that share a rare key or rare letters of the name, as dicts."""
        keys = self._prepare_keys(party)
        name_key = keys.pop("name_key")
        parts = [
            SQL("(%s)", self._get_key_query(column, value))
            for column, value in keys.items()
            if value
        ]
        # One of the two records may lack the postcode.
        if keys["address_key"] and normalise.fold(party.postcode):
            bare = normalise.address_key(party.street)
            parts.append(SQL("(%s)", self._get_key_query("address_key", bare)))
        elif keys["address_key"]:
            parts.append(
                SQL("(%s)", self._get_prefix_query("address_key", keys["address_key"]))
            )
        if name_key:
            parts.append(SQL("(%s)", self._get_name_query(name_key)))
        if not parts:
            return []
        columns = ("id", "res_model", "res_id", "company_id") + tuple(
            evidence.Party.__dataclass_fields__
        )
        self.env.cr.execute(
            SQL(
                """
                SELECT %(columns)s FROM partner_deal_identity
                 WHERE id IN (%(ids)s) AND res_model = ANY(%(sources)s)
                """,
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                ids=SQL(" UNION ").join(parts),
                sources=list(sources),
            )
        )
        return self.env.cr.dictfetchall()

    def _get_key_query(self, column, value):
        """Ids that have a key, or none where too many records share it."""
        return SQL(
            """
            SELECT unnest(CASE WHEN COUNT(*) <= %(limit)s THEN array_agg(id) END)
              FROM (SELECT id FROM partner_deal_identity
                     WHERE %(column)s = %(value)s LIMIT %(limit)s + 1) AS shared
            """,
            column=SQL.identifier(column),
            value=value,
            limit=MAX_SHARED,
        )

    def _get_prefix_query(self, column, value):
        """Ids whose key begins with a value and a space, unless there are too many."""
        return SQL(
            """
            SELECT unnest(CASE WHEN COUNT(*) <= %(limit)s THEN array_agg(id) END)
              FROM (SELECT id FROM partner_deal_identity
                     WHERE %(column)s > %(value)s || ' '
                       AND %(column)s < %(value)s || '!'
                     LIMIT %(limit)s + 1) AS shared
            """,
            column=SQL.identifier(column),
            value=value,
            limit=MAX_SHARED,
        )

    def _get_name_query(self, name_key):
        """Ids of the most alike names.

        Common letters make a trigram search slow: nearly all names have them. Only
        rare halves of words are looked up, and pairs of halves, as many as lead to
        at most :data:`READ_BUDGET` names. A misspelt half is rare, too, but leads to
        few names, so it costs nothing and the intact ones still follow.
        """
        if not self.env.registry.has_trigram:
            return SQL(
                "SELECT id FROM partner_deal_identity WHERE name_key = %s", name_key
            )
        column = SQL("name_key")
        if self.env.registry.has_unaccent:
            column = SQL(self.env.registry.unaccent("name_key"))
        return SQL(
            """
            SELECT id FROM partner_deal_identity
             WHERE %(condition)s
             ORDER BY similarity(%(column)s, %(key)s) DESC LIMIT %(limit)s
            """,
            condition=self._get_name_condition(name_key, column),
            column=column,
            key=name_key,
            limit=COMPARED,
        )

    def _get_name_condition(self, name_key, column):
        """Rows that have a rare half of a word, or two halves of different words."""
        words = name_key.split()
        halves = {half: word for word in words for half in self._get_halves(word)}
        if not halves:
            return SQL("%s LIKE %s", column, name_key)
        counts = self._read_half_counts(halves)
        total = max(self._read_counts("total", [""]).get("", 0), 1)
        rare = [half for half in halves if counts[half] <= READ_BUDGET / 2]
        groups = [(counts[half], (half,)) for half in rare]
        # What is too common alone is selective together with another word.
        common = [half for half in halves if half not in rare]
        pairs = [
            (counts[one] * counts[other] / total, (one, other))
            for one in common
            for other in common
            if one < other and halves[one] != halves[other]
        ]
        conditions, read = [], 0
        for amount, group in sorted(groups) + sorted(pairs)[:MAX_PAIRS]:
            read += amount
            if conditions and read > READ_BUDGET:
                break
            # Not LIKE ALL: that one is not looked up in an index.
            likes = [SQL("%s LIKE %s", column, f"%{half}%") for half in group]
            conditions.append(SQL("(%s)", SQL(" AND ").join(likes)))
        conditions.append(SQL("%s LIKE %s", column, name_key))
        return SQL("(%s)", SQL(" OR ").join(conditions))

    def _get_halves(self, word):
        """Both halves of a word: a slip of the finger leaves one of them intact."""
        if len(word) < 6:
            return [word] if len(word) >= 3 else []
        middle = len(word) // 2
        return [word[: max(middle, 4)], word[min(middle, len(word) - 4) :]]

    def _read_half_counts(self, halves):
        """``{half: at most so many names have it}``, by its rarest part."""
        parts = {
            half: [
                half[place : place + length]
                for length in (3, 4)
                for place in range(len(half) - length + 1)
            ]
            for half in halves
        }
        counts = self._read_counts(
            "letters", {part for texts in parts.values() for part in texts}
        )
        return {
            half: min(counts.get(part, 0) for part in texts)
            for half, texts in parts.items()
        }

    def _read_counts(self, kind, texts):
        return dict(
            self.env.execute_query(
                SQL(
                    "SELECT text, amount FROM partner_deal_word "
                    "WHERE kind = %s AND text = ANY(%s)",
                    kind,
                    list(texts),
                )
            )
        )

    def _read_weights(self, names):
        """:class:`~..matching.similarity.Weights` of the words in ``names``."""
        total = self._read_counts("total", [""]).get("", 0)
        if total <= 1000:
            return Weights()
        words = {
            word for name in names for word in normalise.parse_name(name or "").words
        }
        return Weights(self._read_counts("word", words), total)
