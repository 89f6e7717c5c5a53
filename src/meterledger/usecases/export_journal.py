"""The journal as plain text that beancount reads: of everybody, or of one account.

Lives here      names of accounts, transactions, and what each account must come to.
Lives elsewhere the entries and sums (``stores``), the chart (``ledger``), writing the file
                (``entrypoints/cli/ledger``).
Read first      docs/operating/ledger.md: "Checked by a program that is not ours".

Two lines of checks are in the text. Each transaction must balance, and each account must come to
the sum that the store itself tells: it is asked apart from the entries, so that a program that is
not ours finds an entry that is missing, doubled or changed. A transaction has the day on which it
was so; ``learned`` and ``booked`` are beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from meterledger.facts.money import Entry, Leg
from meterledger.kernel.money import usd_text
from meterledger.ledger import Group, account_name, chart_account, control_of

OPENED = date(1990, 1, 1)
ROOTS = {
    Group.ASSET: "Assets",
    Group.LIABILITY: "Liabilities",
    Group.INCOME: "Income",
    Group.EXPENSE: "Expenses",
}


class Journal(Protocol):
    """What this journey needs of the store."""

    def entry_months(self) -> list[date]:
        """Months in which entries are effective, oldest first, each by its first day."""

    def entries_of_month(self, month: date, *, after: str = "", limit: int = 5_000) -> list[Entry]:
        """Up to ``limit`` entries of a month by name, after the one named."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""

    def account_balances(
        self, account_id: str, *, at: date | None = None, known_at: datetime | None = None
    ) -> dict[str, int]:
        """What a customer has on each ledger account."""

    def ledger_balances(
        self,
        *,
        at: date | None = None,
        known_at: datetime | None = None,
        booked_until: date | None = None,
    ) -> dict[str, int]:
        """What each ledger account stands at."""


def export_journal(store: Journal, *, account_id: str | None = None) -> Iterator[str]:
    """The lines of the text, each with its end; of one customer's entries, or of all.

    A month is in memory at a time. Each entry is whole: of one customer, the other legs stand
    there too, and only what is the customer's has to come to a sum.
    """
    yield 'option "title" "Meterledger journal"\n'
    yield 'option "operating_currency" "USD"\n'
    opened: set[str] = set()
    last = OPENED
    for entry in _entries(store, account_id):
        for leg in entry.legs:
            for name, ledger_account in _names(leg):
                if name not in opened:
                    opened.add(name)
                    yield f'\n{OPENED} open {name} USD\n  name: "{account_name(ledger_account)}"\n'
        yield from _transaction(entry)
        last = max(last, entry.effective_day)
    yield "\n"
    check = last + timedelta(days=1)
    if account_id is None:
        for ledger_account, cents in _with_controls(store.ledger_balances()).items():
            if journal_name(ledger_account) in opened:
                yield f"{check} balance {journal_name(ledger_account)}  {usd_text(cents)} USD\n"
        return
    mine = store.account_balances(account_id)
    for ledger_account in sorted({leg.ledger_account for leg in _legs_of(store, account_id)}):
        name = journal_name(ledger_account, account_id)
        yield f"{check} balance {name}  {usd_text(mine.get(ledger_account, 0))} USD\n"


def journal_name(ledger_account: str, customer_account_id: str | None = None) -> str:
    """An account as beancount writes it: ``Assets:142:Budget:C4000000010``."""
    known = chart_account(ledger_account)
    root = ROOTS[known.group] if known else "Equity"
    control, *parts = ledger_account.split(".")
    words = [control, *(_word(part) for part in parts)]
    if customer_account_id is not None:
        words.append(f"C{_word(customer_account_id)}")
    return ":".join([root, *words])


def _word(part: str) -> str:
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in part)
    return plain[:1].upper() + plain[1:]


def _names(leg: Leg) -> Iterator[tuple[str, str]]:
    control = control_of(leg.ledger_account)
    yield journal_name(control), control
    yield journal_name(leg.ledger_account), leg.ledger_account
    if leg.customer_account_id is not None:
        yield journal_name(leg.ledger_account, leg.customer_account_id), leg.ledger_account


def _with_controls(sums: dict[str, int]) -> dict[str, int]:
    """Every account with what is under it, as beancount adds up: 142 with 142.budget."""
    found: dict[str, int] = {}
    for account, cents in sums.items():
        parts = account.split(".")
        for length in range(1, len(parts) + 1):
            name = ".".join(parts[:length])
            found[name] = found.get(name, 0) + cents
    return dict(sorted(found.items()))


def _entries(store: Journal, account_id: str | None) -> Iterable[Entry]:
    if account_id is not None:
        yield from store.entries_of_account(account_id)
        return
    for month in store.entry_months():
        found: list[Entry] = []
        while page := store.entries_of_month(month, after=found[-1].entry_id if found else ""):
            found += page
        yield from sorted(found, key=lambda one: (one.effective_day, one.learned_at, one.entry_id))


def _legs_of(store: Journal, account_id: str) -> Iterator[Leg]:
    for entry in store.entries_of_account(account_id):
        yield from (leg for leg in entry.legs if leg.customer_account_id == account_id)


def _transaction(entry: Entry) -> Iterator[str]:
    yield f'\n{entry.effective_day} * "{_text(entry.cause)}"\n'
    yield f'  entry: "{_text(entry.entry_id)}"\n'
    yield f'  learned: "{entry.learned_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"\n'
    if entry.booked_day is not None:
        yield f"  booked: {entry.booked_day}\n"
    if entry.reverses is not None:
        yield f'  reverses: "{_text(entry.reverses)}"\n'
    for leg in entry.legs:
        name = journal_name(leg.ledger_account, leg.customer_account_id)
        yield f"  {name}  {usd_text(leg.cents)} USD\n"


def _text(words: str) -> str:
    plain = " ".join(words.split())
    return plain.replace("\\", "\\\\").replace('"', '\\"')
