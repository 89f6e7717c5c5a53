"""Recording customers and places: starts and stops of service, on two clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any, TypeVar

from psycopg import errors

from meterledger.facts.meters import Meter
from meterledger.facts.participation import Participation
from meterledger.facts.places import (
    Account,
    Agreement,
    Person,
    Premise,
    ServicePoint,
)
from meterledger.facts.taxes import TaxExemption
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import Validity
from meterledger.stores.believed import (
    believed_agreements,
    believed_holders,
    believed_installations,
    believed_tax_places,
    goes_on,
    learned_after,
    refuse_other_contents,
    refuse_other_service,
    refuse_same_schedule,
    refuse_stop,
    refuse_unknown,
)
from meterledger.stores.postgres.connections import Connection
from meterledger.stores.postgres.repository.base import Tables, believed_row, record_day
from meterledger.stores.postgres.repository.cycles import PUT_NOW
from meterledger.stores.postgres.repository.dated import (
    TABLES,
    arrays,
    insert_dated,
    keep_dated,
    parts_of,
    stored,
)
from meterledger.stores.postgres.repository.programs import insert_participation, part_no_more
from meterledger.stores.postgres.repository.together import believed_together
from meterledger.stores.taxed import believed_exemptions, believed_sales_tax_places
from meterledger.stores.together_words import refuse_named
from meterledger.usecases.ports import Conflict, NotFound, ServiceStart

Plain = TypeVar("Plain", Person, Account, Premise, ServicePoint, Meter)


AS_KNOWN: dict[type[Any], str] = {
    Account: "(SELECT a.account_id, coalesce(k.cycle, a.cycle) AS cycle, a.opened_day, a.learned_at"
    f" FROM account a LEFT JOIN ({PUT_NOW}) k ON k.account_id = a.account_id) account"
}
"""What is known of facts without days that may be put right."""


class PlaceWrites(Tables):
    """The part of the store that records customers and places."""

    def start_service(self, start: ServiceStart) -> None:
        """Record a start of service, all of it or nothing.

        :raises Conflict: naming the record that overlaps or exists with other contents
        """
        self.start_services([start])

    def start_services(self, starts: Sequence[ServiceStart]) -> None:
        """Record many starts of service in one transaction, all of them or nothing.

        :raises Conflict: naming the record that overlaps or exists with other contents
        """
        if not starts:
            return
        self._connections.ensure_months(record_day(one.agreement.learned_at) for one in starts)
        try:
            self._step("start service", lambda connection: self._start(connection, starts))
        except (errors.ExclusionViolation, errors.UniqueViolation, errors.ForeignKeyViolation):
            # Somebody else was faster between our look and our write: look again, which finds
            # what is there and says it better than the constraint.
            try:
                self._step("start service", lambda connection: self._start(connection, starts))
            except errors.ExclusionViolation as problem:
                raise Conflict(
                    f"Two records would hold on one day: {problem.diag.message_detail}",
                    where="start of service",
                    do="Give each service point, meter, premise and person one record a day",
                ) from problem

    def _start(self, connection: Connection, starts: Sequence[ServiceStart]) -> None:
        persons = _once("person", _person_id, (p for one in starts for p in one.persons))
        accounts = _once("account", _account_id, (one.account for one in starts if one.account))
        premises = _once("premise", _premise_id, (one.premise for one in starts if one.premise))
        points = _once(
            "service point", _point_id, (one.service_point for one in starts if one.service_point)
        )
        keep_once(connection, "person", _person_id, persons)
        keep_once(connection, "account", _account_id, accounts)
        keep_once(connection, "premise", _premise_id, premises)
        known_premises = known_keys(
            connection, Premise, [one.premise_id for one in points.values()], premises
        )
        for point in points.values():
            if point.premise_id not in known_premises:
                refuse_unknown("premise", point.premise_id, point.service_point_id)
        keep_once(connection, "service point", _point_id, points)

        holders = [one for start in starts for one in start.holders]
        taxed = [one.tax_place for one in starts if one.tax_place]
        meters = [one.installation for one in starts if one.installation]
        agreements = [one.agreement for one in starts]
        self._require(connection, persons, accounts, premises, points, starts)

        keep_dated(
            connection,
            holders,
            believed_holders(),
            {"account_id": [one.account_id for one in holders]},
        )
        keep_dated(
            connection,
            taxed,
            believed_tax_places(),
            {"premise_id": [one.premise_id for one in taxed]},
        )
        sold = [one.sales_tax_place for one in starts if one.sales_tax_place]
        keep_dated(
            connection,
            sold,
            believed_sales_tax_places(),
            {"premise_id": [one.premise_id for one in sold]},
        )
        keep_dated(
            connection,
            meters,
            believed_installations(),
            {
                "service_point_id": [one.service_point_id for one in meters],
                "meter_id": [one.meter_id for one in meters],
            },
        )
        keep_dated(
            connection,
            agreements,
            believed_agreements(),
            {
                "service_point_id": [one.service_point_id for one in agreements],
                "agreement_id": [one.agreement_id for one in agreements],
            },
            may_repeat=False,
        )
        self._note(
            connection,
            "service started",
            [
                (
                    one.account_id,
                    {
                        "agreement": one.agreement_id,
                        "service_point": one.service_point_id,
                        "schedule": one.schedule,
                        "from": one.days.from_day.isoformat(),
                    },
                    one.learned_at,
                )
                for one in agreements
            ],
        )

    @staticmethod
    def _require(
        connection: Connection,
        persons: dict[str, Person],
        accounts: dict[str, Account],
        premises: dict[str, Premise],
        points: dict[str, ServicePoint],
        starts: Sequence[ServiceStart],
    ) -> None:
        """Refuse what refers to something that nobody has recorded."""
        needs: list[tuple[str, str, str]] = []
        for start in starts:
            for holder in start.holders:
                where = f"holder of account {holder.account_id}"
                needs += [
                    ("account", holder.account_id, where),
                    ("person", holder.person_id, where),
                ]
            if start.tax_place is not None:
                place = start.tax_place
                needs.append(("premise", place.premise_id, f"tax place {place.place}"))
            if start.sales_tax_place is not None:
                sold = start.sales_tax_place
                needs.append(("premise", sold.premise_id, f"taxes, {sold.days}"))
            if start.installation is not None:
                meter = start.installation
                needs.append(("service point", meter.service_point_id, f"meter {meter.meter_id}"))
            where = f"agreement {start.agreement.agreement_id}"
            needs += [
                ("account", start.agreement.account_id, where),
                ("service point", start.agreement.service_point_id, where),
            ]
        kinds: dict[str, tuple[type[Any], dict[str, Any]]] = {
            "person": (Person, persons),
            "account": (Account, accounts),
            "premise": (Premise, premises),
            "service point": (ServicePoint, points),
        }
        found = {
            noun: known_keys(connection, kind, [key for n, key, _ in needs if n == noun], given)
            for noun, (kind, given) in kinds.items()
        }
        for noun, key, where in needs:
            if key not in found[noun]:
                refuse_unknown(noun, key, where)

    def stop_service(self, agreement_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End an agreement on ``last_day_out`` (out). What was known before stays known.

        :raises NotFound: if no such agreement is known
        :raises Conflict: if it has ended already, or ends before it began, or is billed past it
        """
        self._connections.ensure_months([record_day(learned_at)])
        self._step(
            "stop service",
            lambda connection: self._stop(connection, agreement_id, last_day_out, learned_at),
        )

    def _stop(
        self, connection: Connection, agreement_id: str, last_day_out: date, learned_at: datetime
    ) -> None:
        agreement, moment = end_agreement(connection, agreement_id, last_day_out, learned_at)
        told = {"agreement": agreement_id, "until": last_day_out.isoformat()}
        self._note(connection, "service stopped", [(agreement.account_id, told, moment)])

    def take_back_agreement(self, agreement_id: str, learned_at: datetime) -> None:
        """A change of the rate option is taken back: the agreement before it goes on.

        :raises NotFound: if no such agreement is known
        :raises Conflict: if it continues none, or was billed
        """
        self._connections.ensure_months([record_day(learned_at)])

        def work(connection: Connection) -> None:
            number, new, _, billed = believed_agreement(connection, agreement_id)
            refuse_named(agreement_id, believed_together(connection, new.account_id))
            rows = connection.execute(
                "SELECT agreement_id FROM agreement WHERE account_id = %s AND upper_inf(known)"
                " AND service_point_id = %s AND upper(days) = %s",
                [new.account_id, new.service_point_id, new.days.from_day],
            ).fetchall()
            before = [believed_agreement(connection, name) for (name,) in rows]
            old = goes_on(new, [one for _, one, _, _ in before], billed is not None)
            ((place, _, _, newest_bill),) = [row for row in before if row[1] == old]
            since = max(old.learned_at, new.learned_at)
            moment = learned_after(learned_at, since, newest_bill)
            connection.execute(
                "UPDATE agreement SET known = tstzrange(lower(known), %s) WHERE id = %s",
                [moment, number],
            )
            part_no_more(connection, agreement_id, moment)
            connection.execute(
                "UPDATE tax_exemption SET known = tstzrange(lower(known),"
                " greatest(%s::timestamptz, lower(known) + interval '1 microsecond'))"
                " WHERE account_id = %s AND agreement_id = %s AND upper_inf(known)",
                [moment, new.account_id, agreement_id],
            )
            days = Validity(old.days.from_day, new.days.until_day)
            _believe(connection, place, replace(old, days=days, learned_at=moment))
            told = {"agreement": agreement_id, "goes_on": old.agreement_id}
            self._note(connection, "rate option taken back", [(old.account_id, told, moment)])

        self._step("take back a rate option", work)

    def put_on_schedule(
        self, agreement_id: str, schedule: str, learned_at: datetime, reasons: Sequence[Reason]
    ) -> None:
        """Believe from now on that an agreement was on another rate option from its first day.

        :raises NotFound: if no such agreement is known
        :raises Conflict: if it is on that option already
        """
        self._connections.ensure_months([record_day(learned_at)])

        def work(connection: Connection) -> None:
            number, old, _, newest_bill = believed_agreement(connection, agreement_id)
            refuse_same_schedule(old, schedule)
            moment = learned_after(learned_at, old.learned_at, newest_bill)
            _believe(connection, number, replace(old, schedule=schedule, learned_at=moment))
            told = {
                "agreement": agreement_id,
                "was": old.schedule,
                "schedule": schedule,
                "from": old.days.from_day.isoformat(),
                "reasons": [
                    {"finding": one.finding, "citation": one.citation.as_json()} for one in reasons
                ],
            }
            self._note(connection, "rate option changed", [(old.account_id, told, moment)])

        self._step("change a rate option", work)

    def change_agreement(
        self,
        agreement_id: str,
        last_day_out: date,
        then: Agreement,
        reasons: Sequence[Reason],
        programs: Sequence[Participation] = (),
        exemptions: Sequence[TaxExemption] = (),
    ) -> None:
        """End an agreement on ``last_day_out`` (out) and begin another there, both or neither.

        :raises NotFound: if no such agreement is known
        :raises Conflict: as ``stop_service``, or if the other is not of its account and point
        """
        self._connections.ensure_months([record_day(then.learned_at)])

        def work(connection: Connection) -> None:
            old, moment = end_agreement(connection, agreement_id, last_day_out, then.learned_at)
            refuse_other_service(old, then)
            new = replace(then, learned_at=moment)
            keys = {"service_point_id": [new.service_point_id], "agreement_id": [new.agreement_id]}
            keep_dated(connection, [new], believed_agreements(), keys, may_repeat=False)
            for one in programs:
                insert_participation(connection, replace(one, learned_at=moment))
            certificates = [replace(one, learned_at=moment) for one in exemptions]
            account = {"account_id": [new.account_id]}
            keep_dated(connection, certificates, believed_exemptions(), account)
            told = {
                "agreement": agreement_id,
                "then": new.agreement_id,
                "schedule": new.schedule,
                "from": new.days.from_day.isoformat(),
                "reasons": [
                    {"finding": one.finding, "citation": one.citation.as_json()} for one in reasons
                ],
            }
            self._note(connection, "rate option changed", [(old.account_id, told, moment)])

        self._step("change a rate option", work)


