"""Money that a customer does not take: set apart, written about, claimed, or handed to the State.

Lives here      the journeys and the report's rows.
Lives elsewhere when it is stale and when it is abandoned (``ledger.unclaimed``), writing the report
                as a file and the letter (``entrypoints``).
Read first      RSMo 447.517 and 447.539; docs/operating/settlements.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from meterledger.facts.card_refunds import CardRefundState
from meterledger.facts.settlements import Act, SettlementCase, SettlementKind
from meterledger.kernel.money import Cents, usd_text
from meterledger.kernel.people import same_person
from meterledger.ledger import AbandonedFacts, StaleFacts, decide_abandoned, decide_stale
from meterledger.usecases.refund_left import on_a_card, paid_by_the_bank
from meterledger.usecases.settlement_ports import SettlementWrite
from meterledger.usecases.settlements import (
    CannotSettle,
    MoneyDesk,
    Settled,
    named,
    one_step,
    refuse_earlier,
    step_on,
)

HELD = frozenset({Act.UNCLAIMED, Act.NOTICED})


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Unclaimed money of one customer, and what is to be done with it."""

    case: SettlementCase
    payable_since: date
    cutoff: date
    due: bool
    named: bool
    needs_notice: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What is handed to the State's treasurer for a year: rows by owner, small sums together."""

    cutoff: date
    rows: tuple[tuple[str, ...], ...]
    """Name, address, account, settlement, US dollars, payable since. The header is the first."""
    total_cents: int
    cases: tuple[SettlementCase, ...]


HEADER = ("owner", "address", "account", "settlement", "usd", "payable_since")
SMALL = "small sums together"


def set_stale_apart(*, by: str, desk: MoneyDesk) -> list[SettlementCase]:
    """Move every refund that waited too long to unclaimed money; what is sent is stopped first.

    All of one run or nothing. The books say why in each step. What the processor or the bank shows
    as paid is with its owner, and what the processor has not told of may be
    (``stale_of_unknown_outcome``): neither is touched.
    """
    who, _ = named(by, "a run", "unclaimed money")
    writes = []
    for case, why in _stale(desk):
        if on_a_card(case, desk.store) is not None or paid_by_the_bank(case, desk.store):
            continue
        refuse_earlier(case, desk)
        write = SettlementWrite(case, (), ())
        if case.last.act is Act.SENT:
            write = step_on(write, Act.STOPPED, who, why, desk)
        writes.append(step_on(write, Act.UNCLAIMED, who, why, desk))
    if writes:
        desk.store.record_settlements(writes)
    return [one.case for one in writes]


def stale_of_unknown_outcome(desk: MoneyDesk) -> list[SettlementCase]:
    """Refunds that waited too long for the processor's word: a person asks for it."""
    return [
        case for case, _ in _stale(desk) if on_a_card(case, desk.store) is CardRefundState.UNKNOWN
    ]


def _stale(desk: MoneyDesk) -> Iterator[tuple[SettlementCase, str]]:
    """What is owed or sent and waits for longer than the book has it, with why."""
    for case in desk.store.settlements(kind=SettlementKind.REFUND, open_only=True):
        if case.is_open_refund or case.last.act is Act.SENT:
            decision = decide_stale(StaleFacts(case.last.on), desk.terms)
            if decision.outcome.is_stale:
                yield case, decision.reasons[0].finding


def note_letter(settlement_id: str, *, by: str, reference: str, desk: MoneyDesk) -> Settled:
    """Keep that the owner was written to; ``reference`` is the letter's number, noted once."""
    case = desk.store.settlement(settlement_id)
    if any(one.act is Act.NOTICED and one.reference == reference for one in case.steps):
        return Settled(case, is_new=False)
    said = f"the owner was written to, {reference}"
    who, why = named(by, said, f"settlement {settlement_id[:80]}")
    refuse_earlier(case, desk)
    write = step_on(SettlementWrite(case, (), ()), Act.NOTICED, who, why, desk, reference=reference)
    desk.store.record_settlements([write])  # refuses where a step came between
    return Settled(write.case)


