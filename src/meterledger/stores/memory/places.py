"""Customers and places in dictionaries, on two clocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypeVar

from meterledger.facts.meters import Meter
from meterledger.facts.participation import Participation
from meterledger.facts.places import (
    Account,
    AccountHolder,
    Agreement,
    BillableService,
    MeterInstallation,
    Person,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.facts.taxes import TaxExemption
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import Validity
from meterledger.stores.believed import (
    Fact,
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
    with_learned_at,
)
from meterledger.stores.memory.together import MemoryTogether
from meterledger.stores.memory.two_clocks import TwoClocks
from meterledger.stores.taxed import in_order
from meterledger.stores.together_words import refuse_named
from meterledger.usecases.ports import NotFound, ServiceStart

Plain = TypeVar("Plain", Person, Account, Premise, ServicePoint, Meter)
Undo = list[Callable[[], object]]


class MemoryPlaces(MemoryTogether):
    """The part of the store that keeps customers and places."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._lock = threading.RLock()
        self._persons: dict[str, Person] = {}
        self._accounts: dict[str, Account] = {}
        self._premises: dict[str, Premise] = {}
        self._points: dict[str, ServicePoint] = {}
        self._holders = TwoClocks[AccountHolder](believed_holders(), lambda one: one.account_id)
        self._tax_places = TwoClocks[TaxPlace](believed_tax_places(), lambda one: one.premise_id)
        self._installations = TwoClocks[MeterInstallation](
            believed_installations(), lambda one: one.service_point_id
        )
        self._agreements = TwoClocks[Agreement](
            believed_agreements(), lambda one: one.service_point_id
        )

    def start_service(self, start: ServiceStart) -> None:
        """Record a start of service, all of it or nothing."""
        self.start_services([start])

    def start_services(self, starts: Sequence[ServiceStart]) -> None:
        """Record many starts of service, all of them or nothing."""
        undo: Undo = []
        with self._lock:
            try:
                for start in starts:
                    self._start(start, undo)
            except BaseException:
                for step in reversed(undo):
                    step()
                raise
            for start in starts:
                agreement = start.agreement
                self._note("service started", agreement.account_id, agreement.learned_at)

    def _start(self, start: ServiceStart, undo: Undo) -> None:
        for person in start.persons:
            keep_once(self._persons, person.person_id, person, "person", undo)
        if start.account is not None:
            account = start.account
            if account.account_id in self._accounts:
                known = self._account_known(account.account_id)
                refuse_other_contents("account", account.account_id, known, account)
            else:
                keep_once(self._accounts, account.account_id, account, "account", undo)
        if start.premise is not None:
            keep_once(self._premises, start.premise.premise_id, start.premise, "premise", undo)
        point = start.service_point
        if point is not None:
            require(self._premises, "premise", point.premise_id, point.service_point_id)
            keep_once(self._points, point.service_point_id, point, "service point", undo)
        for holder in start.holders:
            where = f"holder of account {holder.account_id}"
            require(self._accounts, "account", holder.account_id, where)
            require(self._persons, "person", holder.person_id, where)
            keep_dated(self._holders, holder, undo)
        place = start.tax_place
        if place is not None:
            require(self._premises, "premise", place.premise_id, f"tax place {place.place}")
            keep_dated(self._tax_places, place, undo)
        sold = start.sales_tax_place
        if sold is not None:
            require(self._premises, "premise", sold.premise_id, f"taxes, {sold.days}")
            keep_dated(self._sales_places, sold, undo)
        meter = start.installation
        if meter is not None:
            where = f"meter {meter.meter_id}"
            require(self._points, "service point", meter.service_point_id, where)
            keep_dated(self._installations, meter, undo)
        agreement = start.agreement
        where = f"agreement {agreement.agreement_id}"
        require(self._accounts, "account", agreement.account_id, where)
        require(self._points, "service point", agreement.service_point_id, where)
        keep_dated(self._agreements, agreement, undo, may_repeat=False)

    def stop_service(self, agreement_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End an agreement on ``last_day_out`` (out)."""
        with self._lock:
            agreement = self._agreement(self._agreements.known(), agreement_id)
            point, account = agreement.service_point_id, agreement.account_id
            refuse_stop(agreement, last_day_out, self._billed_until(agreement_id, point))
            moment = learned_after(
                learned_at, agreement.learned_at, self._newest_bill_known_at(agreement_id, account)
            )
            ended = replace(
                agreement,
                days=Validity(agreement.days.from_day, last_day_out),
                learned_at=moment,
            )
            self._agreements.replace(agreement, ended, moment)
            self._note("service stopped", account, moment)

    def change_agreement(
        self,
        agreement_id: str,
        last_day_out: date,
        then: Agreement,
        reasons: Sequence[Reason],
        programs: Sequence[Participation] = (),
        exemptions: Sequence[TaxExemption] = (),
    ) -> None:
        """End an agreement on ``last_day_out`` (out) and begin another there, both or neither."""
        undo: Undo = []
        with self._lock:
            old = self._agreement(self._agreements.known(), agreement_id)
            point, account = old.service_point_id, old.account_id
            refuse_other_service(old, then)
            refuse_stop(old, last_day_out, self._billed_until(agreement_id, point))
            moment = learned_after(
                then.learned_at, old.learned_at, self._newest_bill_known_at(agreement_id, account)
            )
            days = Validity(old.days.from_day, last_day_out)
            undo.append(self._agreements.end(old, moment))
            try:
                keep_dated(self._agreements, replace(old, days=days, learned_at=moment), undo)
                new = replace(then, learned_at=moment)
                keep_dated(self._agreements, new, undo, may_repeat=False)
                self._take_part([replace(one, learned_at=moment) for one in programs], undo)
                for exemption in exemptions:
                    keep_dated(self._exemptions, replace(exemption, learned_at=moment), undo)
            except BaseException:
                for step in reversed(undo):
                    step()
                raise
            self._note("rate option changed", account, moment)

    def take_back_agreement(self, agreement_id: str, learned_at: datetime) -> None:
        """A change of the rate option is taken back: the agreement before it goes on."""
        with self._lock:
            new = self._agreement(self._agreements.known(), agreement_id)
            refuse_named(agreement_id, self._known_together(None))
            billed = self._newest_bill_known_at(agreement_id, new.account_id)
            old = goes_on(new, list(self._agreements.known()), billed is not None)
            newest = self._newest_bill_known_at(old.agreement_id, old.account_id)
            since = max(old.learned_at, new.learned_at)
            moment = learned_after(learned_at, since, newest)
            for one in (new, old):
                self._agreements.end(one, moment)
            days = Validity(old.days.from_day, new.days.until_day)
            keep_dated(self._agreements, replace(old, days=days, learned_at=moment), [])
            self._part_no_more(new.agreement_id, moment)
            for exemption in self._exemptions.of(new.account_id):
                if exemption.agreement_id == new.agreement_id:
                    self._exemptions.end(exemption, learned_after(moment, exemption.learned_at))
            self._note("rate option taken back", old.account_id, moment)

    def _take_part(self, programs: Sequence[Participation], undo: Undo) -> None:
        raise NotImplementedError  # the store beside this part keeps them

    def _part_no_more(self, agreement_id: str, moment: datetime) -> None:
        raise NotImplementedError  # the store beside this part keeps them

    def put_on_schedule(
        self, agreement_id: str, schedule: str, learned_at: datetime, reasons: Sequence[Reason]
    ) -> None:
        """Believe from now on that an agreement was on another rate option from its first day."""
        with self._lock:
            old = self._agreement(self._agreements.known(), agreement_id)
            refuse_same_schedule(old, schedule)
            newest = self._newest_bill_known_at(agreement_id, old.account_id)
            moment = learned_after(learned_at, old.learned_at, newest)
            self._agreements.end(old, moment)
            keep_dated(self._agreements, replace(old, schedule=schedule, learned_at=moment), [])
            self._note("rate option changed", old.account_id, moment)

    @staticmethod
    def _agreement(agreements: Iterable[Agreement], agreement_id: str) -> Agreement:
        for one in agreements:
            if one.agreement_id == agreement_id:
                return one
        raise NotFound.of("agreement", agreement_id)

    def account(self, account_id: str) -> Account:
        """The account."""
        self._look()
        if account_id not in self._accounts:
            raise NotFound.of("account", account_id)
        return self._account_known(account_id)

    def _account_known(self, account_id: str, known_at: datetime | None = None) -> Account:
        """The account as known then, or now: the store beside this part knows its cycles."""
        raise NotImplementedError

    def _earlier_cycles(self, account_id: str, known_at: datetime) -> tuple[int, ...]:
        """The account's cycles before they were put right, as known then, the oldest first."""
        raise NotImplementedError

    def account_ids(self) -> list[str]:
        """All account ids, in order."""
        self._look()
        return sorted(self._accounts)

    def accounts_of_holder(
        self, words: str, known_at: datetime, limit: int
    ) -> list[tuple[str, str]]:
        """Accounts and names of holders whose name has every word, by name."""
        self._look()
        asked = words.lower().split()
        found = {
            (self._persons[one.person_id].name, account)
            for account in self._accounts
            for one in self._holders.of(account, known_at)
            if asked and all(word in self._persons[one.person_id].name.lower() for word in asked)
        }
        return [(account, name) for name, account in sorted(found)[:limit]]

    def people(self, person_ids: Sequence[str], names: Sequence[str]) -> dict[str, str]:
        """Names of people by id: of those ids, and of all of those names (capitals aside)."""
        self._look()
        lower = {name.lower() for name in names}
        return {
            one.person_id: one.name
            for one in self._persons.values()
            if one.person_id in person_ids or one.name.lower() in lower
        }

    def people_of_account(
        self, account_id: str, known_at: datetime
    ) -> list[tuple[str, str, Validity]]:
        """Id, name and days of everybody who held or holds the account, by first day and id."""
        self._look()
        held = sorted(
            self._holders.of(account_id, known_at),
            key=lambda one: (one.days.from_day, one.person_id),
        )
        return [(one.person_id, self._persons[one.person_id].name, one.days) for one in held]

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined, by first day."""
        return self._services(known_at, lambda one: one.account_id == account_id)

    def services_of_cycle(self, cycle: int, known_at: datetime) -> list[BillableService]:
        """All agreements of the cycle's accounts, joined, by account and first day."""
        return self._services(
            known_at, lambda one: self._account_known(one.account_id, known_at).cycle == cycle
        )

    def served_before(self, service_point_id: str, day: date) -> bool:
        """Whether an agreement at the service point has ended by the day."""
        ends = [one.days.until_day for one in self._agreements.of(service_point_id)]
        return any(until is not None and until <= day for until in ends)

    def agreements_at(self, service_point_id: str, known_at: datetime) -> list[Agreement]:
        """All agreements of whomever at the service point, by first day."""
        self._look()
        return self._agreements.of(service_point_id, known_at)

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, joined, as known then."""
        self._look()
        with self._lock:
            found = self._agreement(self._agreements.known(known_at), agreement_id)
            return self._with_others(self._joined(found, known_at), known_at, self._joined)

    def _services(
        self, known_at: datetime, wanted: Callable[[Agreement], bool]
    ) -> list[BillableService]:
        self._look()
        with self._lock:
            chosen = [one for one in self._agreements.known(known_at) if wanted(one)]
            return [
                self._with_others(self._joined(one, known_at), known_at, self._joined)
                for one in sorted(
                    chosen, key=lambda one: (one.account_id, one.days.from_day, one.agreement_id)
                )
            ]

    def _joined(self, agreement: Agreement, known_at: datetime) -> BillableService:
        premise = self._premises[self._points[agreement.service_point_id].premise_id]
        holders = {
            one.person_id
            for one in self._holders.of(agreement.account_id, known_at)
            if one.days.overlaps(agreement.days)
        }
        beside = [
            one
            for one in self._agreements.of(agreement.service_point_id, known_at)
            if one.account_id == agreement.account_id
        ]
        return BillableService(
            agreement=agreement,
            account=self._account_known(agreement.account_id, known_at),
            premise=premise,
            installations=tuple(self._installations.of(agreement.service_point_id, known_at)),
            tax_places=tuple(self._tax_places.of(premise.premise_id, known_at)),
            billed_until=self._billed_until(agreement.agreement_id, agreement.service_point_id),
            holders=tuple(self._persons[person].name for person in sorted(holders)),
            continues=next(
                (
                    one.agreement_id
                    for one in beside
                    if one.days.until_day == agreement.days.from_day
                ),
                "",
            ),
            continued_by=next(
                (
                    one.agreement_id
                    for one in beside
                    if one.days.from_day == agreement.days.until_day
                ),
                "",
            ),
            sales_tax_places=tuple(self._sales_places.of(premise.premise_id, known_at)),
            tax_exemptions=tuple(
                in_order(
                    one
                    for one in self._exemptions.of(agreement.account_id, known_at)
                    if one.agreement_id in ("", agreement.agreement_id)
                )
            ),
            earlier_cycles=self._earlier_cycles(agreement.account_id, known_at),
        )

    def meter_installations(self, meter_ids: Sequence[str]) -> dict[str, list[MeterInstallation]]:
        """Where the meters are and were installed, as known now."""
        wanted = set(meter_ids)
        found: dict[str, list[MeterInstallation]] = {}
        for one in sorted(self._installations.known(), key=lambda one: one.days.from_day):
            if one.meter_id in wanted:
                found.setdefault(one.meter_id, []).append(one)
        return found

    # Answered by the rest of the store.

    def _look(self) -> None:
        raise NotImplementedError

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError

    def _billed_until(self, agreement_id: str, service_point_id: str) -> date | None:
        raise NotImplementedError

    def _newest_bill_known_at(self, agreement_id: str, account_id: str) -> datetime | None:
        raise NotImplementedError


def keep_once(table: dict[str, Plain], key: str, fact: Plain, noun: str, undo: Undo) -> None:
    known = table.get(key)
    if known is None:
        table[key] = fact
        undo.append(lambda: table.pop(key))
    else:
        refuse_other_contents(noun, key, known, fact)


def keep_dated(table: TwoClocks[Fact], fact: Fact, undo: Undo, *, may_repeat: bool = True) -> None:
    if table.is_new(fact, may_repeat=may_repeat):
        kept = with_learned_at(fact, table.learned_at(fact))
        table.add(kept, kept.learned_at)
        undo.append(lambda: table.forget(kept))


def require(table: dict[str, Plain], noun: str, key: str, needed_by: str) -> None:
    if key not in table:
        refuse_unknown(noun, key, needed_by)
