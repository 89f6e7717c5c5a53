"""``meterledger extension``: what people and programs are answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.stores.extension_town import DEPOSIT, NOON, OTHERS_DEPOSIT, facility, the_book
from tests.stores.paper_town import account_id, start_of
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.ports import Viewer

ACCOUNT = account_id(1)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    store = MemoryStore()
    store.start_service(start_of(1))
    minutes = iter(range(1000))

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        now = NOON + timedelta(minutes=next(minutes))
        with store.viewing(viewer, subjects):
            yield wiring.System(store, None, the_book(), now, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), ["extension", *words])


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def open_contract(ask: Any, tmp_path: Path) -> Callable[..., Result]:
    def open_it(terms: object, *words: str) -> Result:
        path = tmp_path / "terms.json"
        path.write_text(json.dumps(terms), encoding="utf-8")
        given = ("--account", ACCOUNT, "--terms", str(path), "--by", "Ana", *words)
        result: Result = ask("open", "EXT-1", "--requested", "2018-02-01", *given)
        return result

    return open_it


class TestTheWholeLifeOfADeposit:
    def test_in_commands(self, ask: Any, open_contract: Any) -> None:
        assert told(open_contract(DEPOSIT, "--json"))["status"] == "kept"
        assert told(open_contract(DEPOSIT, "--json"))["status"] == "known"
        early = ask("release", "EXT-1", "--by", "Ana", "--on", "2018-02-01")
        assert early.exit_code == 2
        assert "Construction waits for $6,000.00 of the deposit" in early.output

        pay = ("advance", "EXT-1", "--usd", "6000.00", "--key", "R-1", "--on", "2018-02-01")
        assert told(ask(*pay, "--by", "Ana", "--json"))["held_usd"] == "6000.00"
        assert told(ask("release", "EXT-1", "--by", "Ana", "--json"))["released"] is True
        at = ("--name", "lot-1", "--on", "2018-05-02", "--by", "Ben")
        told(ask("connect", "EXT-1", *at, "--connected", "2018-05-01", "--units", "10", "--json"))
        told(ask("verify", "EXT-1", *at, "--json"))
        assert told(ask("refund", "EXT-1", "--on", "2018-08-01", "--json"))["moved"] == 1
        night = told(ask("run", "--json"))
        assert (night["refunded_usd"], night["kept_usd"]) == ("0.00", "1000.00")

        shown = told(ask("show", "EXT-1", "--json"))
        assert (shown["refunded_usd"], shown["kept_usd"]) == ("5000.00", "1000.00")
        assert shown["refund_dates"][-1] == "2023-02-01"
        before = told(ask("show", "EXT-1", "--as-known", "2026-11-27", "--json"))
        assert (before["held_usd"], before["events"]) == ("0.00", [])
        assert told(ask("show", "EXT-1", "--as-known", "2026-11-28", "--json")) == shown
        clauses = [
            reason["citation"]["text"]
            for event in shown["events"]
            for decision in event["decisions"]
            for reason in decision["reasons"]
        ]
        assert "Sheet of GRR III.O-P.2, rev. 2013, GRR III.O" in clauses
        again = told(ask("replay", "EXT-1", "--json"))
        assert again["same_bytes"] is True
        assert again["records"] == 1 + len(shown["events"])
        words = ask("show", "EXT-1").stdout
        assert "advanced $6,000.00 = refunded $5,000.00 + kept $1,000.00" in words
        assert ask("list", "--account", ACCOUNT).stdout.startswith("EXT-1  account")


class TestADepositOfAnotherParty:
    def test_stands_on_an_account_that_is_said_to_be_theirs(
        self, ask: Any, open_contract: Any
    ) -> None:
        refused = open_contract(OTHERS_DEPOSIT)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert f"nobody says that account {ACCOUNT} is theirs" in refused.output
        assert told(ask("list", "--json"))["extensions"] == []

        opened = told(open_contract(OTHERS_DEPOSIT, "--account-is-the-depositors", "--json"))
        assert (opened["status"], opened["account_is_the_depositors"]) == ("kept", True)
        assert "the account is said to be theirs" in ask("show", "EXT-1").stdout
        assert told(ask("replay", "EXT-1", "--json"))["same_bytes"] is True

    def test_goes_back_to_the_payee_that_is_named(self, ask: Any, open_contract: Any) -> None:
        payee = (
            *("refund", "payee", "DEV-1", "--account", ACCOUNT, "--name", "Oak Homes LLC"),
            *("--means", "check", "--details", "1 Oak Street", "--by", "Ana"),
            *("--evidence", "the agreement"),
        )
        verified = CliRunner().invoke(build_app(), list(payee))
        assert verified.exit_code == 0, verified.output
        opened = told(open_contract(OTHERS_DEPOSIT, "--depositor", "DEV-1", "--json"))
        assert (opened["depositor"], opened["account_is_the_depositors"]) == ("DEV-1", False)
        assert "goes to them alone" in ask("show", "EXT-1").stdout

        nothing = ask("to-depositor", "EXT-1", "--by", "Ana", "--reason", "earned")
        assert nothing.exit_code == 2
        assert "Nothing is due to its depositor now" in nothing.output


class TestAFacility:
    def test_is_charged_until_it_is_changed(self, ask: Any, open_contract: Any) -> None:
        told(open_contract(facility(), "--json"))
        night = ask("facility", "EXT-1", "--on", "2019-03-31")
        assert "2 facility months, $180.00" in night.stdout
        what = ("--what", "enlargement", "--enlargement-usd", "500.00", "--on", "2019-04-02")
        told(ask("change", "EXT-1", *what, "--by", "Ana", "--json"))
        assert told(ask("run", "--json"))["facility_usd"] == "90.00"


class TestRefusals:
    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("show", "EXT-9"), "There is no extension EXT-9"),
            (("run", "--on", "2031-01-01"), "2031-01-01 is not here yet"),
            (("advance", "EXT-1", "--usd", "1e400", "--key", "R"), "is not an amount of dollars"),
            (("advance", "EXT-1", "--usd", "1.00", "--key", "R", "--tender", "gold"), "nothing to"),
            (("sign", "EXT-1", "--by", "Ana"), "There is no guarantee in this contract"),
            (("advance", "EXT-1", "--usd", "1.00", "--key", "R"), "Nobody's name is given"),
            (("change", "EXT-1", "--what", "paint", "--by", "Ana"), "one of its words"),
            (("advance", "EXT-1", "--usd", "1.00", "--key", " ", "--by", "A"), "is no name"),
            (("give-back", "EXT-1", "--by", "Ana"), "No deposit on the guarantee is held"),
        ],
    )
    def test_say_what_to_do(
        self, ask: Any, open_contract: Any, words: tuple[str, ...], sentence: str
    ) -> None:
        told(open_contract(DEPOSIT, "--json"))
        result = ask(*words)
        assert result.exit_code == 2
        assert sentence in result.output

    @pytest.mark.parametrize(
        "poison",
        ["NaN", "-1.00", "1e400", "1_000", "\u0661\u0662", "-0", "0.00", "1,5", "9" * 10_000, ""],
    )
    def test_of_numbers_that_are_none_change_nothing(
        self, ask: Any, open_contract: Any, poison: str
    ) -> None:
        told(open_contract(DEPOSIT, "--json"))
        by = ("--by", "Ana", "--on", "2018-05-02")
        for words in (
            ("advance", "EXT-1", f"--usd={poison}", "--key", "R-1", *by),
            ("connect", "EXT-1", "--name", "a", "--connected", "2018-05-01", f"--units={poison}"),
        ):
            result = ask(*words)
            assert (result.exit_code, result.stdout) == (2, "")
            assert len(result.stderr.strip().splitlines()) == 1
        wrong = {"deposit": DEPOSIT["deposit"] | {"expected_units": poison}}
        assert open_contract(wrong).exit_code == 2
        assert told(ask("show", "EXT-1", "--json"))["events"] == []

    @pytest.mark.parametrize(
        ("terms", "sentence"),
        [
            ({}, "The contract is about nothing"),
            ([], "a group of facts is expected"),
            ({"deposit": {}}, "The fact 'asked' is missing"),
            ({"deposits": {}}, "'deposits' is no fact known here"),
        ],
    )
    def test_of_terms_name_the_place(
        self, open_contract: Any, terms: object, sentence: str
    ) -> None:
        result = open_contract(terms)
        assert result.exit_code == 2
        assert sentence in result.output

    def test_of_no_file(self, ask: Any) -> None:
        given = ("--account", ACCOUNT, "--requested", "2018-02-01", "--terms", "/nowhere.json")
        result = ask("open", "EXT-1", *given)
        assert "The terms cannot be read from /nowhere.json" in result.output
