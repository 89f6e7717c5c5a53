"""``meterledger meter``: an analyst records visits and looks at what is known of a meter."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from tests.journeys.town import CLASSES_TOLD, VIEWER, Town, even
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer

THEN = ("--rendered-then", "as it was in those days")

LINK = ("--known-by", "installer_scan", "--confidence", "95", "--evidence", "order 12")
EXCHANGE = (
    *("meter", "exchange", "SP1", "--to", "M9", "--at", "2025-07-10T10:00:00-05:00"),
    *("--reason", "due for its test", "--closing", "kWh=04321", *LINK),
)


@pytest.fixture
def town() -> Town:
    made = Town()
    made.start(1)
    return made


@pytest.fixture
def ask(town: Town, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    hours = count()

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            now = CLASSES_TOLD + timedelta(hours=next(hours))
            yield wiring.System(town.store, town.lake, town.book, now, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def known(ask: Any, meter: str) -> Any:
    result = ask("meter", "show", meter, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


class TestMultiplier:
    WORDS = ("meter", "multiplier", "M1", "40", "--reason", "seen at a test")
    SEEN = ("--seen", "gate.jump", "--seen", "gate.band")

    def billed(self, town: Town, ask: Any) -> str:
        """The bill of July, with a multiplier of one."""
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)), even(9))
        answer = ask("bill", town.account_id(1), "--on", "2025-08-01", "--json", *THEN)
        return str(json.loads(answer.stdout)["bills"][0]["bill"])

    def test_is_right_for_all_of_the_stay_and_names_the_bills(self, town: Town, ask: Any) -> None:
        bill = self.billed(town, ask)

        answer = json.loads(ask(*self.WORDS, "--json").stdout)

        assert (answer["kind"], answer["was"], answer["multiplier"]) == ("multiplier", 1, 40)
        assert answer["touched_bills"] == [bill]
        (place,) = known(ask, "M1")["installations"]
        assert (place["multiplier"], place["to"]) == (40, None)
        assert json.loads(ask("replay", bill, "--json").stdout)["same_bytes"] is True

    def test_says_what_to_do_next(self, town: Town, ask: Any) -> None:
        self.billed(town, ask)
        words = ask(*self.WORDS).stdout
        assert "Meter M1 at SP1 has the multiplier 40 since 2025-07-01, and not 1." in words
        assert "`meterledger rebill list`" in words

    def test_looked_at_first_says_what_its_bills_would_be(self, town: Town, ask: Any) -> None:
        bill = self.billed(town, ask)

        answer = json.loads(ask(*self.WORDS, "--dry-run", "--json").stdout)

        assert answer["dry_run"]
        ((one,),) = [each["corrected"] for each in answer["rebilled"]]
        assert (one["cancelled"], one["bill"]) == (bill, f"{bill}-v2")
        assert [each["code"] for each in one["found"]] == ["gate.jump", "gate.band"]
        said = ask(*self.WORDS, "--dry-run").stdout
        assert "this would be so, and nothing is changed" in said
        assert f"{bill}-v2 would take the place of {bill}" in said
        assert "it leaves with `--seen gate.band`" in said
        assert known(ask, "M1")["installations"][0]["multiplier"] == 1

    def test_makes_its_bills_anew_when_somebody_has_seen_them(self, town: Town, ask: Any) -> None:
        bill = self.billed(town, ask)
        look = json.loads(ask(*self.WORDS, "--dry-run", "--json").stdout)["rebilled"][0]

        made = ask(*self.WORDS, "--rebill", "--by", "Ana", *self.SEEN, "--json")

        assert made.exit_code == 0, made.output
        (run,) = json.loads(made.stdout)["rebilled"]
        assert run["corrected"] == look["corrected"]
        with town.store.viewing(VIEWER, []):
            assert town.store.bill(bill).cancelled_by == f"{bill}-v2"
            assert town.replay(f"{bill}-v2").same_bytes

    def test_that_the_gate_does_not_let_out_is_kept_and_its_bill_waits(
        self, town: Town, ask: Any
    ) -> None:
        bill = self.billed(town, ask)

        refused = ask(*self.WORDS, "--rebill", "--by", "Ana")

        assert refused.exit_code == 2
        said = " ".join(refused.stderr.split())
        assert "Meter M1 at SP1 has the multiplier 40 since 2025-07-01, and not 1" in said
        assert f"this is kept. Bill {bill} waits in the queue of corrections" in said
        seen = " ".join(self.SEEN)
        assert f"`meterledger rebill {bill} --by NAME --reason WHY {seen}`" in said
        assert known(ask, "M1")["installations"][0]["multiplier"] == 40
        assert bill in ask("rebill", "list").stdout

    def test_asked_again_makes_the_bills_that_wait(self, town: Town, ask: Any) -> None:
        bill = self.billed(town, ask)
        assert ask(*self.WORDS).exit_code == 0

        made = ask(*self.WORDS, "--rebill", "--by", "Ana", *self.SEEN, "--json")

        assert made.exit_code == 0, made.output
        answer = json.loads(made.stdout)
        assert (answer["was"], answer["multiplier"]) == (1, 40)
        assert [one["cancelled"] for one in answer["rebilled"][0]["corrected"]] == [bill]
        again = ask(*self.WORDS, "--rebill", "--by", "Ana", "--json")
        assert json.loads(again.stdout)["rebilled"][0]["unchanged"] == [f"{bill}-v2"]

    def test_makes_no_bill_anew_that_nobody_decides(self, town: Town, ask: Any) -> None:
        bill = self.billed(town, ask)

        refused = ask(*self.WORDS, "--rebill")

        assert refused.exit_code == 2
        assert "1 issued bill is made anew" in refused.stderr
        assert "nobody is named who decides" in refused.stderr
        assert known(ask, "M1")["installations"][0]["multiplier"] == 1
        with town.store.viewing(VIEWER, []):
            assert town.store.bill(bill).cancelled_by is None

    def test_of_a_meter_without_bills_asks_nobody(self, ask: Any) -> None:
        made = ask(*self.WORDS, "--rebill", "--json")

        assert made.exit_code == 0, made.output
        assert json.loads(made.stdout)["rebilled"] == []

    @pytest.mark.parametrize("option", ["--by", "--approved-by", "--seen"])
    def test_takes_no_decision_about_bills_that_stay(self, ask: Any, option: str) -> None:
        refused = ask(*self.WORDS, option, "Ana")

        assert refused.exit_code == 2
        assert "none is to be made anew" in refused.stderr
        assert known(ask, "M1")["installations"][0]["multiplier"] == 1

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("M1", "1", "--reason", "x"), "Its multiplier is 1 already"),
            (("M7", "2", "--reason", "x"), "M7"),
            (("M1", "0", "--reason", "x"), "0"),
            (("M1", "2", "--reason", " "), "reason"),
        ],
        ids=["the same", "no such meter", "nothing", "no reason"],
    )
    def test_refuses_what_cannot_be(self, ask: Any, words: Any, sentence: str) -> None:
        result = ask("meter", "multiplier", *words)
        assert result.exit_code == 2
        assert sentence in result.output
        assert known(ask, "M1")["installations"][0]["multiplier"] == 1


class TestExchange:
    def test_is_answered_and_shown(self, ask: Any) -> None:
        result = ask(*EXCHANGE, "--json")

        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout) == {
            "work": "exchange:SP1:20250710T150000Z",
            "kind": "exchange",
            "service_point": "SP1",
            "removed": "M1",
            "installed": "M9",
            "at": "2025-07-10T15:00:00Z",
            "reason": "due for its test",
            "corrects": None,
            "closing": {"kWh": "04321"},
            "opening": {},
            "touched_bills": [],
        }
        assert known(ask, "M9")["installations"] == [
            {"service_point": "SP1", "multiplier": 1, "from": "2025-07-10T15:00:00Z", "to": None}
        ]
        assert known(ask, "M1")["installations"][0]["to"] == "2025-07-10T15:00:00Z"
        words = ask("meter", "show", "M9").stdout
        assert "there by installer_scan (95 of 100)" in words

    def test_under_an_issued_bill_names_the_bill(self, town: Town, ask: Any) -> None:
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)), even(100))
        (bill,) = json.loads(
            ask("bill", town.account_id(1), "--on", "2025-08-01", "--json", *THEN).stdout
        )["bills"]

        result = ask(*EXCHANGE)

        assert f"This bill is of days that it changes: {bill['bill']}." in result.stdout
        assert "meterledger rebill list" in result.stdout

    def test_is_billed(self, town: Town, ask: Any) -> None:
        assert ask(*EXCHANGE).exit_code == 0
        town.read("M1", (date(2025, 7, 1), date(2025, 7, 10)), even(100))
        town.read("M1", (date(2025, 7, 10), date(2025, 7, 11)), lambda _, n: [100] * 40 + [0] * 56)
        town.read("M9", (date(2025, 7, 10), date(2025, 7, 11)), lambda _, n: [0] * 40 + [7] * 56)
        town.read("M9", (date(2025, 7, 11), date(2025, 8, 1)), even(7))

        result = ask("bill", town.account_id(1), "--on", "2025-08-01", "--json", *THEN)

        assert result.exit_code == 0, result.output
        (bill,) = json.loads(result.stdout)["bills"]
        assert [one["energy_wh"] for one in bill["usage"]["meters"]] == ["90400", "14504"]
        assert bill["usage"]["energy_wh"] == "104904"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--at", "2025-07-10T10:00:00"), "--at: '2025-07-10T10:00:00' is not an instant with"),
            (("--at", "yesterday"), "Write it like 2025-07-10T15:07:00Z"),
            (("--known-by", "hearsay"), "is not one of installer_scan, back_office, inferred"),
            (("--confidence", "101"), "'101' is not a whole number from 0 to 100"),
            (("--closing", "04321"), "--closing: '04321' does not name something and its value"),
            (("--to", "M1"), "Meter M1 is there already"),
        ],
    )
    def test_refuses_in_one_sentence(self, words: tuple[str, ...], said: str, ask: Any) -> None:
        result = ask(*EXCHANGE, *words)

        assert result.exit_code == 2
        assert said in result.stderr
        assert known(ask, "M1")["work"] == []


class TestCorrect:
    WORDS = ("meter", "correct", "SP1", "--was", "2025-07-10T10:00:00-05:00", "--reason", "typo")

    def test_moves_the_exchange_and_what_was_recorded_stays(self, town: Town, ask: Any) -> None:
        ask(*EXCHANGE)

        result = ask(*self.WORDS, "--at", "2025-07-10T12:00:00-05:00", "--json")

        assert result.exit_code == 0, result.output
        told = json.loads(result.stdout)
        assert told["corrects"] == "exchange:SP1:20250710T150000Z"
        assert told["closing"] == {"kWh": "04321"}
        file = known(ask, "M9")
        assert file["installations"][0]["from"] == "2025-07-10T17:00:00Z"
        assert [one["at"] for one in file["work"]] == ["2025-07-10T17:00:00Z"]

    def test_of_no_exchange_is_refused(self, ask: Any) -> None:
        result = ask(*self.WORDS, "--at", "2025-07-10T12:00:00-05:00")

        assert result.exit_code == 2
        assert "No exchange is recorded at 2025-07-10T15:00:00Z" in result.stderr


class TestConfigure:
    WORDS = (
        *("meter", "configure", "M1", "--on", "2025-07-01", "--billed-on", "register"),
        *("--kind", "amr", "--register", "kWh:delivered:kWh:5.1x80"),
    )

    def test_tells_the_fingerprint_and_whether_it_is_new(self, ask: Any) -> None:
        first = json.loads(ask(*self.WORDS, "--json").stdout)
        again = json.loads(ask(*self.WORDS, "--json").stdout)

        assert (first["changed"], again["changed"]) == (True, False)
        assert first["fingerprint"] == again["fingerprint"]
        assert first["registers"] == [
            {
                "name": "kWh",
                "flow": "delivered",
                "unit": "kWh",
                "digits": 5,
                "decimals": 1,
                "multiplier": 80,
            }
        ]
        assert known(ask, "M1")["kind"] == "amr"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--register", "kWh"), "'kWh' is not a register"),
            (("--register", "x:delivered:kWh:13"), "is not a register"),
            (("--register", "kWh:delivered:kWh:5"), "Two registers have one name"),
            (("--kind", "smart"), "'smart' is not one of manual, amr, ami"),
            (("--billed-on", "interval"), "has a length of them"),
        ],
    )
    def test_refuses_in_one_sentence(self, words: tuple[str, ...], said: str, ask: Any) -> None:
        result = ask(*self.WORDS, *words)

        assert result.exit_code == 2
        assert said in result.stderr


class TestTheOthers:
    def test_remove_and_install(self, ask: Any) -> None:
        at = ("--service-point", "SP1", "--reason", "moved", "--at")
        assert ask("meter", "remove", "M1", *at, "2025-07-10T15:00:00Z").exit_code == 0
        result = ask("meter", "install", "M9", *at, "2025-07-10T17:00:00Z", *LINK)
        assert result.exit_code == 0, result.output

        assert known(ask, "M9")["installations"][0]["from"] == "2025-07-10T17:00:00Z"

    def test_uncross(self, town: Town, ask: Any) -> None:
        town.start(2)

        result = ask("meter", "uncross", "M1", "M2", "--on", "2025-07-10", "--reason", "x", *LINK)

        assert result.exit_code == 0, result.output
        assert "Bills already issued stand as they are." in result.stdout
        assert [one["service_point"] for one in known(ask, "M2")["installations"]] == ["SP2", "SP1"]

    def test_load(self, ask: Any) -> None:
        words = ("meter", "load", "WIFI-1", "--service-point", "SP1", "--device", "Wi-Fi")
        more = ("--volt-amperes", "40", "--on", "2025-06-01")

        refused = ask(*words, *more, "--hours", "18:00-24:00")
        assert refused.exit_code == 2
        assert "Meter M1 measures there" in refused.stderr
        kept = ask(*words, *more, "--until", "2025-07-01", "--hours", "18:00-24:00")
        assert "Load WIFI-1 at SP1 is recorded from 2025-06-01." in kept.stdout
        wrong = ask(*words, *more, "--hours", "18:00-25:00")
        assert "is not a stretch of a day" in wrong.stderr

    def test_an_unknown_meter_is_refused(self, ask: Any) -> None:
        result = ask("meter", "show", "M77")

        assert result.exit_code == 2
        assert "There is no meter M77" in result.stderr
