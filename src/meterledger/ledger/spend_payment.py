"""A payment over an account's open items: the parts in the order of the sheet, and its entry.

Lives here      which item is previous and which current, parts of one payment, the entry that
                posts them.
Lives elsewhere the order itself (``payment_order``), what is open (``open_items``).
Read first      GRR V.M; docs/operating/payments.md.

The newest bill is the current one: what was charged before its day is previous, what is charged
from its day on is current, as are charges of an account that has no bill yet. Inside a bucket the
oldest item is paid first. Money that was given for named items (a pledge, an agreement's
instalment) pays those first and goes on in the order of the sheet.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from meterledger.facts.entry_names import PAYMENT, UNAPPLIED_MONEY, entry_name
from meterledger.facts.money import Entry, Leg
from meterledger.facts.payments import Channel, Receipt
from meterledger.facts.receivables import ItemKind, Movement, OpenItem
from meterledger.kernel.decision import Reason
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, usd_display
from meterledger.ledger.chart import DEPOSITS, OTHER_RECEIVABLE, UNAPPLIED
from meterledger.ledger.open_items import Receivable
from meterledger.ledger.payment_order import PaymentFacts, decide_payment_split
from meterledger.ledger.templates import CASH, RECEIVABLE
from meterledger.rulebook.terms import Terms

CASH_OF_CHANNEL = {
    Channel.OFFICE: CASH,
    Channel.LOCKBOX: f"{CASH}.lockbox",
    Channel.ACH: f"{CASH}.ach",
    Channel.AUTOPAY: f"{CASH}.ach",
    Channel.CARD: f"{CASH}.card",
    Channel.AGENCY: f"{CASH}.agency",
}
"""Where money is until the bank shows it, by how it reached us."""


@dataclass(frozen=True, slots=True)
class Part:
    """Cents of a payment for one item; ``bucket`` says which rank of the order it was paid in."""

    item_id: str
    kind: ItemKind
    cents: int
    bucket: str


@dataclass(frozen=True, slots=True)
class Spending:
    """Where every cent of a payment goes."""

    parts: tuple[Part, ...]
    left_over_cents: int
    reasons: tuple[Reason, ...]
    earmarked: str = ""


def newest_bill_day(movements: Sequence[Movement], at: date) -> date | None:
    """The day of the account's newest bill that was not taken back; None before the first."""
    gone = {one.reverses for one in movements if one.effective_day <= at}
    return max(
        (
            one.effective_day
            for one in movements
            if one.entry_id.startswith("bill:")
            and one.effective_day <= at
            and one.entry_id not in gone
        ),
        default=None,
    )


def spend_payment(
    cents: int,
    open_now: Receivable,
    *,
    newest_bill: date | None,
    earmarked_to: Sequence[str],
    terms: Terms,
) -> Spending:
    """Split a payment over what is open, in the order of the sheet of the day (GRR V.M).

    :raises NoRuleInForce: if the book has no order for the day
    """
    left: dict[str, int] = {one.item_id: one.open_cents for one in open_now.items}
    kinds = {one.item_id: one.kind for one in open_now.items}
    parts: list[Part] = []
    rest = cents
    for item_id in earmarked_to:
        given = min(rest, left.get(item_id, 0))
        if given:
            parts.append(Part(item_id, kinds[item_id], given, "earmarked"))
            left[item_id] -= given
            rest -= given
    earmarked = f"{usd_display(cents - rest)} was given for these by name" if rest < cents else ""
    buckets: dict[str, list[OpenItem]] = {name: [] for name in ("special", "pu", "pd", "cu", "cd")}
    for item in open_now.items:
        if left[item.item_id]:
            buckets[_bucket(item, newest_bill)].append(item)
    owed = {name: sum(left[one.item_id] for one in items) for name, items in buckets.items()}
    decision = decide_payment_split(
        PaymentFacts(
            Cents(rest),
            current_utility_cents=Cents(owed["cu"]),
            current_deposit_cents=Cents(owed["cd"]),
            previous_utility_cents=Cents(owed["pu"]),
            previous_deposit_cents=Cents(owed["pd"]),
            special_cents=Cents(owed["special"]),
        ),
        terms,
    )
    split = decision.outcome
    paid = (
        ("pu", split.previous_utility_cents, "previous utility charges"),
        ("pd", split.previous_deposit_cents, "previous deposit"),
        ("cu", split.current_utility_cents, "current utility charges"),
        ("cd", split.current_deposit_cents, "current deposit"),
        ("special", split.special_cents, "special charges"),
    )
    for name, of_bucket, words in paid:
        to_spend = int(of_bucket)
        for item in buckets[name]:
            given = min(to_spend, left[item.item_id])
            if given:
                parts.append(Part(item.item_id, item.kind, given, words))
                to_spend -= given
        ensure(to_spend == 0, f"what {words} get is spent on them")
    return Spending(
        tuple(_together(parts)), int(split.left_over_cents), decision.reasons, earmarked
    )


def _bucket(item: OpenItem, newest_bill: date | None) -> str:
    if item.kind is ItemKind.SPECIAL:
        return "special"
    is_previous = newest_bill is not None and item.charged_day < newest_bill
    of = "d" if item.kind is ItemKind.DEPOSIT else "u"
    return ("p" if is_previous else "c") + of


def _together(parts: Sequence[Part]) -> list[Part]:
    """One part for each item: what was given by name and by order is one application."""
    found: dict[str, Part] = {}
    for one in parts:
        known = found.get(one.item_id)
        if known is not None:
            bucket = known.bucket if known.bucket == one.bucket else f"{known.bucket}, {one.bucket}"
            one = Part(one.item_id, one.kind, known.cents + one.cents, bucket)
        found[one.item_id] = one
    return list(found.values())


def entry_for_spending(
    receipt: Receipt,
    account_id: str,
    parts: Sequence[Part],
    *,
    debit: str,
    learned_at: datetime,
    others: Collection[str] = (),
) -> Entry:
    """The entry of a payment: ``debit`` against receivables, other receivables and deposits.

    ``others`` names the items that stand on 143; what pays a deposit that was asked for is credited
    to 235 and never was a receivable.
    """
    deposit = sum(one.cents for one in parts if one.kind is ItemKind.DEPOSIT)
    other = sum(one.cents for one in parts if one.item_id in others)
    credits_ = (
        Leg(RECEIVABLE, deposit + other - receipt.cents, account_id),
        Leg(OTHER_RECEIVABLE, -other, account_id),
        Leg(DEPOSITS, -deposit, account_id),
    )
    return Entry(
        entry_id=entry_name(PAYMENT, receipt.payment_key),
        effective_day=receipt.received_day,
        learned_at=learned_at,
        legs=(Leg(debit, receipt.cents), *(leg for leg in credits_ if leg.cents)),
        cause=f"{receipt.tender.value} payment {receipt.payment_key}",
    )


def entry_for_unapplied(receipt: Receipt) -> Entry:
    """Money that has no account yet, into 253.unapplied."""
    return Entry(
        entry_id=entry_name(UNAPPLIED_MONEY, receipt.payment_key),
        effective_day=receipt.received_day,
        learned_at=receipt.learned_at,
        legs=(Leg(cash_of(receipt.channel), receipt.cents), Leg(UNAPPLIED, -receipt.cents)),
        cause=f"{receipt.tender.value} payment {receipt.payment_key}, of no account yet",
    )


def cash_of(channel: Channel) -> str:
    """The cash account of a channel."""
    return CASH_OF_CHANNEL[channel]
