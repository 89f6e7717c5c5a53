"""Reading customers and places: agreements joined with all that a bill needs, in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson

from meterledger.facts.places import (
    Account,
    Agreement,
    BillableService,
    JoinedService,
    MeterInstallation,
    Premise,
    TaxPlace,
    billed_with,
)
from meterledger.facts.taxes import SalesTaxPlace, TaxExemption
from meterledger.kernel.span import Validity
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, storable
from meterledger.stores.postgres.repository.cycles import PUT_AT, PUT_NOW, of_cycle
from meterledger.stores.postgres.repository.dated import fact_of
from meterledger.stores.taxed import in_order
from meterledger.usecases.ports import NotFound

# What was known at one instant, gathered once for all agreements chosen: the same query serves one
# agreement and a cycle of a city. Only `billed_until` is as of now.
JOINED = """
WITH chosen AS MATERIALIZED (
    SELECT a.agreement_id, a.account_id, a.service_point_id, a.schedule, a.days,
           lower(a.known) AS learned_at,
           coalesce(k.cycle, c.cycle) AS cycle, c.opened_day,
           c.learned_at AS account_learned_at, s.premise_id
      FROM agreement a
      JOIN account c ON c.account_id = a.account_id
      LEFT JOIN ({put}) k ON k.account_id = c.account_id
      JOIN service_point s ON s.service_point_id = a.service_point_id
     WHERE a.known @> %(known_at)s::timestamptz AND {chosen}
),
meters AS (
    SELECT service_point_id,
           json_agg(json_build_array(meter_id, multiplier, lower(days), upper(days), lower(known),
                                     began_second, ended_second)
                    ORDER BY lower(days)) AS found
      FROM meter_installation
     WHERE known @> %(known_at)s::timestamptz
       AND service_point_id IN (SELECT service_point_id FROM chosen)
     GROUP BY service_point_id
),
taxed AS (
    SELECT premise_id,
           json_agg(json_build_array(place, lower(days), upper(days), lower(known))
                    ORDER BY lower(days)) AS found
      FROM tax_place
     WHERE known @> %(known_at)s::timestamptz
       AND premise_id IN (SELECT premise_id FROM chosen)
     GROUP BY premise_id
),
sold AS (
    SELECT premise_id,
           json_agg(json_build_array(jurisdiction, lower(days), upper(days), lower(known))
                    ORDER BY lower(days)) AS found
      FROM sales_tax_place
     WHERE known @> %(known_at)s::timestamptz
       AND premise_id IN (SELECT premise_id FROM chosen)
     GROUP BY premise_id
),
exempt AS (
    SELECT account_id,
           json_agg(json_build_array(account_id, agreement_id, tax, kind, certificate, share,
                                     lower(days), upper(days), lower(known))) AS found
      FROM tax_exemption
     WHERE known @> %(known_at)s::timestamptz
       AND account_id IN (SELECT account_id FROM chosen)
     GROUP BY account_id
),
held AS (
    SELECT h.account_id,
           json_agg(json_build_array(h.person_id, p.name, lower(h.days), upper(h.days))
                    ORDER BY h.person_id) AS found
      FROM account_holder h JOIN person p ON p.person_id = h.person_id
     WHERE h.known @> %(known_at)s::timestamptz
       AND h.account_id IN (SELECT account_id FROM chosen)
     GROUP BY h.account_id
),
billed AS (
    SELECT agreement_id, max(upper(days)) AS until
      FROM service_period_claim
     WHERE cancelled_by IS NULL AND agreement_id IN (SELECT agreement_id FROM chosen)
     GROUP BY agreement_id
),
beside AS (
    SELECT c.agreement_id,
           max(o.agreement_id) FILTER (WHERE upper(o.days) = lower(c.days)) AS before,
           max(o.agreement_id) FILTER (WHERE lower(o.days) = upper(c.days)) AS after
      FROM chosen c
      JOIN agreement o ON o.account_id = c.account_id AND o.service_point_id = c.service_point_id
       AND o.known @> %(known_at)s::timestamptz AND o.agreement_id <> c.agreement_id
     GROUP BY c.agreement_id
),
cycled AS (
    SELECT account_id, json_agg(was::smallint ORDER BY learned_at) AS found
      FROM agreement_put_right
     WHERE fact = 'cycle' AND learned_at <= %(known_at)s::timestamptz
       AND account_id IN (SELECT account_id FROM chosen)
     GROUP BY account_id
),
together AS (
    SELECT n.agreement_id,
           json_agg(json_build_array(t.agreement_id, t.joined_agreement, lower(t.days),
                                     upper(t.days))) AS found
      FROM billed_together t
     CROSS JOIN LATERAL (VALUES (t.agreement_id), (t.joined_agreement)) n (agreement_id)
     WHERE t.known @> %(known_at)s::timestamptz
       AND t.account_id IN (SELECT account_id FROM chosen)
     GROUP BY n.agreement_id
)
SELECT c.agreement_id, c.account_id, c.service_point_id, c.schedule, lower(c.days), upper(c.days),
       c.learned_at, c.cycle, c.opened_day, c.account_learned_at,
       p.premise_id, p.address, p.city, p.state, p.postal_code, p.learned_at,
       meters.found::text, taxed.found::text, held.found::text, billed.until,
       coalesce(beside.before, ''), coalesce(beside.after, ''), sold.found::text,
       exempt.found::text, cycled.found::text, together.found::text
  FROM chosen c
  JOIN premise p ON p.premise_id = c.premise_id
  LEFT JOIN meters ON meters.service_point_id = c.service_point_id
  LEFT JOIN taxed ON taxed.premise_id = c.premise_id
  LEFT JOIN sold ON sold.premise_id = c.premise_id
  LEFT JOIN exempt ON exempt.account_id = c.account_id
  LEFT JOIN cycled ON cycled.account_id = c.account_id
  LEFT JOIN held ON held.account_id = c.account_id
  LEFT JOIN billed ON billed.agreement_id = c.agreement_id
  LEFT JOIN beside ON beside.agreement_id = c.agreement_id
  LEFT JOIN together ON together.agreement_id = c.agreement_id
 ORDER BY c.account_id, lower(c.days), c.agreement_id
