"""What must hold in the town at the end of any month, counted from what is stored.

Lives here      energy of the meters against bills and holds; books in balance; bills made again.
Lives elsewhere the same promises over any data (``meterledger verify``), enforcing them (stores).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Any, cast

from meterledger.billing import due_windows
from meterledger.entrypoints.demo.story import (
    END_OF_TIME,
    Utility,
    after_the_story,
    book_completed_at,
)
from meterledger.entrypoints.demo.town import (
    CYCLES,
    LAST_RUN_DAY,
    Home,
    Sample,
    Town,
    reading_days,
)
from meterledger.facts.bills import read_record
from meterledger.facts.places import BillableService
from meterledger.facts.shadow import ShadowRun
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.column_prices import PopulationLake
from meterledger.usecases.explain_bill import WeatherKnown, explain_bill
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.replay_bill import replay_bill
from meterledger.usecases.shadow import Shadow, shadow_bills
from meterledger.usecases.usage_replaced import usage_replaced


@dataclass(frozen=True, slots=True)
class HomeEnergy:
    """One home's watt-hours: what its meter measured and sent, what is on bills, what is held."""

    home: Home
    measured_wh: int
    billed_wh: int
    held_wh: int
    replaced_wh: int = 0
    """What is known now beyond what was billed, where a late reading replaced an estimate."""

    @property
    def unexplained_wh(self) -> int:
        """What is neither billed nor held nor known since. Zero, or something is wrong."""
        return self.measured_wh - self.billed_wh - self.held_wh - self.replaced_wh


def energy_of_homes(
    town: Town, utility: Utility, measured_wh: dict[str, int], on: date
) -> list[HomeEnergy]:
    """Measured, billed and held energy of every home, once all readings up to ``on`` have come.

    Measured comes from the town itself, billed from the stored bills' records, held from the lake
    over the windows that are due and not billed: three sources that do not know each other.
    """
    found: list[HomeEnergy] = []
    view = utility.book.as_known(book_completed_at(utility.book).date())
    for home in town.homes:
        billed = held = 0
        for stay in town.stays_at(home.name):
            bills = utility.store.bills_of_account(stay.account_id)
            billed += sum(energy_of_bill(bill) for bill in bills)
            for service in utility.store.services_of_account(stay.account_id, END_OF_TIME):
                held += _held_wh(service, home, utility, view.name, _last_reading_day(home, on))
        since = _replaced_wh(home, town, utility, view)
        found.append(HomeEnergy(home, measured_wh.get(home.meter_id, 0), billed, held, since))
    return found


def _replaced_wh(home: Home, town: Town, utility: Utility, view: BookView) -> int:
    """Watt-hours known now less those billed, of homes that were billed on an estimate."""
    if not utility.store.estimates_of_meter(home.meter_id):
        return 0
    _, found = usage_replaced(
        store=utility.store,
        lake=utility.lake,
        view=view,
        accounts=[stay.account_id for stay in town.stays_at(home.name)],
    )
    return sum(one.difference_wh or 0 for one in found)


def energy_of_bill(bill: StoredBill) -> int:
    """The watt-hours that a stored bill's record says it is for."""
    return int(record_of(bill)["usage"]["energy_wh"])


def record_of(bill: StoredBill) -> dict[str, Any]:
    """A stored bill's calculation record."""
    record: dict[str, Any] = read_record(bill.record)
    return record


def _last_reading_day(home: Home, on: date) -> date | None:
    """Until when the home's readings have come: a sample is delivered when the stay ends."""
    if isinstance(home.source, Sample):
        return on
    return max((day for day in reading_days(home.cycle) if day <= on), default=None)


