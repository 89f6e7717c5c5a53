"""What finance reads at the end of the story: aging, trial balance, money received, what ties.

Lives here      asking for the reports, and what must hold of the money.
Lives elsewhere the reports (``usecases/finance_*``), printing them (``telling``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from meterledger.entrypoints.demo.nights import Utility
from meterledger.entrypoints.demo.story import after_the_story
from meterledger.entrypoints.demo.town import FIRST_DAY, LAST_RUN_DAY
from meterledger.kernel.money import usd_display
from meterledger.kernel.span import DaySpan
from meterledger.ledger import DEPOSITS, control_sums
from meterledger.usecases.deposit_money import deposit_money
from meterledger.usecases.finance_aging import Aging, aging
from meterledger.usecases.finance_reports import Cash, TrialBalance, cash, trial_balance
from meterledger.usecases.finance_unexplained import Monitors, unexplained
from meterledger.usecases.late_charge_replay import replay_late_charge

Proof = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class Books:
    """The reports of the story's last day."""

    aging: Aging
    trial: TrialBalance
    cash: Cash
    monitors: Monitors


def books_of(utility: Utility) -> Books:
    """Read them, by the story's last day."""
    view = utility.book.as_known(after_the_story(utility.book).date())
    store = utility.store
    days = DaySpan(FIRST_DAY, LAST_RUN_DAY + timedelta(days=1))
    return Books(
        aging(LAST_RUN_DAY, view=view, store=store),
        trial_balance(days, store=store),
        cash(days, store=store),
        unexplained(LAST_RUN_DAY, view=view, store=store),
    )


def money_holds(utility: Utility, books: Books) -> Iterator[Proof]:
    """What must hold of the money, each with its figures."""
    found, received = books.cash, books.cash.received
    states: dict[str, int] = {}
    for row in found.rows:
        for word, total in row.states.items():
            states[word] = states.get(word, 0) + total.cents
    became = " + ".join(f"{usd_display(cents)} {word}" for word, cents in states.items() if cents)
    yield (
        all(one.holds for one in found.ties) and sum(states.values()) == received.cents,
        f"Money received {usd_display(received.cents)} = {became}",
    )
    broken = [one.says for one in books.monitors.ties if not one.holds]
    ties = len(books.monitors.ties)
    sentence = f"{ties} figures of aging, trial balance, revenue, cash and bank tie to the journal"
    yield not broken, sentence if not broken else f"{sentence}; not {', '.join(broken)}"
    yield _deposits(utility)
    yield _late_charges(utility)


def _deposits(utility: Utility) -> Proof:
    store = utility.store
    held = 0
    accounts = store.deposit_accounts(with_closed=True)
    for account, deposits in store.deposits_of_accounts(accounts).items():
        held += sum(one.held_cents for one in deposit_money(account, deposits, store).values())
    on_books = -control_sums(store.trial_balance()).get(DEPOSITS, 0)
    return held == on_books, (
        f"Deposits held for customers {usd_display(held)} = customer deposits in the journal "
        f"{usd_display(on_books)}"
    )


def _late_charges(utility: Utility) -> Proof:
    store = utility.store
    charges = [
        one for account in store.account_ids() for one in store.late_charges_of_account(account)
    ]
    others = [
        one.late_charge_id
        for one in charges[:: max(len(charges) // 12, 1)]
        if not replay_late_charge(one.late_charge_id, store=store, book=utility.book).same_bytes
    ]
    cents = sum(one.cents for one in charges)
    sentence = (
        f"{len(charges)} late charges of {usd_display(cents)}; every "
        f"{max(len(charges) // 12, 1)}th decided again: the same bytes"
    )
    return not others, sentence if not others else f"{sentence}, but for {', '.join(others)}"
