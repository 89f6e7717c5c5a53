"""What of the money is unexplained on a day, and who owns each of it.

Lives here      the monitors: bank lines nobody expected, money the bank has not shown in time,
                money without an account, outcomes nobody knows, ties that do not hold.
Lives elsewhere each figure (``reconcile_bank``, ``finance_aging``, ``finance_reports``).
Read first      docs/operating/reconciliation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from meterledger.facts.bank import Expectation
from meterledger.facts.card_refunds import CardRefundOnFile, CardRefundState
from meterledger.facts.checkouts import (
    CARD_BACK_LINE,
    CARD_LINE,
    OF_CHECKOUT,
    CheckoutOnFile,
    CheckoutState,
)
from meterledger.facts.payments import Channel, ReceiptOnFile, ReceiptState
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import usd_text
from meterledger.kernel.span import DaySpan
from meterledger.ledger import UNAPPLIED, cash_of
from meterledger.rulebook.book import BookView
from meterledger.rulebook.ours import whole_of_ours
from meterledger.usecases.finance_aging import Aging, AgingStore, aging
from meterledger.usecases.finance_reports import (
    CashStore,
    RevenueStore,
    Tie,
    TrialBalanceStore,
    cash,
    month_of,
    revenue,
    trial_balance,
)
from meterledger.usecases.lines_by_hand import BY_HAND
from meterledger.usecases.reconcile_bank import (
    OWNER_OF_UNEXPECTED,
    OWNER_OF_UNSEEN,
    ReconciliationStore,
    bank_position,
)

OWNER_OF_MONEY = "payment desk"
OWNER_OF_BOOKS = "general accounting"
CASH_CARD = cash_of(Channel.CARD)
RECEIPTS_AT_MOST = 10_000
"""Before the book said it (``report_receipts_at_most``)."""
LONG_AGO, FAR = date(1, 1, 1), date(9999, 1, 1)


class MonitorStore(
    ReconciliationStore, AgingStore, CashStore, RevenueStore, TrialBalanceStore, Protocol
):
    """What the monitors ask of the store."""

    def receipts(
        self,
        *,
        account_id: str | None = None,
        state: ReceiptState | None = None,
        file_sha256: str | None = None,
        channel: Channel | None = None,
        limit: int = 500,
    ) -> list[ReceiptOnFile]:
        """Receipts that stand so, the newest first."""

    def expected_bank_lines(self, from_day: date, until_day: date) -> list[Expectation]:
        """What channels say that the bank should show on the days."""

    def checkouts(self, *, state: CheckoutState | None = None) -> Sequence[CheckoutOnFile]:
        """Card and wallet payments that stand so, the oldest first."""

    def card_refunds(self, *, state: CardRefundState | None = None) -> Sequence[CardRefundOnFile]:
        """Refunds to cards that stand so, the oldest first."""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """So many things of one kind, and who is to do what about them."""

    words: str
    count: int
    cents: int
    owner: str
    do: str

    def as_json(self) -> dict[str, Any]:
        """A row of ``report unexplained --json``."""
        return {
            "what": self.words,
            "count": self.count,
            "usd": usd_text(self.cents),
            "owner": self.owner,
            "do": self.do,
        }


@dataclass(frozen=True, slots=True)
class Monitors:
    """All kinds, and every tie of every report of this month."""

    on: date
    items: tuple[Unexplained, ...]
    ties: tuple[Tie, ...]


def unexplained(
    on: date, *, view: BookView, store: MonitorStore, aged: Aging | None = None
) -> Monitors:
    """What nobody can explain on the day, kind by kind; a kind with nothing is told, too.

    ``aged`` is what is open by age, where it was asked already; of another day it is asked anew.

    :raises NoRuleInForce: if the book has no days of reconciliation
    """
    bank = bank_position(on=on, view=view, store=store)
    most = whole_of_ours(view, "report_receipts_at_most", on, RECEIPTS_AT_MOST)
    unapplied = store.receipts(state=ReceiptState.UNAPPLIED, limit=most)
    unknown = _unknown_payments(on, view, store)
    unknown_refunds = [
        one.refund.cents
        for one in store.card_refunds(state=CardRefundState.UNKNOWN)
        if local_day_of(one.refund.started_at, view.time_zone) < on
    ]
    if aged is None or aged.at != on:
        aged = aging(on, view=view, store=store)
    month = month_of(on)
    days = DaySpan(month.from_day, on + timedelta(days=1))
    ties = (
        *(Tie(*one) for one in bank.tie()),
        *aged.ties,
        *trial_balance(days, store=store).ties,
        *revenue(days, view=view, store=store).ties,
        *cash(days, store=store).ties,
        Tie(
            "money without an account: receipts = 253.unapplied",
            sum(one.receipt.cents for one in unapplied),
            -store.trial_balance().get(UNAPPLIED, 0),
        ),
    )
    broken = [one for one in ties if not one.holds]
    lines = store.expected_bank_lines(LONG_AGO, FAR)
    by_hand = _cards_by_hand(lines, store)
    channels = _channels_apart(lines, -sum(one.receipt.cents for one in by_hand), store)
    return Monitors(
        on,
        (
            Unexplained(
                "seen at the bank and not expected",
                len(bank.open_lines),
                bank.unexpected_cents,
                OWNER_OF_UNEXPECTED,
                "See `meterledger bank open`; explain the line, or propose an adjustment",
            ),
            Unexplained(
                f"expected for more than {bank.overdue_days} days and not seen at the bank",
                len(bank.overdue),
                sum(one.cents for one in bank.overdue),
                OWNER_OF_UNSEEN,
                "See `meterledger bank open`; ask the bank, or reverse what never came",
            ),
            Unexplained(
                "statements missing between two others",
                len(bank.gaps),
                0,
                OWNER_OF_UNSEEN,
                "Ask the bank for the statement and take it with `meterledger bank take`",
            ),
            Unexplained(
                "channels whose files say other cash than the book has",
                len(channels),
                sum(channels.values()),
                OWNER_OF_MONEY,
                f"Compare the files of {', '.join(channels) or 'each channel'} with the ledger "
                "account of the channel; one of them lacks an event",
            ),
            Unexplained(
                "card payments taken back by hand, of which the processor has not said so",
                len(by_hand),
                sum(one.receipt.cents for one in by_hand),
                OWNER_OF_MONEY,
                _ask_of(by_hand),
            ),
            Unexplained(
                "money that has no account",
                len(unapplied),
                sum(one.receipt.cents for one in unapplied),
                OWNER_OF_MONEY,
                "See `meterledger payment`; assign it to its account, or send it back",
            ),
            Unexplained(
                "payments of which nobody knows the outcome",
                len(unknown),
                sum(unknown),
                OWNER_OF_MONEY,
                "See `meterledger checkout unknown`; ask who processes them. Nothing is counted as "
                "paid or missed until then",
            ),
            Unexplained(
                "refunds to cards of which nobody knows the outcome",
                len(unknown_refunds),
                sum(unknown_refunds),
                OWNER_OF_MONEY,
                "Ask with `meterledger refund ask-card`; nothing is sent another way until then",
            ),
            Unexplained(
                "accounts whose open items are not their balance",
                len(aged.apart),
                sum(one.open_cents - one.credit_cents - one.balance_cents for one in aged.apart),
                OWNER_OF_BOOKS,
                "See `meterledger report aging`; the account's entries tell which one is apart",
            ),
            Unexplained(
                "figures that do not tie to the journal",
                len(broken),
                sum(abs(one.left_cents - one.right_cents) for one in broken),
                OWNER_OF_BOOKS,
                "See the ties below; open the report that shows it",
            ),
        ),
        ties,
    )


def _unknown_payments(on: date, view: BookView, store: MonitorStore) -> list[int]:
    """Cents of each payment without a known outcome: what a person was told of, and checkouts that
    were begun before the day. Those of the day may still be on the processor's pages.
    """
    most = whole_of_ours(view, "report_receipts_at_most", on, RECEIPTS_AT_MOST)
    told = store.receipts(state=ReceiptState.UNKNOWN, limit=most)
    return [one.receipt.cents for one in told] + [
        one.checkout.cents
        for one in store.checkouts(state=CheckoutState.UNKNOWN)
        if local_day_of(one.checkout.started_at, view.time_zone) < on
    ]


def _cards_by_hand(lines: Sequence[Expectation], store: MonitorStore) -> list[ReceiptOnFile]:
    """Payments of checkouts that a person took back, and whose processor still has the money as
    far as it has said: its lines say that the bank will show it.
    """
    names = {one.expectation_id for one in lines}
    back = store.receipts(state=ReceiptState.RETURNED, channel=Channel.CARD, limit=RECEIPTS_AT_MOST)
    ids = [(one, one.receipt.payment_key.removeprefix(OF_CHECKOUT)) for one in back]
    return [
        one
        for one, name in ids
        if f"{CARD_LINE}:{name}" in names and f"{CARD_BACK_LINE}:{name}" not in names
    ]


def _ask_of(by_hand: Sequence[ReceiptOnFile]) -> str:
    names = [one.receipt.payment_key.removeprefix(OF_CHECKOUT) for one in by_hand]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    which = ", ".join(names[:3]) or "KEY"
    return (
        f"Ask the processor to give it back, then `meterledger checkout ask` of {which}{more}: "
        "its word ends this"
    )


def _channels_apart(
    lines: Sequence[Expectation], cards_by_hand: int, store: MonitorStore
) -> dict[str, int]:
    """By ledger account of a channel that expects something: the book's cash less what it expects.

    Two accounts of one thing, written by different journeys: the legs on cash, and the lines that
    a channel says the bank will show, with what people did by hand. Card payments that people took
    back, in cents below zero, are told by themselves. Only accounts that are not the same are told.
    """
    expected = {CASH_CARD: cards_by_hand} if cards_by_hand else {}
    told: set[str] = set()
    for one in lines:
        if not one.expectation_id.startswith(BY_HAND):
            told.add(one.ledger_account)
        expected[one.ledger_account] = expected.get(one.ledger_account, 0) + one.cents
    book = store.trial_balance()
    between = {
        name: book.get(name, 0) - cents for name, cents in sorted(expected.items()) if name in told
    }
    return {name: cents for name, cents in between.items() if cents}
