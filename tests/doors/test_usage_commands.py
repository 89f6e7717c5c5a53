"""``validate``, ``review`` and ``report``: what people and programs are answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.usage_town import (
    BELOW_ZERO,
    DAY,
    MONTH_BEFORE,
    NEXT,
    UsageTown,
    usage_town,
    weekly,
    with_gap,
    with_value,
)
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer

THEN = ("--rendered-then", "as it was in those days")

AFTER_DAY = DAY + timedelta(days=1)


@pytest.fixture
def town(tmp_path: Path) -> UsageTown:
    """Three homes: one with a gap, one with a value below zero, one that never sent."""
    made = usage_town(tmp_path)
    for number in (1, 2, 3):
        made.start(number)
    made.arrive("M1", (MONTH_BEFORE, AFTER_DAY), with_gap(DAY, 10, 14))
    made.arrive("M2", (MONTH_BEFORE, AFTER_DAY), with_value(DAY, 40, BELOW_ZERO))
    return made


@pytest.fixture
def ask(town: UsageTown, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, NEXT, None)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return lambda *words: CliRunner().invoke(build_app(), list(words))


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


class TestValidate:
    def test_accounts_for_every_meter_day(self, ask: Any) -> None:
        (day,) = told(ask("validate", DAY.isoformat(), "--json"))["days"]

        assert day["meter_days"] == 3
        assert (day["complete"], day["estimated"], day["held"], day["no_meter"]) == (0, 1, 2, 0)
        assert day["estimated_intervals"] == 4
        assert day["estimated_wh"].isdigit()
        assert day["by_code"] == {"usage.gap": 1, "usage.negative": 1}
        assert not day["known"]

    def test_says_it_in_words_and_that_it_was_done(self, ask: Any) -> None:
        first = ask("validate", DAY.isoformat())
        assert (
            "2025-10-08: 3 meter-days = 0 complete + 1 estimated + 2 held + 0 without a meter."
            in first.stdout
        )
        assert "4 intervals estimated" in first.stdout
        assert "meterledger review list" in first.stdout
        assert "Done already; nothing has come since." in ask("validate", DAY.isoformat()).stdout

    def test_a_storm_says_why_readings_are_missing(self, ask: Any, town: UsageTown) -> None:
        told(ask("validate", DAY.isoformat(), "--storm", "ice on the lines", "--json"))
        with town.store.viewing(Viewer("test", "look"), []):
            (estimate,) = town.store.estimates_of_meter("M1")
        assert estimate.estimate.cause.value == "weather_emergency"

    @pytest.mark.parametrize(("area", "gone"), [("63130", True), ("63105", False)])
    def test_a_storm_is_in_the_areas_that_are_named(
        self, ask: Any, town: UsageTown, area: str, gone: bool
    ) -> None:
        """Checks that a storm explains are put off where it is: here a whole day of zeros."""
        with town.store.viewing(Viewer("test", "look"), []):
            town.arrive("M1", (DAY, DAY + timedelta(days=1)), lambda day, count: [0] * count)
        storm = ("--storm", "ice on the lines", "--area", area)
        (day,) = told(ask("validate", DAY.isoformat(), *storm, "--json"))["days"]
        assert ("usage.zero_run" not in day["by_code"]) is gone

    def test_several_days_are_each_answered(self, ask: Any) -> None:
        days = told(ask("validate", "--from", "2025-10-07", "--to", "2025-10-08", "--json"))["days"]
        assert [one["day"] for one in days] == ["2025-10-07", "2025-10-08"]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((), "Which days are to be validated is not clear"),
            (("2025-10-08", "--from", "2025-10-08", "--to", "2025-10-08"), "is not clear"),
            (("--from", "2025-10-08"), "is not clear"),
            (("--from", "2025-10-08", "--to", "2025-10-07"), "2025-10-07 is before 2025-10-08"),
            (("2025-10-08", "--cause", "laziness"), "'laziness' is not a cause of the sheet"),
            (("2026-12-01",), "2026-12-01 is not over"),
            (("soon",), "'soon' is not a day"),
            (("2025-10-08", "--area", "63130"), "An area without a storm"),
            (("2025-10-08", "--storm", "ice", "--area", "west"), "'west' is no postal code"),
        ],
    )
    def test_refuses_what_it_cannot_do(self, ask: Any, words: tuple[str, ...], said: str) -> None:
        result = ask("validate", *words)
        assert result.exit_code == 2
        assert said in result.stderr


class TestReview:
    def test_lists_what_waits_with_evidence(self, ask: Any) -> None:
        ask("validate", DAY.isoformat())
        held = told(ask("review", "list", "--json"))["held"]
        assert [(one["meter"], one["findings"][0]["code"]) for one in held] == [
            ("M2", "usage.negative"),
            ("M3", "usage.gap"),
        ]
        assert "2 meter-days are held." in ask("review", "list").stdout

    def test_shows_a_day_beside_its_history(self, ask: Any) -> None:
        ask("validate", DAY.isoformat())
        day = told(ask("review", "show", "M2", DAY.isoformat(), "--json"))
        assert day["intervals"][40]["wh"] == str(BELOW_ZERO)
        assert int(day["intervals"][40]["usual_wh"]) > 0
        assert day["ways_out"] == ["accept", "edit", "estimate", "reject"]
        words = ask("review", "show", "M2", DAY.isoformat()).stdout
        assert "Ways out: accept, edit, estimate, reject" in words

    def test_an_edit_says_what_it_changed(self, ask: Any, town: UsageTown) -> None:
        ask("validate", DAY.isoformat())
        answer = told(
            ask("review", "edit", "M2", DAY.isoformat(), "--set", "40=120", "--by", "Dana",
                "--reason", "CT was reversed", "--json")
        )  # fmt: skip
        assert answer["before_wh"] == str(BELOW_ZERO)
        assert answer["after_wh"] == "120"
        with town.store.viewing(Viewer("test", "look"), []):
            assert town.values_of("M2")[40] == 120

    @pytest.mark.parametrize(
        ("words", "outcome"),
        [
            (("accept",), "accepted"),
            (("reject",), "rejected"),
            (("estimate", "--intervals", "40-40"), "estimated"),
        ],
    )
    def test_the_other_ways_out(self, ask: Any, words: tuple[str, ...], outcome: str) -> None:
        ask("validate", DAY.isoformat())
        act, *rest = words
        answer = told(
            ask("review", act, "M2", DAY.isoformat(), *rest, "--by", "Dana", "--reason", "Seen",
                "--json")
        )  # fmt: skip
        assert answer["outcome"] == outcome
        waiting = [one["meter"] for one in told(ask("review", "list", "--json"))["held"]]
        assert ("M2" in waiting) == (outcome == "rejected")

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("accept", "M2", "2025-10-08"), "The decision has no author"),
            (("accept", "M2", "2025-10-08", "--by", "D"), "The decision has no reason"),
            (("accept", "M3", "2025-10-08", "--by", "D", "--reason", "r"), "are missing"),
            (("accept", "M1", "2025-10-07", "--by", "D", "--reason", "r"), "Nothing holds"),
            (("show", "M9", "2025-10-08"), "There is no meter M9"),
            (("edit", "M2", "2025-10-08", "--set", "forty"), "'forty' is no interval"),
            (("estimate", "M2", "2025-10-08", "--intervals", "a-b"), "'a-b' are no intervals"),
            (("estimate", "M2", "2025-10-08", "--intervals", "43-40"), "'43-40' are no intervals"),
            (("estimate", "M2", "2025-10-08", "--cause", "x"), "is not a cause of the sheet"),
        ],
    )
    def test_refuses_what_is_no_decision(self, ask: Any, words: tuple[str, ...], said: str) -> None:
        ask("validate", DAY.isoformat())
        result = ask("review", *words)
        assert result.exit_code == 2
        assert said in result.stderr

    def test_an_effort_is_on_record(self, ask: Any) -> None:
        ask("review", "effort", "M3", DAY.isoformat(), "--kind", "poll", "--outcome", "no answer",
            "--by", "head-end")  # fmt: skip
        day = told(ask("review", "show", "M3", DAY.isoformat(), "--json"))
        assert day["efforts"] == [{"kind": "poll", "outcome": "no answer", "by": "head-end"}]


class TestReports:
    def test_says_who_sent_and_who_did_not(self, ask: Any) -> None:
        ask("validate", DAY.isoformat())
        answer = told(ask("report", "meters", "--on", DAY.isoformat(), "--json"))

        assert (answer["meters"], answer["whole"], answer["in_part"]) == (3, 1, 1)
        assert answer["silent"] == ["M3"]
        by_meter = {one["meter"]: one for one in answer["listed"]}
        assert by_meter["M1"]["sent"] == 92
        assert by_meter["M1"]["estimated"] == 4
        assert by_meter["M2"]["findings"] == {"usage.negative": 1}
        assert by_meter["M3"]["last_seen"] is None
        assert by_meter["M3"]["missing_percent"] == "100.0"
        assert by_meter["M3"]["days_without_reading"] == 30

    def test_a_meter_that_fell_silent_was_last_seen_on_a_day(self, ask: Any) -> None:
        silent = DAY + timedelta(days=3)
        answer = told(ask("report", "meters", "--on", silent.isoformat(), "--json"))
        by_meter = {one["meter"]: one for one in answer["listed"]}
        assert by_meter["M1"]["last_seen"] == DAY.isoformat()
        assert by_meter["M1"]["days_without_reading"] == 3
        words = ask("report", "meters", "--on", silent.isoformat()).stdout
        assert "M1: 0 of 96 sent, last seen 2025-10-08" in words

    def test_without_a_day_the_newest_that_has_values_is_reported(self, ask: Any) -> None:
        assert told(ask("report", "meters", "--json"))["day"] == DAY.isoformat()

    def test_bills_whose_usage_was_replaced_are_told_with_the_difference(
        self, ask: Any, town: UsageTown
    ) -> None:
        with town.store.viewing(Viewer("test", "bill"), []):
            town.start(4, from_day=date(2025, 10, 1))
            town.arrive("M4", (MONTH_BEFORE, date(2025, 11, 1)), with_gap(DAY, 10, 14))
            town.validate()
            (bill,) = town.bill(4, on=date(2025, 11, 1), known_at=NEXT).issued
            town.arrive("M4", (DAY, AFTER_DAY), learned_at=NEXT)
        answer = told(ask("report", "replaced", "--json"))
        (one,) = answer["replaced"]
        assert one["bill"] == bill.bill_id
        assert int(one["now_wh"]) - int(one["billed_wh"]) == int(one["difference_wh"])
        assert "the usage of 1 has changed since" in ask("report", "replaced").stdout

    def test_a_bill_says_at_once_that_it_is_estimated(self, ask: Any, town: UsageTown) -> None:
        with town.store.viewing(Viewer("test", "service"), []):
            for number, values in ((4, with_gap(DAY, 10, 14)), (5, weekly)):
                town.start(number, from_day=date(2025, 10, 1))
                town.arrive(f"M{number}", (MONTH_BEFORE, date(2025, 11, 1)), values)
            town.validate()
        answers = [
            ask("bill", town.account_id(one), "--on", "2025-11-01", *THEN).stdout for one in (4, 5)
        ]
        assert all("What is billed late is dated today." in one for one in answers)
        assert "Based on estimated usage: 0.1 percent of its energy." in answers[0]
        assert "1 billed for" in answers[1]
        assert "estimated" not in answers[1]

    def test_what_is_estimated_is_told_apart_from_what_is_missing(
        self, ask: Any, town: UsageTown
    ) -> None:
        with town.store.viewing(Viewer("test", "night"), []):
            town.validate()
        told_of = ask("report", "meters", "--on", DAY.isoformat()).stdout
        assert "0.0 % still missing, 4 intervals estimated, 0 days without a reading" in told_of

    def test_estimated_bills_are_told_with_what_was_tried(self, ask: Any, town: UsageTown) -> None:
        """Of one the night had looked for the day's readings; of the other nobody had."""
        with town.store.viewing(Viewer("test", "bill"), []):
            for number in (4, 5):
                town.start(number, from_day=date(2025, 10, 1))
                town.arrive(f"M{number}", (MONTH_BEFORE, date(2025, 11, 1)), with_gap(DAY, 10, 14))
            town.validate(meter_ids=["M4"])
        by_person = ("--by", "Dana Cole", "--reason", "no answer", "--cause", "no_access")
        told(ask("review", "estimate", "M5", DAY.isoformat(), *by_person, "--json"))
        with town.store.viewing(Viewer("test", "bill"), []):
            town.bill(4, 5, on=date(2025, 11, 1), known_at=NEXT)
            (bill,) = town.store.bills_of_account(town.account_id(5))
        issued = ("--issued-from", "2025-11-01", "--issued-to", "2025-11-01")

        answer = told(ask("report", "estimates", *issued, "--without-effort", "--json"))
        assert (answer["estimated"], answer["lacking"]) == (2, 1)
        (one,) = answer["bills"]
        assert one["bill"] == bill.bill_id
        assert one["meters"][0]["missing"] == ["every effort to obtain an actual reading"]
        words = ask("report", "estimates").stdout
        assert words.startswith("2 bills with estimated usage; the record of 1 lacks")
        assert (
            "  meter M4: remote device failed\n    scheduled readings of 2025-10-08 were" in words
        )
        assert (
            "  meter M5: no access\n    the record lacks every effort to obtain an actual reading "
            "(Sheet 131, rev. 4, GRR V.E.1)\n"
        ) in words

        told_of = ("--kind", "field_visit", "--outcome", "gate locked", "--by", "Ben Ito")
        assert ask("review", "effort", "M5", DAY.isoformat(), *told_of).exit_code == 0
        assert (
            "    2025-10-08: field visit, gate locked, by Ben Ito\n"
            in ask("why", bill.bill_id).stdout
        )
        after = ask("report", "estimates", town.account_id(5), "--without-effort").stdout
        assert after == (
            "1 bill with estimated usage; the record of 0 lacks the reason or any effort to read "
            "the meter.\n"
        )

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--issued-from", "2025-10-01"), "Days of issue have a first and a last"),
            (("--issued-from", "2025-10-02", "--issued-to", "2025-10-01"), "is before"),
            (("0000000000",), "There is no account"),
        ],
    )
    def test_refuses_what_it_cannot_report(
        self, ask: Any, words: tuple[str, ...], said: str
    ) -> None:
        for report in ("replaced", "estimates"):
            result = ask("report", report, *words)
            assert result.exit_code == 2
            assert said in result.stderr
