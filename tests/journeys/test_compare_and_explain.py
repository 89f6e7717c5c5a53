"""Compare answers what each bill would have been; explain takes a bill apart to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.corrections import PutRight, WrongFact
from meterledger.facts.weather import DailyTemperature
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.span import DaySpan
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.compare_schedules import (
    Compared,
    Comparison,
    compare_schedules,
)
from meterledger.usecases.compare_switch import NoServiceThen
from meterledger.usecases.explain_bill import NotTheSameAccount, WeatherKnown, explain_bill
from meterledger.usecases.ports import NotFound
from meterledger.usecases.rate_usage import UsageNotWhole
from meterledger.usecases.start_service import service_start
from meterledger.usecases.window_usage import MeterNotWhole

ASKED = date(2025, 12, 1)


def temperature_f(day: date) -> int:
    """Warm in July, and ten degrees hotter in August."""
    return 72 + day.day % 7 + (10 if day.month == 8 else 0)


def whole(
    town: Any, towns: ModuleType, number: int, span: DaySpan | None, asked: date = ASKED
) -> Compared:
    return compare_schedules(
        account_id=town.account_id(number),
        span=span,
        known_at=towns.CLASSES_TOLD,
        asked=asked,
        store=town.store,
        lake=town.lake,
        book=town.book,
    )


def compared(
    town: Any, towns: ModuleType, number: int, first: date, until: date
) -> tuple[str, int, tuple[Comparison, ...]]:
    found = whole(town, towns, number, DaySpan(first, until))
    return found.schedule, found.energy_wh, found.answers


class TestCompare:
    @pytest.mark.parametrize(
        ("first", "until"),
        [
            (date(2025, 7, 1), date(2025, 8, 1)),  # one month
            (date(2025, 7, 1), date(2025, 12, 1)),  # five, over a season and a clock change
        ],
    )
    def test_is_the_sum_of_the_bills_each_option_would_have_made(
        self, first: date, until: date, town: Any, towns: ModuleType
    ) -> None:
        """Five homes alike but for their option."""
        codes = [one for one in town.view.schedule_codes() if one.startswith("1M-")]
        for number, code in enumerate(codes, start=1):
            town.start(number, schedule=code, multiplier=2, tax_place="university_city")
            town.read(f"M{number}", (date(2025, 7, 1), until))

        schedule, energy_wh, answers = compared(town, towns, 2, first, until)

        assert schedule == codes[1]
        assert [answer.refusal for answer in answers] == [None] * 5
        for number, answer in enumerate(answers, start=1):
            bills = town.bill(number, on=until).issued
            assert answer.schedule == codes[number - 1]
            assert answer.total_cents == sum(bill.total_cents for bill in bills)
            assert energy_wh == sum(bill.usage.energy_wh for bill in bills)
            assert answer.standing == "assumed"
        assert len({answer.total_cents for answer in answers}) == 5

    def test_says_for_each_option_why_it_has_no_answer(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)), seconds=86_400)

        _, _, answers = compared(town, towns, 1, date(2025, 7, 1), date(2025, 8, 1))

        by_code = {answer.schedule: answer for answer in answers}
        assert by_code["1M-anytime"].total_cents is not None
        assert by_code["1M-smart"].total_cents is None
        assert "Use shorter intervals" in str(by_code["1M-smart"].refusal)
        assert by_code["1M-smart"].as_json()["total_usd"] is None

    def test_of_days_without_service_is_refused(self, town: Any, towns: ModuleType) -> None:
        town.start(1)

        with pytest.raises(NoServiceThen) as refused:
            compared(town, towns, 1, date(2025, 6, 30), date(2025, 7, 30))

        assert str(refused.value) == (
            "Account 0000000018 has not one service over all days from 2025-06-30 to 2025-07-30. "
            "Choose days on which its service at one place went on."
        )

    def test_of_nobody_is_refused(self, town: Any, towns: ModuleType) -> None:
        with pytest.raises((NoServiceThen, NotFound)):
            compared(town, towns, 9, date(2025, 7, 1), date(2025, 8, 1))

    def test_with_a_gap_is_refused(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 7, 31)))

        with pytest.raises(UsageNotWhole) as refused:
            compared(town, towns, 1, date(2025, 7, 1), date(2025, 8, 1))

        assert "96 of 2976 intervals are missing" in str(refused.value)
        assert "Ingest the missing readings, or choose other days" in str(refused.value)

    def test_with_no_meter_on_some_days_is_refused(self, town: Any, towns: ModuleType) -> None:
        start = service_start(town.request(1), learned_at=towns.FIRST, view=town.view)
        town.store.start_service(towns.replace(start, installation=None))

        with pytest.raises(MeterNotWhole, match="No meter measured service point SP1 from"):
            compared(town, towns, 1, date(2025, 7, 1), date(2025, 8, 1))


class TestTwelveMonths:
    YEAR = (date(2025, 7, 1), date(2026, 8, 1))

    def test_are_the_twelve_periods_before_the_question(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        town.read("M1", self.YEAR, seconds=3600)

        found = whole(town, towns, 1, None, asked=date(2026, 7, 31))

        assert len(found.windows) == 12
        assert found.windows[0].from_day == date(2025, 7, 1)
        assert found.windows[-1].until_day == date(2026, 7, 1)
        for answer in found.answers:
            assert answer.windows_cents is not None
            assert len(answer.windows_cents) == 12
            assert sum(answer.windows_cents) == answer.total_cents

    def test_on_a_reading_day_end_there(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        town.read("M1", self.YEAR, seconds=3600)

        found = whole(town, towns, 1, None, asked=date(2026, 8, 1))

        assert (found.windows[0].from_day, found.windows[-1].until_day) == (
            date(2025, 8, 1),
            date(2026, 8, 1),
        )

    def test_of_a_younger_service_are_what_there_is(self, town: Any, towns: ModuleType) -> None:
        town.start(1, from_day=date(2025, 7, 10))
        town.read("M1", (date(2025, 7, 10), date(2025, 10, 1)), seconds=3600)

        found = whole(town, towns, 1, None, asked=date(2025, 9, 15))

        assert [(one.from_day, one.until_day) for one in found.windows] == [
            (date(2025, 7, 10), date(2025, 8, 1)),
            (date(2025, 8, 1), date(2025, 9, 1)),
        ]

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (date(2025, 8, 1), "one of the 12"),
            (date(2025, 9, 15), "2 of the 12"),
            (date(2026, 6, 30), "11 of the 12"),
            (date(2026, 7, 1), ""),
        ],
    )
    def test_that_are_no_year_say_so(
        self, asked: date, said: str, town: Any, towns: ModuleType
    ) -> None:
        town.start(1, from_day=date(2025, 7, 10))
        town.read("M1", (date(2025, 7, 10), date(2026, 8, 1)), seconds=3600)

        found = whole(town, towns, 1, None, asked=asked)

        words = f"This is {said} billing periods of a year: the others may tell otherwise."
        assert found.beside == ((words,) if said else ())

    def test_end_with_the_last_bill(self, town: Any, towns: ModuleType) -> None:
        """What is not billed yet may not be whole yet."""
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)), seconds=3600)
        town.bill(1, on=date(2025, 9, 1))

        found = whole(town, towns, 1, None, asked=date(2025, 12, 24))

        assert found.windows[-1].until_day == date(2025, 9, 1)
        assert found.asked == date(2025, 12, 24)

    def test_before_the_first_reading_day_is_refused(self, town: Any, towns: ModuleType) -> None:
        town.start(1, from_day=date(2025, 7, 10))

        with pytest.raises(NoServiceThen, match="no whole billing period before 2025-07-20"):
            whole(town, towns, 1, None, asked=date(2025, 7, 20))

    def test_go_on_over_a_change_of_the_rate_option(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 10, 1)), seconds=3600)
        change_rate(
            account_id=town.account_id(1),
            schedule="1M-smart",
            asked=date(2025, 7, 10),
            learned_at=towns.CLASSES_TOLD,
            view=town.book.as_known(towns.CLASSES_TOLD.date()),
            store=town.store,
        )

        found = whole(town, towns, 1, None, asked=date(2025, 10, 1))

        assert found.schedule == "1M-smart"
        assert found.windows[0].from_day == date(2025, 7, 1)
        bills = town.bill(1, on=date(2025, 10, 1), known_at=towns.CLASSES_TOLD).issued
        by_code = {one.schedule: one.windows_cents or () for one in found.answers}
        assert len(bills) == 3
        for bill in bills:
            window = found.windows.index(bill.days)
            assert by_code[bill.schedule][window] == bill.total_cents

    def test_are_those_that_were_billed_where_the_cycle_was_put_right(
        self, town: Any, towns: ModuleType
    ) -> None:
        """On the present option each period is the bill's total, by whichever cycle it was read."""
        told = towns.CLASSES_TOLD - timedelta(hours=1)
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 11, 1)), seconds=3600)
        first = town.bill(1, on=date(2025, 9, 1), known_at=told - timedelta(hours=1)).issued
        (service,) = town.services(1, known_at=told)
        name, account = service.agreement.agreement_id, town.account_id(1)
        town.store.put_right(
            PutRight(name, account, WrongFact.CYCLE, "1", "5", "Ana", "entered wrong", told)
        )

        found = whole(town, towns, 1, None, asked=date(2025, 11, 1))

        assert list(found.windows) == [one.days for one in first]
        assert any(f"{len(first)} of the 12" in one for one in found.beside)
        (present,) = [one for one in found.answers if one.schedule == "1M-anytime"]
        assert present.windows_cents == tuple(one.total_cents for one in first)

    def test_say_what_each_option_would_have_cost_more_or_less(
        self, town: Any, towns: ModuleType
    ) -> None:
        town.start(1, schedule="1M-overnight")
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)), seconds=3600)

        found = whole(town, towns, 1, None, asked=date(2025, 9, 1))

        now = next(one for one in found.answers if one.schedule == "1M-overnight")
        assert now.difference_cents == 0
        for one in found.answers:
            assert (one.total_cents or 0) - (now.total_cents or 0) == one.difference_cents

    def test_say_when_another_option_would_begin(self, town: Any, towns: ModuleType) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)), seconds=3600)

        told = whole(town, towns, 1, None, asked=date(2025, 8, 20)).as_json()

        ruling = told["switch"]["ruling"]
        assert ruling["outcome"]["takes_effect"] == "2025-09-01"
        assert ruling["reasons"][0]["citation"]["sheet"]
        assert told["switch"]["refusal"] is None

    @pytest.mark.parametrize("left_on", [date(2025, 8, 15), date(2025, 8, 16)])
    def test_say_that_who_has_left_can_ask_for_none(
        self, left_on: date, town: Any, towns: ModuleType
    ) -> None:
        """The days before are compared; on the first day without service nothing is switched."""
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 15)), seconds=3600)
        (service,) = town.store.services_of_account(town.account_id(1), towns.CLASSES_TOLD)
        town.store.stop_service(service.agreement.agreement_id, left_on, towns.LATER)

        found = whole(
            town, towns, 1, DaySpan(date(2025, 7, 1), date(2025, 8, 1)), asked=date(2025, 8, 15)
        )

        with pytest.raises(NoServiceThen, match=f"on 2025-08-20. Its service ended on {left_on}."):
            whole(town, towns, 1, None, asked=date(2025, 8, 20))
        assert found.answers[0].total_cents is not None
        assert (found.switch is None) is (left_on == date(2025, 8, 15))
        if found.switch is None:
            assert found.switch_refusal == (
                f"Account {town.account_id(1)} has no service at "
                f"{service.agreement.service_point_id} on 2025-08-15. Ask for the option when "
                "service begins again."
            )