def end_agreement(
    connection: Connection, agreement_id: str, last_day_out: date, learned_at: datetime
) -> tuple[Agreement, datetime]:
    """Believe of an agreement that it ends; it as it was, and since when that is believed.

    :raises NotFound: if no such agreement is known
    :raises Conflict: if it has ended already, or ends before it began, or is billed past it
    """
    number, agreement, billed_until, newest_bill = believed_agreement(connection, agreement_id)
    refuse_stop(agreement, last_day_out, billed_until)
    moment = learned_after(learned_at, agreement.learned_at, newest_bill)
    ended = Validity(agreement.days.from_day, last_day_out)
    _believe(connection, number, replace(agreement, days=ended, learned_at=moment))
    return agreement, moment


def believed_agreement(
    connection: Connection, agreement_id: str
) -> tuple[int, Agreement, date | None, datetime | None]:
    """An agreement as believed now, kept for this transaction: its row, itself, what is billed.

    :raises NotFound: if no such agreement is known
    """
    row = believed_row(
        connection,
        "SELECT id, account_id, service_point_id, schedule, lower(days), upper(days),"
        " lower(known) FROM agreement WHERE agreement_id = %s AND upper_inf(known)",
        [agreement_id],
    )
    if row is None:
        raise NotFound.of("agreement", agreement_id)
    number, account_id, point_id, schedule, from_day, until_day, since = row
    days = Validity(from_day, until_day)
    agreement = Agreement(agreement_id, account_id, point_id, schedule, days, since)
    billed = connection.execute(
        "SELECT max(upper(days)) FILTER (WHERE cancelled_by IS NULL), max(known_at)"
        " FROM service_period_claim WHERE agreement_id = %s",
        [agreement_id],
    ).fetchone()
    billed_until, newest_bill = billed or (None, None)
    return number, agreement, billed_until, newest_bill