"""
"""What was gathered comes as text: a cycle of a city has millions of such lists, and ``_told``
reads them in a tenth of the time."""
SORTED_IN_MEMORY = "SET LOCAL work_mem = '64MB'"
"""A cycle's rows are sorted and joined by eight keys: what does not fit is written to disk and
read again, and a city's cycle takes three times as long."""
OF_ACCOUNT = JOINED.format(put=PUT_AT, chosen="a.account_id = %(key)s")
OF_CYCLE = JOINED.format(put=PUT_AT, chosen=of_cycle("c", "%(key)s", PUT_AT))
OF_AGREEMENT = JOINED.format(put=PUT_AT, chosen="a.agreement_id = %(key)s")
OF_AGREEMENTS = JOINED.format(put=PUT_AT, chosen="a.agreement_id = ANY (%(key)s)")


class PlaceReads(Tables):
    """The part of the store that reads customers and places."""

    def account(self, account_id: str) -> Account:
        """The account. :raises NotFound: if there is none."""

        def ask(connection: Connection) -> tuple[Any, ...] | None:
            return connection.execute(
                "SELECT a.account_id, coalesce(k.cycle, a.cycle), a.opened_day, a.learned_at"
                f" FROM account a LEFT JOIN ({PUT_NOW}) k ON k.account_id = a.account_id"
                " WHERE a.account_id = %s",
                [account_id],
            ).fetchone()

        row = self._read(ask)
        if row is None:
            raise NotFound.of("account", account_id)
        return Account(*row)

    def account_ids(self) -> list[str]:
        """All account ids, in order."""
        return self._read(
            lambda connection: [
                row[0]
                for row in connection.execute("SELECT account_id FROM account ORDER BY account_id")
            ]
        )

    def accounts_of_holder(
        self, words: str, known_at: datetime, limit: int
    ) -> list[tuple[str, str]]:
        """Accounts and names of holders whose name has every word, by name."""
        plain = storable(words).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        asked = [f"%{word}%" for word in plain.lower().split()]
        if not asked:
            return []
        rows = self._read(
            lambda connection: connection.execute(
                'SELECT DISTINCT h.account_id, p.name COLLATE "C" AS name'
                "  FROM account_holder h JOIN person p ON p.person_id = h.person_id"
                " WHERE h.known @> %s::timestamptz AND lower(p.name) LIKE ALL (%s)"
                " ORDER BY name, h.account_id LIMIT %s",
                [known_at, asked, limit],
            ).fetchall()
        )
        return [(account, name) for account, name in rows]

    def people(self, person_ids: Sequence[str], names: Sequence[str]) -> dict[str, str]:
        """Names of people by id: of those ids, and of all of those names (capitals aside)."""
        asked = [[storable(one) for one in person_ids], [storable(one).lower() for one in names]]
        return self._read(
            lambda connection: dict(
                connection.execute(
                    "SELECT person_id, name FROM person"
                    " WHERE person_id = ANY(%s) OR lower(name) = ANY(%s) ORDER BY person_id",
                    asked,
                ).fetchall()
            )
        )

    def people_of_account(
        self, account_id: str, known_at: datetime
    ) -> list[tuple[str, str, Validity]]:
        """Id, name and days of everybody who held or holds the account, by first day and id."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT h.person_id, p.name, lower(h.days), upper(h.days)"
                "  FROM account_holder h JOIN person p ON p.person_id = h.person_id"
                " WHERE h.account_id = %s AND h.known @> %s::timestamptz"
                ' ORDER BY lower(h.days), h.person_id COLLATE "C"',
                [account_id, known_at],
            ).fetchall()
        )
        return [(person, name, Validity(first, out)) for person, name, first, out in rows]

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined, by first day."""
        return self._services(OF_ACCOUNT, account_id, known_at)

    def services_of_cycle(self, cycle: int, known_at: datetime) -> list[BillableService]:
        """All agreements of the cycle's accounts, joined, by account and first day."""
        return self._services(OF_CYCLE, cycle, known_at)

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, joined, as known then; ``billed_until`` as of now. :raises NotFound:"""
        found = self._services(OF_AGREEMENT, agreement_id, known_at)
        if not found:
            raise NotFound.of("agreement", agreement_id)
        return found[0]

    def served_before(self, service_point_id: str, day: date) -> bool:
        """Whether an agreement at the service point has ended by the day."""
        row = self._step(
            "ask whether a place was served",
            lambda connection: connection.execute(
                "SELECT EXISTS (SELECT FROM agreement WHERE service_point_id = %s"
                " AND upper_inf(known) AND upper(days) <= %s)",
                [service_point_id, day],
            ).fetchone(),
        )
        return bool(row and row[0])

    def agreements_at(self, service_point_id: str, known_at: datetime) -> list[Agreement]:
        """All agreements of whomever at the service point, by first day."""
        rows = self._read(
            lambda connection: connection.execute(
                "SELECT agreement_id, account_id, service_point_id, schedule, lower(days),"
                " upper(days), lower(known) FROM agreement"
                " WHERE service_point_id = %s AND known @> %s::timestamptz ORDER BY lower(days)",
                [service_point_id, known_at],
            ).fetchall()
        )
        return [
            Agreement(name, account, point, schedule, Validity(first, out), learned_at)
            for name, account, point, schedule, first, out, learned_at in rows
        ]

    def _services(self, query: str, key: str | int, known_at: datetime) -> list[BillableService]:
        parameters = {"key": key, "known_at": known_at}

        def ask(connection: Connection) -> list[BillableService]:
            if query is OF_CYCLE:
                # Right after a bulk load the planner believes that tables are small, and would
                # look up a cycle's rows one by one.
                connection.execute("SET LOCAL enable_nestloop = off")
                connection.execute(SORTED_IN_MEMORY)
            return _with_others(connection, connection.execute(query, parameters), known_at)

        return self._read(ask)

    def meter_installations(self, meter_ids: Sequence[str]) -> dict[str, list[MeterInstallation]]:
        """Where the meters are and were installed, as known now; unknown meters are left out."""
        rows = self._step(
            "place readings",
            lambda connection: connection.execute(
                "SELECT service_point_id, meter_id, multiplier, lower(days), upper(days),"
                " lower(known), began_second, ended_second FROM meter_installation"
                " WHERE upper_inf(known) AND meter_id = ANY (%s) ORDER BY meter_id, lower(days)",
                [list(meter_ids)],
            ).fetchall(),
        )
        found: dict[str, list[MeterInstallation]] = {}
        for point, meter, multiplier, from_day, until_day, learned_at, *seconds in rows:
            days = Validity(from_day, until_day)
            found.setdefault(meter, []).append(
                MeterInstallation(point, meter, multiplier, days, learned_at, *seconds)
            )
        return found


def _with_others(
    connection: Connection, rows: Iterable[tuple[Any, ...]], known_at: datetime
) -> list[BillableService]:
    """The services, each with the agreements on its bill, and with whose bill it is on.

    A row is let go as soon as it is read: a city's would be gigabytes beside the services.
    """
    services: list[BillableService] = []
    told: dict[str, Sequence[Any]] = {}
    for row in rows:
        services.append(_joined(row))
        if row[-1]:
            told[row[0]] = _told(row[-1])
    names = sorted({name for found in told.values() for each in found for name in each[:2]})
    if not names:
        return services
    others = connection.execute(OF_AGREEMENTS, {"key": names, "known_at": known_at}).fetchall()
    known = {row[0]: _joined(row) for row in others}
    # Until when each is billed is of one question for all of them: a run between two would be seen
    # on one and not on the other, and their days between seem to be on no bill.
    services = [known.get(one.agreement.agreement_id, one) for one in services]
    return [arranged(one, told.get(one.agreement.agreement_id, ()), known) for one in services]


def arranged(
    service: BillableService,
    told: Sequence[tuple[str, str, str, str | None]],
    known: Mapping[str, BillableService],
) -> BillableService:
    """A service as it stands in arrangements: whose they are, what joins, from and until."""
    name = service.agreement.agreement_id
    joined = [
        JoinedService(known[other], _days(first, out))
        for whose, other, first, out in told
        if whose == name and other in known
    ]
    joined.sort(key=lambda one: (one.service.agreement.service_point_id, one.days))
    on_others = (
        (whose, _days(first, out), known[whose].agreement)
        for whose, other, first, out in told
        if other == name and whose in known
    )
    return replace(
        service,
        joined=tuple(joined),
        billed_with=billed_with(on_others),
    )


def _joined(row: tuple[Any, ...]) -> BillableService:
    agreement_id, account_id, point_id, schedule, from_day, until_day, learned_at = row[:7]
    cycle, opened_day, account_learned_at = row[7:10]
    meters, taxed, held, billed_until, continues, continued_by, sold, exempt, was = row[16:25]
    days = Validity(from_day, until_day)
    premise = Premise(*row[10:16])
    return BillableService(
        agreement=Agreement(agreement_id, account_id, point_id, schedule, days, learned_at),
        account=Account(account_id, cycle, opened_day, account_learned_at),
        premise=premise,
        installations=tuple(
            MeterInstallation(point_id, meter, multiplier, _days(first, out), _instant(known), *at)
            for meter, multiplier, first, out, known, *at in _told(meters)
        ),
        tax_places=tuple(
            TaxPlace(premise.premise_id, place, _days(first, out), _instant(known))
            for place, first, out, known in _told(taxed)
        ),
        billed_until=billed_until,
        holders=_names(_told(held), days),
        continues=continues,
        continued_by=continued_by,
        sales_tax_places=tuple(
            SalesTaxPlace(premise.premise_id, place, _days(first, out), _instant(known))
            for place, first, out, known in _told(sold)
        ),
        tax_exemptions=_exemptions(_told(exempt), agreement_id),
        earlier_cycles=tuple(_told(was)),
    )


def _names(held: Sequence[tuple[str, str, str, str | None]], days: Validity) -> tuple[str, ...]:
    """Names of those responsible on some day of the agreement, once each, in order of their ids."""
    return tuple(
        {
            person: name for person, name, first, out in held if _days(first, out).overlaps(days)
        }.values()
    )


def _exemptions(found: Sequence[Sequence[Any]], agreement_id: str) -> tuple[TaxExemption, ...]:
    """Certificates of the whole account, and of the agreement."""
    facts = (
        fact_of(TaxExemption, [*told, date.fromisoformat(first), _day(out), _instant(known)])
        for *told, first, out, known in found
    )
    return tuple(in_order(one for one in facts if one.agreement_id in ("", agreement_id)))


def _told(found: str | None) -> Sequence[Any]:
    """What the query gathered: lists of lists, of texts and whole numbers."""
    return orjson.loads(found) if found else ()


@lru_cache(maxsize=4096)
def _instant(known: str) -> datetime:
    return datetime.fromisoformat(known)


def _day(told: str | None) -> date | None:
    return date.fromisoformat(told) if told else None


@lru_cache(maxsize=4096)
def _days(first: str, out: str | None) -> Validity:
    return Validity(date.fromisoformat(first), date.fromisoformat(out) if out else None)
