"""A row in every table of the bank: a file, a match, an adjustment of two people, an accrual."""

from __future__ import annotations

from datetime import date, timedelta

from tests.stores.paper_town import ANALYST, LATER, account_id

from meterledger.facts.bank import (
    BankFile,
    BankLine,
    BankMatch,
    BankStatement,
    BankUnmatch,
    Expectation,
    LineAct,
    LineStep,
    MatchRule,
)
from meterledger.facts.money import Entry, Leg
from meterledger.facts.unbilled import Accrual, UnbilledLine, UnbilledMethod
from meterledger.kernel.span import DaySpan
from meterledger.stores.postgres import PostgresStore
from meterledger.usecases.unbilled_revenue import entries_of

DAY = LATER.date()


def keep_bank(store: PostgresStore) -> None:
    """A line that nobody expected, adjusted by two people; two of the bank's own that were matched
    and are open again; a month end's unbilled revenue."""
    line = BankLine(f"4471:{DAY}:1", DAY, 7_10, "FT", "wire", "195")
    own = tuple(BankLine(f"4471:{DAY}:{n}", DAY, cents, "X") for n, cents in ((2, 5), (3, -5)))
    statement = BankStatement(f"4471:{DAY}", "4471", DAY, 0, 7_10, (line, *own))
    store.record_bank_file(BankFile("d" * 64, "bank.csv", "csv", (statement,), LATER))
    entry = Entry(
        f"bank-adjustment:{line.line_id}",
        DAY,
        LATER,
        (Leg("131", 7_10), Leg("253.bank", -7_10)),
        "nobody knows whose",
    )
    expected = Expectation(f"{entry.entry_id}#1", "131", DAY, 7_10, entry.cause)
    match = BankMatch("match:paper", MatchRule.ADJUSTED, (line,), (expected,))
    with store.viewing(ANALYST, ["bank"]):
        asked = LineStep(line.line_id, LineAct.PROPOSED, "Ana", "a wire", LATER, "253.bank")
        store.record_line_step(asked)
        let_go = LineStep(line.line_id, LineAct.APPROVED, "Ben", "seen", LATER)
        store.record_line_step(let_go, entry, match)
        wrong = BankMatch("match:own", MatchRule.BANKS_OWN, own, ())
        store.record_bank_matches([wrong], learned_at=LATER)
        store.record_bank_unmatch(BankUnmatch(wrong, "Ana", "two wires, not one", LATER))
        unbilled = UnbilledLine(
            *("AG-1", account_id(1), "1M-anytime", "residential"),
            *(DaySpan(DAY, DAY + timedelta(days=9)), 9, 12_345, 10_00, UnbilledMethod.PRICED),
        )
        accrual = Accrual(date(2025, 8, 31), (unbilled,), b"{}", LATER)
        store.record_accrual(accrual, entries_of(accrual))
