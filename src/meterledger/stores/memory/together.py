"""Which meters of an account come on one bill, in a list, on two clocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from meterledger.facts.bills import Bill
from meterledger.facts.places import Agreement, BillableService, JoinedService, billed_with
from meterledger.facts.together import BilledTogether
from meterledger.stores.memory.taxes import MemoryTaxes
from meterledger.stores.memory.two_clocks import TwoClocks
from meterledger.stores.together_words import (
    billed_past,
    ended,
    goes_on_after,
    moment_after,
    none_goes_on,
    not_as_arranged,
    points_of,
    refuse_begin,
)


@dataclass(slots=True)
class _Row:
    fact: BilledTogether
    until: datetime | None = None

    def known_at(self, moment: datetime | None) -> bool:
        if moment is None:
            return self.until is None
        return self.fact.learned_at <= moment and (self.until is None or moment < self.until)


class MemoryTogether(MemoryTaxes):
    """The part of the store that keeps which meters come on one bill."""

    _lock: threading.RLock
    _agreements: TwoClocks[Agreement]

    def __init__(self) -> None:
        """Every service point has its own bill."""
        super().__init__()
        self._together: list[_Row] = []

    def begin_together(self, rows: Sequence[BilledTogether]) -> None:
        """Keep an arrangement: all its agreements, or none."""
        with self._lock:
            agreements = {one.agreement_id: one for one in self._agreements.known()}
            refuse_begin(rows, agreements, self._known_together(None))
            for row in rows:
                self._refuse_billed_past(row, row.days.from_day, agreements)
            self._together += [_Row(row) for row in rows]
            self._note("billed together", rows[0].account_id, rows[0].learned_at)

    def end_together(
        self, account_id: str, last_day_out: date, *, by: str, reason: str, learned_at: datetime
    ) -> list[BilledTogether]:
        """End the arrangements of an account that go on."""
        with self._lock:
            rows = [
                row
                for row in self._together
                if row.until is None
                and row.fact.account_id == account_id
                and goes_on_after(row.fact, last_day_out)
            ]
            if not rows:
                raise none_goes_on(account_id, last_day_out)
            agreements = {one.agreement_id: one for one in self._agreements.known()}
            found = [ended(row.fact, last_day_out, by, reason, learned_at) for row in rows]
            for row in rows:
                day = max(last_day_out, row.fact.days.from_day)
                self._refuse_billed_past(row.fact, day, agreements)
            for row, one in zip(rows, found, strict=True):
                row.until = moment_after(row.fact, learned_at)
                self._together += [] if one is None else [_Row(one)]
            self._note("billed together no longer", account_id, learned_at)
            return [one for one in found if one is not None]

    def together_of_account(
        self, account_id: str, known_at: datetime | None = None
    ) -> list[BilledTogether]:
        """The account's arrangements by first day, as known then or now."""
        self._look()
        with self._lock:
            mine = (one for one in self._known_together(known_at) if one.account_id == account_id)
            return sorted(mine, key=lambda one: (one.days.from_day, one.joined_agreement))

    def _known_together(self, known_at: datetime | None) -> list[BilledTogether]:
        return [row.fact for row in self._together if row.known_at(known_at)]

    def _refuse_billed_past(
        self, row: BilledTogether, day: date, agreements: dict[str, Agreement]
    ) -> None:
        for name in (row.agreement_id, row.joined_agreement):
            if name not in agreements:  # believed no more: nothing of it is billed
                continue
            until = self._billed_until(name, agreements[name].service_point_id)
            if until is not None and day < until:
                raise billed_past(name, day)

    def _with_others(
        self,
        service: BillableService,
        known_at: datetime,
        join: Callable[[Agreement, datetime], BillableService],
    ) -> BillableService:
        """The service with the agreements on its bill, and with whose bill it is on."""
        name = service.agreement.agreement_id
        rows = [
            one
            for one in self._known_together(known_at)
            if name in (one.agreement_id, one.joined_agreement)
        ]
        if not rows:
            return service
        agreements = {one.agreement_id: one for one in self._agreements.known(known_at)}
        joined = [
            JoinedService(join(agreements[row.joined_agreement], known_at), row.days)
            for row in rows
            if row.agreement_id == name and row.joined_agreement in agreements
        ]
        joined.sort(key=lambda one: (one.service.agreement.service_point_id, one.days))
        others = (
            (row.agreement_id, row.days, agreements[row.agreement_id])
            for row in rows
            if row.joined_agreement == name and row.agreement_id in agreements
        )
        return replace(
            service,
            joined=tuple(joined),
            billed_with=billed_with(others),
        )

    def _refuse_not_as_arranged(self, bill: Bill) -> None:
        """Before a bill is kept: its claims are what is arranged now.

        :raises KeptBackTogether: if they are not
        """
        rows = self._known_together(None)
        if not rows and not bill.joined:
            return
        agreements = {one.agreement_id: one for one in self._agreements.known()}
        wanted = set()
        for row in rows:
            if row.joined_agreement == bill.agreement_id and row.days.within(bill.days):
                raise not_as_arranged(bill.bill_id)
            days = row.days.within(bill.days) if row.agreement_id == bill.agreement_id else None
            if days is not None and row.joined_agreement not in agreements:
                raise not_as_arranged(bill.bill_id)
            if days is None:
                continue
            other = agreements[row.joined_agreement]
            days = other.days.within(days)
            if days is not None:
                wanted.add((other.agreement_id, other.service_point_id, days))
        if wanted != {told for _, *rest in points_of(bill)[1:] for told in [tuple(rest)]}:
            raise not_as_arranged(bill.bill_id)
        for name, point, days in wanted:  # days before would be on no bill
            first = agreements[name].days.from_day
            if days.from_day not in (first, self._billed_until(name, point)):
                raise not_as_arranged(bill.bill_id)

    # Answered by the rest of the store.

    def _look(self) -> None:
        raise NotImplementedError

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError

    def _billed_until(self, agreement_id: str, service_point_id: str) -> date | None:
        raise NotImplementedError
