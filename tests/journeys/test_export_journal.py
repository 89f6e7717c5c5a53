"""The journal as plain text, read by beancount: a program that is not ours, run beside ours."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.stores.paper_town import ANALYST, LATER, account_id, bill_of, payment_of, start_of

from meterledger.facts.money import Entry, Leg
from meterledger.facts.periods import PeriodClose
from meterledger.kernel.money import usd_text
from meterledger.ledger import ACCOUNTS, reverse_entry
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.export_journal import export_journal, journal_name

ONE, TWO = account_id(1), account_id(2)
BEAN_CHECK = Path(sys.executable).with_name("bean-check")
SUMS = """
import json, sys
from beancount import loader
from beancount.core import realization
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors
found = {}
for one in realization.iter_children(realization.realize(entries)):
    total = realization.compute_balance(one)
    found[one.account] = str(total.get_currency_units("USD").number)
print(json.dumps(found))
"""
"""What beancount itself makes of the file, every account with what is under it."""


@pytest.fixture
def store() -> MemoryStore:
    """Two customers: bills, payments on several accounts, a reversal, a late payment, odd words."""
    store = MemoryStore()
    store.start_services([start_of(1), start_of(2)])
    store.record_bills([bill_of(1, 0), bill_of(1, 1), bill_of(2, 0, cents=1_234)])
    payment, entry = payment_of(1)
    store.record_payment(payment, entry)
    parts = (
        Leg("131.lockbox", 900),
        Leg("235", -500, TWO),
        Leg("142.budget", -150, TWO),
        Leg("241.state_sales.mo", -250),
    )
    odd = 'check "R-2" \\ of\na customer'
    payment, entry = payment_of(2, "R-2", cents=900)
    store.record_payment(payment, replace(entry, legs=parts, cause=odd))
    store.close_period(PeriodClose(date(2025, 2, 1), "Ana", LATER + timedelta(days=90)))
    store.record_payment(*payment_of(1, "R-3", cents=77))
    back = reverse_entry(entry_of(store, "payment:R-1"), on=date(2025, 3, 9), learned_at=LATER,
                         cause="the bank returned it")  # fmt: skip
    store._keep_entry(back)
    return store


def entry_of(store: MemoryStore, name: str) -> Entry:
    with store.viewing(ANALYST, [ONE]):
        return next(one for one in store.entries_of_account(ONE) if one.entry_id == name)


def written(store: MemoryStore, folder: Path, account: str | None = None) -> Path:
    path = folder / "journal.beancount"
    with store.viewing(ANALYST, [account or "all"]):
        path.write_text("".join(export_journal(store, account_id=account)), encoding="utf-8")
    return path


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BEAN_CHECK, "--no-cache", path], capture_output=True, text=True,
                          check=False, timeout=60)  # fmt: skip


def summed(path: Path) -> dict[str, str]:
    done = subprocess.run([sys.executable, "-c", SUMS, path], capture_output=True, text=True,
                          check=True, timeout=60)  # fmt: skip
    found = json.loads(done.stdout)
    return {account: f"{Decimal(usd):.2f}" for account, usd in found.items()}


class TestTheWholeJournal:
    def test_is_accepted_and_comes_to_our_sums(self, store: MemoryStore, tmp_path: Path) -> None:
        path = written(store, tmp_path)
        done = checked(path)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")

        sums = summed(path)
        for account, cents in store.ledger_balances().items():
            if account not in ("142", "131"):  # beancount adds what is under a control account
                assert sums[journal_name(account)] == usd_text(cents)
        assert sums["Assets:142"] == usd_text(16519 * 2 + 1_234 - 77 - 150)
        with store.viewing(ANALYST, [ONE]):
            for account in (ONE, TWO):
                for name, cents in store.account_balances(account).items():
                    assert sums[journal_name(name, account)] == usd_text(cents)

    @pytest.mark.parametrize(
        ("was", "becomes"),
        [
            (f"C{ONE}  165.19 USD", f"C{ONE}  165.18 USD"),
            ("Assets:131  0.77 USD", "Assets:131:Lockbox  0.77 USD"),
            (f"  Assets:142:C{ONE}  -0.77 USD", f"  Assets:142:Budget:C{TWO}  -0.77 USD"),
        ],
        ids=["by a cent", "to another account", "to another customer"],
    )
    def test_that_was_changed_is_told(
        self, store: MemoryStore, tmp_path: Path, was: str, becomes: str
    ) -> None:
        path = written(store, tmp_path)
        text = path.read_text(encoding="utf-8")
        assert was in text
        path.write_text(text.replace(was, becomes, 1), encoding="utf-8")
        assert checked(path).returncode != 0

    def test_with_an_entry_twice_is_told(self, store: MemoryStore, tmp_path: Path) -> None:
        path = written(store, tmp_path)
        blocks = path.read_text(encoding="utf-8").split("\n\n")
        twice = next(one for one in blocks if 'entry: "payment:R-3"' in one)
        path.write_text("\n\n".join([*blocks, twice, ""]), encoding="utf-8")
        assert checked(path).returncode != 0

    def test_without_an_entry_is_told(self, store: MemoryStore, tmp_path: Path) -> None:
        path = written(store, tmp_path)
        blocks = path.read_text(encoding="utf-8").split("\n\n")
        left = [one for one in blocks if 'entry: "payment:R-3"' not in one]
        assert len(left) == len(blocks) - 1
        path.write_text("\n\n".join(left), encoding="utf-8")
        done = checked(path)
        assert done.returncode != 0
        assert "Balance failed" in done.stdout + done.stderr

    def test_says_what_was_learned_booked_and_taken_back(
        self, store: MemoryStore, tmp_path: Path
    ) -> None:
        text = written(store, tmp_path).read_text(encoding="utf-8")
        assert 'entry: "payment:R-3"' in text
        assert "  booked: 2025-03-01\n" in text
        assert '  reverses: "payment:R-1"\n' in text
        assert '2025-02-20 * "check \\"R-2\\" \\\\ of a customer"\n' in text

    def test_of_nothing_is_accepted(self, tmp_path: Path) -> None:
        done = checked(written(MemoryStore(), tmp_path))
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


class TestOneAccount:
    def test_is_accepted_and_comes_to_what_the_customer_has(
        self, store: MemoryStore, tmp_path: Path
    ) -> None:
        path = written(store, tmp_path, ONE)
        assert checked(path).returncode == 0
        assert summed(path)[f"Assets:142:C{ONE}"] == usd_text(16519 * 2 - 77)
        assert TWO not in path.read_text(encoding="utf-8")


def test_every_account_of_the_chart_has_a_name_of_its_own() -> None:
    names = [journal_name(one.number) for one in ACCOUNTS]
    assert len(set(names)) == len(names)
    assert journal_name("142.budget", ONE) == f"Assets:142:Budget:C{ONE}"
    assert journal_name("241.gross_receipts.st_louis") == "Liabilities:241:Gross-receipts:St-louis"