def _held_wh(
    service: BillableService, home: Home, utility: Utility, book_name: str, read_on: date | None
) -> int:
    if read_on is None:
        return 0
    windows = due_windows(
        agreement=service.agreement,
        cycle=service.account.cycle,
        billed_until=service.billed_until,
        on=read_on,
        view=utility.book.as_known(book_completed_at(utility.book).date()),
    )
    if not windows:
        return 0
    days = DaySpan(windows[0].days.from_day, windows[-1].days.until_day)
    (usage,) = utility.lake.usage(
        [pseudonym(home.meter_id, book_name)], days, at_sequence=utility.store.lake_sequence()
    )
    return int(usage.total_wh[0])


def all_bills(utility: Utility) -> list[StoredBill]:
    """Every bill there is, by account and period."""
    return [
        bill
        for account in utility.store.account_ids()
        for bill in utility.store.bills_of_account(account)
    ]


def bills_of_the_story(utility: Utility) -> list[StoredBill]:
    """Every bill that the story issued, cancelled ones too; none that somebody issued since."""
    over = after_the_story(utility.book)
    return [
        bill
        for account in utility.store.account_ids()
        for bill in utility.store.issued_bills_of_account(account)
        if bill.known_at < over
    ]


def replayed(utility: Utility, bills: Sequence[StoredBill]) -> list[str]:
    """Make the bills again from readings and book; the ids of those with other bytes."""
    return [
        bill.bill_id
        for bill in bills
        if not replay_bill(
            bill_id=bill.bill_id, store=utility.store, lake=utility.lake, book=utility.book
        ).same_bytes
    ]


def differences_that_do_not_add_up(utility: Utility, bills: Sequence[StoredBill]) -> list[str]:
    """Bills whose difference to the one before does not add up by cause, to the cent.

    Each is held against its agreement's bill before it, with the weather as known, and a corrected
    one against the bill it corrects as well.
    """
    at = after_the_story(utility.book)
    weather = WeatherKnown(utility.book.as_known(at.date()), at)
    off: list[str] = []
    for _, those in groupby(bills, key=lambda one: one.account_id):
        ordered = sorted(those, key=lambda one: (one.days.from_day, one.bill_id))
        pairs = [(before.bill_id, after) for before, after in pairwise(ordered)]
        pairs += [(one.corrects, one) for one in ordered if one.corrects is not None]
        for versus, after in pairs:
            answer = explain_bill(
                bill_id=after.bill_id, store=utility.store, versus=versus, weather=weather
            )["versus"]
            difference = after.total_cents - utility.store.bill(versus).total_cents
            for parts in (answer["parts"], answer["by_charge"]):
                cents = sum(cents_from_text(one["usd"], where=after.bill_id) for one in parts)
                if cents != difference:
                    off.append(after.bill_id)
    return off


def shadow_of_last_month(utility: Utility) -> ShadowRun:
    """Every live bill of the last month beside the one that would be made now."""
    at = after_the_story(utility.book)
    shadow = Shadow(
        store=utility.store,
        lake=cast(PopulationLake, utility.lake),
        book=utility.book,
        view=utility.book.as_known(at.date()),
        known_at=at,
        at_sequence=utility.store.lake_sequence(),
    )
    until = LAST_RUN_DAY + timedelta(days=1)
    return shadow_bills(CYCLES, since=until - timedelta(days=31), until=until, shadow=shadow)


def fingerprint(bills: Sequence[StoredBill]) -> str:
    """One hash over all bills' records: equal wherever the town is lived with the same book."""
    return sha256_hex(canonical_bytes([[bill.bill_id, bill.record_sha256] for bill in bills]))


def journal_fingerprint(utility: Utility) -> str:
    """One hash over the entries of all accounts that the story posted: what moved, and when."""
    over = after_the_story(utility.book)
    entries = {
        entry.entry_id: [
            entry.effective_day.isoformat(),
            *([leg.ledger_account, leg.cents, leg.customer_account_id or ""] for leg in entry.legs),
        ]
        for account in utility.store.account_ids()
        for entry in utility.store.entries_of_account(account)
        if entry.learned_at < over
    }
    return sha256_hex(canonical_bytes(dict(sorted(entries.items()))))
