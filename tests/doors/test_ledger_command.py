"""``meterledger ledger``: chart, balances, periods, the journal as text. The store is memory's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.stores.paper_town import account_id, bill_of, payment_of, start_of
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.entrypoints.wiring import open_book
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ports import Viewer

ACCOUNT = account_id(1)
NOW = datetime(2025, 3, 10, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def book() -> Any:
    return open_book(default_book_folder())


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, book: Any) -> Callable[..., Result]:
    """Bills of 31 January and 2 March, and 50.00 USD on 20 February; it is 10 March 2025."""
    store = MemoryStore()
    store.start_service(start_of(1))
    store.record_bills([bill_of(1, 0), bill_of(1, 1)])
    store.record_payment(*payment_of(1))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with store.viewing(viewer, subjects):
            yield wiring.System(store, None, book, NOW, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), ["ledger", *words])


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


def test_the_chart_has_names_sides_and_texts(ask: Any) -> None:
    told = {one["account"]: one for one in answer(ask("accounts", "--json"))["accounts"]}
    assert (told["142"]["side"], told["142"]["sub_ledger"]) == ("debit", True)
    assert (told["144"]["side"], told["144"]["sub_ledger"]) == ("credit", False)
    assert told["253.unapplied"]["citation"] == "18 CFR part 101, account 253"
    assert "235                  Customer deposits (credit, by customer)" in ask("accounts").stdout


class TestShow:
    def test_a_customer_with_entries_and_balances(self, ask: Any) -> None:
        told = answer(ask("show", ACCOUNT, "--json"))
        assert told["balances"] == {"142": "280.38"}
        assert [one["effective"] for one in told["entries"]] == [
            "2025-01-31",
            "2025-02-20",
            "2025-03-02",
        ]
        assert "142       -$50.00  " in ask("show", ACCOUNT).stdout

    def test_on_a_day_and_as_known_then(self, ask: Any) -> None:
        on = answer(ask("show", ACCOUNT, "--at", "2025-02-19", "--json"))
        assert (on["balances"], len(on["entries"])) == ({"142": "165.19"}, 1)
        known = answer(ask("show", ACCOUNT, "--known-at", "2025-01-01T00:00:00Z", "--json"))
        assert (known["balances"], known["entries"]) == ({}, [])

    def test_an_account_of_the_chart(self, ask: Any) -> None:
        told = answer(ask("show", "142", "--at", "2025-02-28", "--json"))
        assert (told["name"], told["balance_usd"]) == ("Customer accounts receivable", "115.19")
        assert "131 Cash stands at $50.00." in ask("show", "131").stdout

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("show", "999"), "The chart has no account 999"),
            (("show", account_id(9)), f"There is no account {account_id(9)}"),
            (("show", ACCOUNT, "--at", "٢٠٢٥-01-01"), "is not a day between 1990 and 2100"),
            (("show", ACCOUNT, "--known-at", "2025-03-01"), "'2025-03-01' is not an instant"),
            (("show", ACCOUNT, "--known-at", "2025-13-01T00:00Z"), "is not an instant"),
        ],
    )
    def test_refuses_what_is_not_there(self, ask: Any, words: Any, sentence: str) -> None:
        assert sentence in refused(ask(*words))


class TestPeriods:
    def test_close_in_order_and_keep_their_totals(self, ask: Any) -> None:
        told = answer(ask("close-period", "2025-01", "--by", "Ana", "--json"))
        assert (told["status"], told["closed_by"]) == ("closed", "Ana")
        assert told["totals"][0] == {
            "account": "142",
            "debit_usd": "165.19",
            "credit_usd": "0.00",
            "legs": 1,
        }
        assert answer(ask("close-period", "2025-01", "--by", "Ana", "--json"))["status"] == "known"
        assert "closed already, by Ana" in refused(ask("close-period", "2025-01", "--by", "Ben"))
        assert (
            "The period 2025-02 is closed" in ask("close-period", "2025-02", "--by", "Ben").stdout
        )
        assert "The books are open from 2025-03-01." in ask("periods").stdout

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("2025-03", "--by", "Ana"), "The period 2025-03 is not over before 2025-04-01"),
            (("2025-01",), "A period is closed by a person"),
            (("2025-1", "--by", "Ana"), "'2025-1' is not a month"),
            (("2025-13", "--by", "Ana"), "'2025-13' is not a month"),
            (("٢٠٢٥-01", "--by", "Ana"), "is not a month"),
        ],
    )
    def test_are_refused_as_asked(self, ask: Any, words: Any, sentence: str) -> None:
        assert sentence in refused(ask("close-period", *words))


def test_a_trial_balance_is_zero_together(ask: Any) -> None:
    told = answer(ask("trial-balance", "--booked-until", "2025-03-01", "--json"))
    assert told["accounts"] == {"131": "50.00", "142": "115.19", "440": "-165.19"}
    assert told["total_usd"] == "0.00"
    assert "Together $0.00." in ask("trial-balance", "--at", "2025-01-30").stdout


def test_the_journal_is_written_to_a_file(ask: Any, tmp_path: Path) -> None:
    path = tmp_path / "journal.beancount"
    told = answer(ask("export", "--account", ACCOUNT, "--to", str(path), "--json"))
    assert told["lines"] == path.read_text(encoding="utf-8").count("\n")
    assert path.stat().st_mode & 0o077 == 0
    assert f"bean-check {path}" in " ".join(ask("export", "--to", str(path)).stdout.split())
    assert "cannot be written" in refused(ask("export", "--to", str(tmp_path / "no" / "file")))