class TestExplain:
    @pytest.fixture
    def bills(self, town: Any) -> list[Any]:
        town.start(1, schedule="1M-ultimate", tax_place="pagedale")
        town.read("M1", (date(2025, 7, 1), date(2025, 11, 1)))
        return list(town.bill(1, on=date(2025, 11, 1)).issued)

    def test_gives_every_line_with_its_inputs_and_clause(self, town: Any, bills: list[Any]) -> None:
        answer = explain_bill(bill_id=bills[0].bill_id, store=town.store)

        assert answer["versus"] is None
        assert sum(cents_from_text(line["usd"], where="") for line in answer["lines"]) == (
            bills[0].total_cents
        )
        for line in answer["lines"]:
            assert line["citations"]
            assert line["arithmetic"].endswith(f"${line['usd']}")
        assert any(
            "due 21 days after rendition" in str(one["finding"]) for one in answer["reasons"]
        )

    def test_splits_the_difference_of_two_bills_to_the_cent(
        self, town: Any, bills: list[Any]
    ) -> None:
        """September was summer, October winter: whole lines come and go."""
        september, october = bills[2], bills[3]

        versus = explain_bill(bill_id=october.bill_id, store=town.store, versus=september.bill_id)[
            "versus"
        ]

        assert versus["bill"] == september.bill_id
        difference = october.total_cents - september.total_cents
        assert cents_from_text(versus["total_usd"], where="") == difference
        parts = {
            part["code"]: cents_from_text(part["usd"], where="") for part in versus["by_charge"]
        }
        causes = {part["cause"]: cents_from_text(part["usd"], where="") for part in versus["parts"]}
        assert sum(parts.values()) == sum(causes.values()) == difference
        assert causes["days"] > 0, "October has a day more"
        assert causes["seasons, hours and blocks"] < 0, "winter costs less"
        assert parts["demand_summer"] < 0 < parts["demand_winter"]
        assert "customer_charge" not in parts, "what did not change is not a cause"

    def test_a_bill_of_somebody_else_is_not_compared(self, town: Any, bills: list[Any]) -> None:
        town.start(2)
        town.read("M2", (date(2025, 7, 1), date(2025, 8, 1)))
        (other,) = town.bill(2, on=date(2025, 8, 1)).issued

        with pytest.raises(NotTheSameAccount) as refused:
            explain_bill(bill_id=bills[0].bill_id, store=town.store, versus=other.bill_id)
        assert f"Bill {other.bill_id} is of another account." in refused.value.sentence

    def test_versus_itself_has_no_parts(self, town: Any, bills: list[Any]) -> None:
        same = bills[0].bill_id

        versus = explain_bill(bill_id=same, store=town.store, versus=same)["versus"]

        assert versus == {
            "bill": same,
            "parts": [],
            "by_charge": [],
            "estimated_kwh": ["0.000", "0.000"],
            "total_usd": "0.00",
            "weather": {"station": None, "kwh": None, "why": "nobody asked for it"},
        }

    def test_tells_the_weather_apart_where_temperatures_are_known(
        self, town: Any, towns: ModuleType
    ) -> None:
        """A home that cools: August was ten degrees hotter than July."""

        def cooling(day: date, count: int) -> list[int | None]:
            return [(8000 + 500 * (temperature_f(day) - 65)) // count] * count

        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)), cooling)
        july, august = town.bill(1, on=date(2025, 9, 1)).issued
        asked = WeatherKnown(town.book.as_known(towns.CLASSES_TOLD.date()), towns.CLASSES_TOLD)

        def versus() -> Any:
            return explain_bill(
                bill_id=august.bill_id, store=town.store, versus=july.bill_id, weather=asked
            )["versus"]

        before = versus()
        assert before["weather"]["why"] == "the temperature at KSTL is not known on 2025-07-01"
        town.store.record_temperatures(
            [
                DailyTemperature("KSTL", day, temperature_f(day) * 10, "a test", towns.FIRST)
                for day in DaySpan(date(2025, 7, 1), date(2025, 9, 1)).days()
            ]
        )
        after = versus()

        assert after["total_usd"] == before["total_usd"]
        by_cause = {
            part["cause"]: cents_from_text(part["usd"], where="") for part in after["parts"]
        }
        assert sum(by_cause.values()) == cents_from_text(after["total_usd"], where="")
        assert by_cause["weather"] > 1000
        assert abs(by_cause.get("use", 0)) <= 5  # the hours of a day share whole watt-hours
        assert after["weather"]["station"] == "KSTL"

    @pytest.mark.parametrize("missing", ["bill_id", "versus"])
    def test_of_no_such_bill_is_refused(self, missing: str, town: Any, bills: list[Any]) -> None:
        asked = {"bill_id": bills[0].bill_id, "versus": bills[1].bill_id, missing: "B-none"}

        with pytest.raises(NotFound, match="B-none"):
            explain_bill(store=town.store, **asked)