def claim(settlement_id: str, *, by: str, reason: str, desk: MoneyDesk) -> Settled:
    """The owner came: it is a refund again, to be sent."""
    return one_step(settlement_id, Act.CLAIMED, by=by, reason=reason, desk=desk)


def unclaimed_money(desk: MoneyDesk) -> list[Unclaimed]:
    """All that is unclaimed and with us, the oldest first, with what the statute says of it."""
    found = []
    for case in desk.store.settlements(kind=SettlementKind.REFUND, open_only=True):
        if case.last.act not in HELD:
            continue
        since = next(one.on for one in case.steps if one.act is Act.APPROVED)
        # A letter of before the owner claimed it is of another time: whoever let it grow stale
        # again is written to again.
        written_to = case.last.act is Act.NOTICED
        facts = AbandonedFacts(since, Cents(case.cents), written_to)
        told = decide_abandoned(facts, desk.terms).outcome
        found.append(Unclaimed(case, since, told.cutoff, told.due, told.named, told.needs_notice))
    return sorted(found, key=lambda one: (one.payable_since, one.case.settlement_id))


def report_unclaimed(desk: MoneyDesk) -> Report:
    """What is due to be handed over on the day. Nothing is changed.

    :raises CannotSettle: if an owner who is to be named was not written to
    """
    due = [one for one in unclaimed_money(desk) if one.due]
    silent = [one.case.settlement_id for one in due if one.needs_notice]
    if silent:
        raise CannotSettle(
            f"The owner of {silent[0]}"
            + (f" and {len(silent) - 1} more" if silent[1:] else "")
            + " was not written to",
            where="unclaimed report",
            why="Who is named in the report is written to before",
            do="Send the letters, and note each with `meterledger unclaimed letter`",
        )
    rows: list[tuple[str, ...]] = [HEADER]
    for one in due:
        if one.named:
            rows.append(_row(one, desk))
    small = [one for one in due if not one.named]
    if small:
        cents = sum(one.case.cents for one in small)
        rows.append((SMALL, "", "", str(len(small)), usd_text(cents), ""))
    return Report(
        cutoff=max((one.cutoff for one in due), default=desk.on),
        rows=tuple(rows),
        total_cents=sum(one.case.cents for one in due),
        cases=tuple(one.case for one in due),
    )


def hand_over(report: Report, *, by: str, reason: str, reference: str, desk: MoneyDesk) -> Report:
    """Pay what a report names to the State, all of it or nothing.

    Who hands over is another person than who asked for any of the refunds.

    :raises CannotSettle: if the same person asked for one, or by or reason is missing
    :raises Conflict: if one of them was claimed meanwhile
    """
    who, why = named(by, reason, "unclaimed report")
    writes = []
    for case in report.cases:
        refuse_earlier(case, desk)
        if same_person(case.asked.by, who):
            raise CannotSettle(
                f"{who} has asked for {case.settlement_id} and cannot hand it over",
                where="unclaimed report",
                why="Money that leaves needs two different people",
                do="Let another person hand it over",
            )
        begun = SettlementWrite(case, (), ())
        writes.append(step_on(begun, Act.ESCHEATED, who, why, desk, reference=reference))
    if writes:
        desk.store.record_settlements(writes)
    return Report(report.cutoff, report.rows, report.total_cents, tuple(one.case for one in writes))


def _row(one: Unclaimed, desk: MoneyDesk) -> tuple[str, ...]:
    case = one.case
    services = desk.store.services_of_account(case.account_id, desk.now)
    premise = services[-1].premise if services else None
    address = (
        f"{premise.address}, {premise.city}, {premise.state} {premise.postal_code}"
        if premise
        else ""
    )
    name = case.payee.name if case.payee else ""
    return (
        *(name, address, case.account_id, case.settlement_id, usd_text(case.cents)),
        one.payable_since.isoformat(),
    )
