"""Compare answers what each bill would have been; explain takes a bill apart to the cent."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import Any

import pytest

from meterledger.kernel.money import cents_from_text
from meterledger.kernel.span import DaySpan
from meterledger.usecases.compare_schedules import NoServiceThen, compare_schedules
from meterledger.usecases.explain_bill import explain_bill
from meterledger.usecases.ports import NotFound
from meterledger.usecases.rate_usage import UsageNotWhole
from meterledger.usecases.start_service import service_start
from meterledger.usecases.window_usage import MeterNotWhole


def compared(town: Any, towns: ModuleType, number: int, first: date, until: date) -> Any:
    return compare_schedules(
        account_id=town.account_id(number),
        span=DaySpan(first, until),
        known_at=towns.NOON,
        store=town.store,
        lake=town.lake,
        book=town.book,
    )


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
        codes = town.view.schedule_codes()
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
            "Account 0000000018 has no one agreement over all days from 2025-06-30 to 2025-07-30. "
            "Choose days on which one agreement was in force."
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

    def test_versus_itself_has_no_parts(self, town: Any, bills: list[Any]) -> None:
        same = bills[0].bill_id

        versus = explain_bill(bill_id=same, store=town.store, versus=same)["versus"]

        assert versus == {
            "bill": same,
            "parts": [],
            "by_charge": [],
            "estimated_kwh": ["0.000", "0.000"],
            "total_usd": "0.00",
        }

    @pytest.mark.parametrize("missing", ["bill_id", "versus"])
    def test_of_no_such_bill_is_refused(self, missing: str, town: Any, bills: list[Any]) -> None:
        asked = {"bill_id": bills[0].bill_id, "versus": bills[1].bill_id, missing: "B-none"}

        with pytest.raises(NotFound, match="B-none"):
            explain_bill(store=town.store, **asked)
