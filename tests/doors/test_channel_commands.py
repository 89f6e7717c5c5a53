"""``meterledger checkout``, ``ach``, ``autopay`` and ``pledge``. The store is memory's."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.doors.channel_doors import DUE, ChannelTown, behind_doors
from tests.journeys.channel_town import ACCOUNT
from tests.stores.paper_town import bill_of
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.facts.ach import AchReturn
from meterledger.stores.gateways.nacha import read_nacha
from meterledger.stores.gateways.nacha_write import write_nacha
from meterledger.usecases import autopay

BILL = bill_of(1)[0].bill_id
ENROL = (
    *("autopay", "enrol", ACCOUNT, "--holder", "Ana Rivera", "--routing", "081000210"),
    *("--authorized", "online", "--by", "Ana"),
)
START = ("checkout", "start", ACCOUNT, "--usd", "165.19", "--key", "pay-0001")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChannelTown:
    from tests.journeys.test_autopay import FINE

    monkeypatch.setattr(autopay, "may_collect_automatically", lambda *_, **__: FINE)
    made: ChannelTown = behind_doors(tmp_path, monkeypatch)
    return made


def ask(*words: str, told: str = "") -> Result:
    return CliRunner().invoke(build_app(), list(words), input=told)


def answer(*words: str, told: str = "") -> Any:
    result = ask(*words, "--json", told=told)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: str) -> str:
    result = ask(*words)
    assert result.exit_code == 2, result.output
    return result.stderr


def test_a_checkout_is_begun_answered_and_posted(place: ChannelTown, tmp_path: Path) -> None:
    begun = answer(*START)
    assert (begun["state"], begun["redirect"]) == ("unknown", "https://pay.example/pay-0001")
    assert "no known outcome" in refused(*START[:-1], "pay-0002")
    place.processor.pay("pay-0001", 165_19)
    told = place.processor.callbacks[0]
    body = tmp_path / "answer.json"
    body.write_bytes(told.body)
    assert "signature is not" in refused("checkout", "answer", str(body), "--signature", "0")
    posted = answer("checkout", "answer", str(body), "--signature", told.signature)
    assert posted["state"] == "posted"
    assert answer("checkout", "show", "pay-0001") == posted
    assert answer("checkout", "unknown") == {"unknown": []}
    assert "paid: $165.19" in ask("checkout", "show", "pay-0001").stdout


def test_an_unknown_checkout_is_asked_about_and_ended_by_a_person(place: ChannelTown) -> None:
    answer(*START)
    place.on(DUE, minutes=60 * 25)
    asked = answer("checkout", "ask")
    assert asked["for_a_person"] == ["pay-0001"]
    assert "waits for a person" in ask("checkout", "ask").stdout
    assert "Say one of --paid" in refused("checkout", "settle", "pay-0001")
    settle = ("checkout", "settle", "pay-0001", "--paid", "165.19")
    assert "with a name and a reason" in refused(*settle)
    ended = answer(*settle, "--by", "Ana", "--reason", "their page shows it")
    assert (ended["state"], ended["steps"][-1]["by"]) == ("posted", "Ana")
    assert "is not an amount" in refused(*settle[:-1], "1e400")


def test_without_a_processor_nothing_is_begun(
    place: ChannelTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "open_processor", lambda: None)
    assert "No processor of cards and wallets is named" in refused(*START)
    assert answer("checkout", "unknown") == {"unknown": []}


def test_autopay_runs_from_enrollment_to_the_bank_and_back(
    place: ChannelTown, tmp_path: Path
) -> None:
    enrolled = answer(*ENROL, told="123456789\n")
    assert enrolled["bank_account"] == "...6789"
    (drawn,) = answer("autopay", "run")["bills"]
    assert (drawn["bill"], drawn["act"], drawn["usd"]) == (BILL, "debit", "165.19")
    out = answer("ach", "out")
    path = Path(out["written"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert out["file"]["debits_usd"] == "165.19"
    content = path.read_bytes()
    path.unlink()
    assert Path(answer("ach", "write", out["file"]["file"])["written"]).read_bytes() == content
    assert "no file was made" in ask("ach", "out").stdout
    assert place.store.balance_cents(ACCOUNT) == 0

    file = read_nacha(content, "out")
    (entry,) = file.entries
    back = AchReturn("R02", entry.trace, entry.routing_number[:8])
    from dataclasses import replace

    batch = replace(
        file.batches[0], service_class=200, entries=(replace(entry, code=26, returned=back),)
    )
    returned = tmp_path / "returned.txt"
    returned.write_bytes(write_nacha(replace(file, batches=(batch,))))
    place.on(DUE + timedelta(days=2))
    (one,) = answer("ach", "returns", str(returned))["returned"]
    assert (one["code"], one["act"]) == ("R02", "stop the bank account")
    assert place.store.balance_cents(ACCOUNT) == 165_19
    assert answer("ach", "returns", str(returned))["status"] == "known"
    assert "account closed" in ask("ach", "back").stdout
    (waits,) = answer("ach", "back")["back"]
    how = ("--by", "Ana", "--reason", "she was asked")
    done = answer("ach", "done", waits["returned"], *how)
    assert (done["by"], done["reason"]) == ("Ana", "she was asked")
    assert "Nothing that came back waits" in ask("ach", "back").stdout
    assert answer("ach", "back", "--on", done["done_on"])["done"] == [done]
    assert "she was asked" in ask("ach", "back", "--on", done["done_on"]).stdout
    assert "is stopped since" in ask("autopay", "show", ACCOUNT).stdout
    assert [one["file"] for one in answer("ach", "list")["files"]] == ["20250221A"]
    assert "entries that are no returns" in refused("ach", "returns", str(path))
    assert "hold returns" in refused("ach", "in", str(returned)) or "It holds returns" in refused(
        "ach", "in", str(returned)
    )


def test_a_question_is_listed_and_answered(place: ChannelTown) -> None:
    answer(*ENROL, "--most", "100.00", told="123456789\n")
    answer("autopay", "run")
    (question,) = answer("autopay", "asks")["questions"]
    assert (question["bill"], question["usd"]) == (BILL, "165.19")
    told = answer("autopay", "answer", BILL, "--draw", "--by", "Ana", "--reason", "agreed by phone")
    assert told["order"]["usd"] == "165.19"
    ended = answer("autopay", "end", ACCOUNT, "--on", "2025-03-01")
    assert ended["until"] == "2025-03-01"


def test_a_pledge_is_promised_received_and_listed(place: ChannelTown) -> None:
    promised = answer(
        *("pledge", "promise", "P-1", "--account", ACCOUNT, "--agency", "Heartland"),
        *("--usd", "100.00", "--by", "Ana"),
    )
    assert (promised["state"], promised["for"]) == ("pending", [f"bill:{BILL}"])
    received = answer(
        "pledge", "receive", "P-1", "--usd", "100.00", "--key", "chk-1", "--by", "Ana"
    )
    assert received["state"] == "received"
    assert answer("pledge", "list", "--account", ACCOUNT)["pledges"] == [received]
    assert "It is received" in refused("pledge", "withdraw", "P-1", "--by", "A", "--reason", "x")
    assert place.store.balance_cents(ACCOUNT) == 65_19


@pytest.mark.parametrize("usd", ["NaN", "1e400", "1_000", "١٢", "-0", "9" * 10_000, "", "1.234"])
def test_poison_is_refused_in_a_sentence(place: ChannelTown, usd: str) -> None:
    for words in (
        ("checkout", "start", ACCOUNT, "--usd", usd, "--key", "pay-0001"),
        ("pledge", "promise", "P-1", "--account", ACCOUNT, "--agency", "A", "--usd", usd),
        ("autopay", "enrol", *ENROL[2:], "--most", usd or "x"),
    ):
        said = refused(*words)
        assert said.count("\n") == 1
        assert len(said) < 500
