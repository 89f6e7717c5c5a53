"""What bills before tell a bill: the demand of earlier periods, credits that are open.

Lives here      reading both off the records of bills that were issued, as they stood then.
Lives elsewhere what a ratchet or a credit does (``rating``), which bills are asked for
                (``beside_usage``), credits as an account (``programs``, the room).
Read first      docs/reference/tariff_files.md, "A rate schedule, to the cent": "Demand".

Bills are evidence that stays: a replay looks at the same ones and finds the same numbers. A bill
that was corrected later counts as it stood; one that took its place counts once it is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from meterledger.facts.bills import read_record
from meterledger.facts.places import BillableService
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import cents_from_text, whole_from_decimal_text
from meterledger.kernel.span import DaySpan
from meterledger.programs import CreditAccount, CreditsOfBill, credit_account
from meterledger.rating import RatePlan
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import ChargeKind
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.register_history import was_issued_before

INITIAL = "initial"


@dataclass(frozen=True, slots=True)
class DemandBefore:
    """The demand of periods before by billing demand, and which of them begin with the service."""

    periods: dict[str, tuple[tuple[date, int], ...]]
    new: frozenset[str]
    reasons: tuple[Reason, ...]


def bills_before(
    service: BillableService, first_day: date, bills: Sequence[StoredBill], known_at: datetime
) -> list[StoredBill]:
    """The account's own bills of the place that ended by a day, oldest first.

    As they stood then: a bill issued in the same run was known (``was_issued_before``), one that
    took the place of another only once it was decided.
    """
    agreement = service.agreement

    def was_known(one: StoredBill) -> bool:
        if one.corrects is not None:
            return one.known_at <= known_at
        return was_issued_before(one, agreement, known_at)

    return [
        one
        for one in sorted(bills, key=lambda one: (one.days.from_day, one.bill_id))
        if one.account_id == agreement.account_id
        and one.days.until_day <= first_day
        and was_known(one)
        and one.was_live(known_at)
    ]


def history_before(
    service: BillableService,
    window: DaySpan,
    plan: RatePlan,
    bills: Sequence[StoredBill],
    known_at: datetime,
    view: BookView,
) -> DemandBefore:
    """The measured part of each billing demand that the plan looks back at, newest first.

    Periods follow each other without a gap. One that did not bill the demand ends what is known;
    rating refuses where that is too little and the service is not new.
    """
    records = [
        (one, read_record(one.record))
        for one in reversed(bills_before(service, window.from_day, bills, known_at))
    ]
    periods: dict[str, tuple[tuple[date, int], ...]] = {}
    new: set[str] = set()
    reasons: list[Reason] = []
    for use in plan.ratchets:
        wanted = use.ratchet.periods if use.ratchet is not None else 0
        found: list[tuple[date, int]] = []
        begins, kind = window.from_day, ""
        for bill, record in records:
            watts = _measured_w(record, bill.days, use.name, view)
            if len(found) == wanted or bill.days.until_day != begins or watts is None:
                break
            found.append((bill.days.until_day, watts))
            begins, kind = bill.days.from_day, record["kind"]
        periods[use.name] = tuple(found)
        starts = begins == service.agreement.days.from_day and not service.continues
        if starts or kind == INITIAL:
            new.add(use.name)
        told = ", ".join(f"{_kw(watts)} kW until {until}" for until, watts in found) or "none"
        since = "; the service began then" if use.name in new else ""
        reasons.append(
            Reason(
                f"measured demand of the periods before, for '{use.name}': {told}{since}",
                view.schedule_series(plan.schedule.code).on(window.from_day).citation,
            )
        )
    return DemandBefore(periods, frozenset(new), tuple(reasons))


def _kw(watts: int) -> str:
    return f"{watts // 1000}.{watts % 1000:03d}".rstrip("0").rstrip(".")


def _measured_w(record: dict[str, Any], days: DaySpan, name: str, view: BookView) -> int | None:
    """Watts measured in the period of a bill; None where the bill does not tell."""
    found = []
    for line in record["lines"]:
        inputs = line["inputs"]
        if line["unit"] == "kW" and inputs.get("demand") == name and "beyond_kw" not in inputs:
            kw = inputs.get("measured_kw", line["quantity"])
            found.append(whole_from_decimal_text(kw, decimals=3))
    if found:
        return max(watts for watts in found if watts is not None)
    return 0 if _charges_all_year(record["schedule"], days.from_day, name, view) else None


def _charges_all_year(code: str, day: date, name: str, view: BookView) -> bool:
    """Whether a bill without a line for the demand says that there was none."""
    schedule = view.schedule(code, day)
    seasons = {
        rule.season
        for rule in schedule.charges
        if rule.kind is ChargeKind.DEMAND and rule.demand == name and rule.over is None
    }
    return None in seasons or seasons >= set(view.seasons(schedule.seasons).on(day).value.months)


def credits_before(
    service: BillableService,
    window: DaySpan,
    programs: Sequence[str],
    bills: Sequence[StoredBill],
    known_at: datetime,
    view: BookView,
) -> CreditAccount:
    """Credits for energy received that are open for a window, of the bills before it.

    :raises CreditsOverused: if a bill used what none before it grants any more
    """
    before = bills_before(service, window.from_day, bills, known_at)
    moves = _moves(programs, before, view)
    return credit_account(moves, window.until_day, _months(programs, window.last_day, view))


def credits_on(
    service: BillableService,
    on: date,
    programs: Sequence[str],
    bills: Sequence[StoredBill],
    known_at: datetime,
    view: BookView,
) -> CreditAccount:
    """Credits on a day, of all bills known: what was granted, used, has expired and is open.

    :raises CreditsOverused: if a bill used what none before it grants any more
    """
    moves = _moves(programs, bills_before(service, date.max, bills, known_at), view)
    return credit_account(moves, on, _months(programs, on, view))


def _moves(
    programs: Sequence[str], bills: Sequence[StoredBill], view: BookView
) -> list[CreditsOfBill]:
    moves = []
    for bill in bills:
        used = granted = 0
        codes = _credit_codes(programs, bill.days.from_day, view)
        for line in read_record(bill.record)["lines"]:
            kind = codes.get(line["code"])
            if kind is ChargeKind.NET_CREDIT:
                used -= cents_from_text(line["usd"], where=bill.bill_id)
            elif kind is ChargeKind.NET_EXCESS:
                text = line["inputs"]["credit_granted_usd"]
                granted += cents_from_text(text, where=bill.bill_id)
        if used or granted:
            months = _months(programs, bill.days.last_day, view)
            moves.append(CreditsOfBill(bill.days.until_day, used, granted, months))
    return moves


def _credit_codes(programs: Sequence[str], day: date, view: BookView) -> dict[str, ChargeKind]:
    found: dict[str, ChargeKind] = {}
    for name in programs:
        dated = view.of_kind(name, "program").covering(day)
        charges = dated.value.charges if dated is not None else ()
        found |= {rule.code: rule.kind for rule in charges}
    return found


def _months(programs: Sequence[str], day: date, view: BookView) -> int:
    """For how many months a credit lasts, by the programmes on a day."""
    found = [
        int(view.number(dated.value.net_metering.expires_months).on(day).value)
        for name in programs
        if (dated := view.of_kind(name, "program").covering(day)) is not None
        and dated.value.net_metering is not None
    ]
    return max(found, default=0)
