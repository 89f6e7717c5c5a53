"""``meterledger refund``, ``settlement``, ``transfer``, ``write-off``, ``unclaimed``, ``fee``."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.doors.settled_web_town import DEBTOR, ENDED, LIVE, SettledTown, settled_town
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app

BY = ("--by", "Ben Ito", "--reason", "seen and right")


@pytest.fixture
def town() -> SettledTown:
    return settled_town()


@pytest.fixture
def ask(town: SettledTown, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(wiring, "open_system", town.open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(result: Result) -> str:
    assert result.exit_code == 2, result.output
    return result.output


class TestRefund:
    def test_goes_from_asking_to_the_bank(
        self, ask: Any, town: SettledTown, tmp_path: Path
    ) -> None:
        told = answer(ask("refund", "approve", town.asked, *BY, "--json"))
        assert (told["state"], told["usd"], told["standing"]) == ("approved", "20.00", "assumed")
        out = tmp_path / "register.csv"
        (line,) = answer(ask("refund", "to-send", "--out", str(out), "--json"))["to_send"]
        assert (line["settlement"], line["name"], line["means"]) == (
            *(town.asked, "Ana Rivera 1", "check"),
        )
        with out.open(encoding="utf-8", newline="") as file:
            assert list(csv.DictReader(file)) == [line]
        sent = ("refund", "send", town.asked, "--reference", "C-7", "--by", "Cleo", "--json")
        assert answer(ask(*sent))["state"] == "sent"
        cleared = ("refund", "clear", town.asked, "--reference", "L-1", "--by", "bank", "--json")
        assert answer(ask(*cleared))["ways"] == []

    def test_is_not_approved_by_who_asked(self, ask: Any, town: SettledTown) -> None:
        no = refusal(
            ask("refund", "approve", town.asked, "--by", "ana rivera", "--reason", "right")
        )

        assert "Ana Rivera has asked for this and cannot approve it" in no

    def test_is_asked_for_up_to_the_credit(self, ask: Any) -> None:
        by = ("--by", "Ana", "--reason", "asked")
        assert "is more than $10.00, the credit that is there now and not spoken for" in refusal(
            ask("refund", "ask", ENDED, "--usd", "10.01", *by)
        )
        told = answer(ask("refund", "ask", ENDED, "--usd", "10.00", *by, "--json"))
        again = answer(ask("refund", "ask", ENDED, "--usd", "10.00", *by, "--json"))
        assert (told["status"], again["status"]) == ("done", "known")

    @pytest.mark.parametrize("usd", ["NaN", "1e3", "1_000", "-5", "٣", "0", "1.234"])
    def test_of_what_is_no_amount_is_refused(self, ask: Any, usd: str) -> None:
        result = ask("refund", "ask", ENDED, f"--usd={usd}", "--by", "Ana", "--reason", "asked")

        refusal(result)

    def test_of_final_credits_leaves_what_waits(self, ask: Any, town: SettledTown) -> None:
        told = answer(ask("refund", "final", "--json"))

        (one,) = told["credits"]
        assert (one["status"], one["settlement"]["settlement"]) == ("unchanged", town.asked)
        assert told["refused"] == []

    def test_is_ordered_and_marked_where_it_goes_to_a_bank(
        self, ask: Any, town: SettledTown
    ) -> None:
        answer(ask("refund", "approve", town.asked, *BY, "--json"))  # it goes by check

        assert answer(ask("refund", "order-ach", "--json")) == {"ordered": [], "refused": []}
        assert answer(ask("refund", "mark-ach", "--by", "ach", "--json")) == {"sent": []}

    def test_goes_to_a_verified_payee(self, ask: Any) -> None:
        who = ("estate", "--account", ENDED, "--name", "Estate of Ana")
        proof = ("--details", "1 Elm Street", "--by", "Ana", "--evidence", "letters seen")
        kept = ("refund", "payee", *who, *proof)
        assert answer(ask(*kept, "--json"))["status"] == "kept"
        why = ("--payee", "estate", "--by", "Ana", "--reason", "asked", "--json")
        told = answer(ask("refund", "ask", ENDED, "--usd", "5.00", *why))
        assert told["payee"]["name"] == "Estate of Ana"
        assert "'gold' is no way to pay" in refusal(ask(*kept, "--means", "gold"))


class TestSettlement:
    def test_lists_shows_and_decides_again(self, ask: Any, town: SettledTown) -> None:
        (one,) = answer(ask("settlement", "list", "--waiting", "--json"))["settlements"]
        assert one["settlement"] == town.asked
        shown = ask("settlement", "show", town.asked)
        assert "asked by Ana Rivera: asked by letter" in shown.stdout
        assert "approved with `meterledger settlement approve refund:" in shown.stdout
        assert "refused with `meterledger settlement refuse refund:" in shown.stdout
        assert answer(ask("settlement", "replay", town.asked, "--json"))["same"] is True

    @pytest.mark.parametrize(
        "words",
        [("settlement", "show"), ("settlement", "replay"), ("refund", "approve", *BY)],
    )
    def test_is_looked_at_with_the_account_in_the_log(
        self, ask: Any, town: SettledTown, words: tuple[str, ...]
    ) -> None:
        town.store.read_log.clear()
        ask(*words[:2], town.asked, *words[2:])
        looked = {name for _, subjects in town.store.read_log for name in subjects}
        assert looked >= {town.asked, ENDED}
        assert {viewer.name for viewer, _ in town.store.read_log} == {"command line"}

    def test_of_which_there_is_none_only_the_name_is_logged(
        self, ask: Any, town: SettledTown
    ) -> None:
        town.store.read_log.clear()
        refusal(ask("settlement", "show", "refund:nobody-s"))
        assert [subjects for _, subjects in town.store.read_log] == [("refund:nobody-s",)]

    def test_that_nobody_knows_is_refused(self, ask: Any) -> None:
        assert "There is no settlement refund:x" in refusal(ask("settlement", "show", "refund:x"))
        assert "'gift' is no kind of settlement" in refusal(
            ask("settlement", "list", "--kind", "gift")
        )

    def test_is_not_of_a_day_to_come(self, ask: Any, town: SettledTown) -> None:
        no = refusal(ask("settlement", "refuse", town.asked, *BY, "--on", "2027-01-01"))

        assert "2027-01-01 is not here yet" in no


class TestTransfer:
    def test_moves_a_balance_and_back(self, ask: Any) -> None:
        told = answer(ask("transfer", DEBTOR, LIVE, *BY, "--json"))
        assert (told["state"], told["usd"], told["to_account"]) == ("approved", "165.19", LIVE)
        undone = answer(ask("settlement", "undo", told["settlement"], *BY, "--json"))
        assert undone["steps"][-1]["entry"] == f"reversal:{told['settlement']}"

    def test_to_somebody_else_is_refused_with_the_clause(self, ask: Any) -> None:
        assert "GRR V.F" in refusal(ask("transfer", DEBTOR, ENDED, *BY))


class TestWriteOff:
    def test_above_the_ceiling_waits_and_is_approved(self, ask: Any, town: SettledTown) -> None:
        told = answer(
            ask("write-off", "account", DEBTOR, "--by", "Ana", "--reason", "gone", "--json")
        )
        assert (told["state"], told["needs_two"]) == ("asked", True)
        assert answer(ask("settlement", "approve", told["settlement"], *BY, "--json"))
        assert town.store.trial_balance()["144"] == 165_19

    def test_of_an_account_in_service_is_refused(self, ask: Any) -> None:
        assert "takes service" in refusal(ask("write-off", "account", LIVE, *BY))

    def test_is_provided_for(self, ask: Any) -> None:
        told = answer(ask("write-off", "provide", "2025-01-15", *BY, "--json"))

        assert (told["settlement"], told["usd"]) == ("provision:2025-01", "0.99")


class TestUnclaimed:
    def test_is_set_apart_listed_and_claimed(self, ask: Any, town: SettledTown) -> None:
        answer(ask("refund", "approve", town.asked, *BY, "--on", "2026-11-30", "--json"))
        assert answer(ask("unclaimed", "set-apart", "--by", "run", "--json"))["set_apart"] == []
        assert answer(ask("unclaimed", "list", "--json"))["unclaimed"] == []
        assert answer(ask("unclaimed", "report", "--json"))["rows"] == []

    def test_is_not_written_over_a_file_that_is_there(self, ask: Any, tmp_path: Path) -> None:
        there = tmp_path / "report.csv"
        there.write_text("kept", encoding="utf-8")

        assert "cannot be written" in refusal(ask("unclaimed", "report", "--out", str(there)))
        assert there.read_text(encoding="utf-8") == "kept"


class TestFeeAndCredit:
    def test_a_payment_that_stands_is_not_charged_for(self, ask: Any) -> None:
        no = refusal(ask("fee", "returned-payment", "R-1", "--account", ENDED, *BY))

        assert "It is no payment of account" in no

    def test_a_credit_of_goodwill_waits_for_another(self, ask: Any) -> None:
        told = answer(ask("credit", DEBTOR, "--usd", "5.00", *BY, "--json"))

        assert (told["state"], told["needs_two"]) == ("asked", True)
        assert "may not be given" in refusal(ask("credit", DEBTOR, "--usd", "250.01", *BY))

    def test_a_special_charge_waits_for_another_and_is_said_to_the_customer(self, ask: Any) -> None:
        charge = ("special-charge", DEBTOR, "--usd", "80.00")
        what = ("--for", "Repair of a water heater")
        told = answer(ask(*charge, *what, "--by", "Ana", "--reason", "she ordered it", "--json"))
        assert (told["state"], told["needs_two"]) == ("asked", True)

        done = answer(ask("settlement", "approve", told["settlement"], *BY, "--json"))

        assert (done["state"], done["usd"]) == ("approved", "80.00")
        shown = ask("settlement", "show", told["settlement"]).output
        assert "GRR V.M" in shown
        assert "'rent' is no kind of special charge" in refusal(
            ask(*charge, *what, "--kind", "rent", *BY)
        )
        assert "What the charge is for is missing" in refusal(ask(*charge, *BY))