def _believe(connection: Connection, number: int, instead: Agreement) -> None:
    """Believe another agreement in the place of a row, from the instant it was learned."""
    connection.execute(
        "UPDATE agreement SET known = tstzrange(lower(known), %s) WHERE id = %s",
        [instead.learned_at, number],
    )
    insert_dated(connection, [instead])


def _person_id(one: Person) -> str:
    return one.person_id


def _account_id(one: Account) -> str:
    return one.account_id


def _premise_id(one: Premise) -> str:
    return one.premise_id


def _point_id(one: ServicePoint) -> str:
    return one.service_point_id


def _once(noun: str, key: Callable[[Plain], str], facts: Iterable[Plain]) -> dict[str, Plain]:
    """Facts by their key. :raises Conflict: if two have one key and other contents."""
    found: dict[str, Plain] = {}
    for fact in facts:
        known = found.setdefault(key(fact), fact)
        if known is not fact:
            refuse_other_contents(noun, key(fact), known, fact)
    return found


def keep_once(
    connection: Connection, noun: str, key: Callable[[Plain], str], facts: dict[str, Plain]
) -> None:
    """Insert what is not there; what is there must say the same.

    Inserting first waits for whoever inserts the same key just now; looking afterwards then sees
    their row.
    """
    if not facts:
        return
    kind = type(next(iter(facts.values())))
    names = [one.name for one in fields(kind)]
    ordered = [facts[name] for name in sorted(facts)]
    inserted = connection.execute(
        f"INSERT INTO {TABLES[kind]} ({', '.join(names)})"
        f" SELECT * FROM unnest({arrays(names)}) ON CONFLICT DO NOTHING",
        [[stored(getattr(fact, name)) for fact in ordered] for name in names],
    ).rowcount
    if inserted == len(ordered):
        return
    rows = connection.execute(
        f"SELECT {', '.join(names)} FROM {AS_KNOWN.get(kind, TABLES[kind])}"
        f" WHERE {names[0]} = ANY (%s)",
        [list(facts)],
    )
    for row in rows:
        known = kind(**parts_of(kind, names, row))
        refuse_other_contents(noun, key(known), known, facts[key(known)])


def known_keys(
    connection: Connection, kind: type[Any], keys: Sequence[str], given: dict[str, Any]
) -> set[str]:
    """Which of the keys exist, in the database or among what this call gives."""
    asked = sorted(set(keys) - set(given))
    found = set(given)
    if asked:
        name = fields(kind)[0].name
        rows = connection.execute(
            f"SELECT {name} FROM {TABLES[kind]} WHERE {name} = ANY (%s)", [asked]
        )
        found.update(row[0] for row in rows)
    return found
