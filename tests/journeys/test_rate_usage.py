"""Rate: what energy would cost, by the one calculation path that also bills."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.charges import ChargeGroup
from meterledger.kernel.span import DaySpan
from meterledger.rating import TimesNeeded
from meterledger.rulebook.book import NoSuchValue
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.rate_usage import RatedUsage, UsageNotWhole, rate_usage

JULY = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
JANUARY = DaySpan(date(2026, 1, 1), date(2026, 2, 1))
KNOWN = date(2026, 11, 25)
BASE_ONLY = frozenset({ChargeGroup.BASE})


@pytest.fixture
def rate(first_book: Any) -> Any:
    def ask(
        usage: Any, window: DaySpan = JULY, schedule: str = "1M-anytime", **how: Any
    ) -> RatedUsage:
        return rate_usage(
            schedule=schedule,
            window=window,
            usage=usage,
            book=first_book,
            as_known_on=how.pop("as_known_on", KNOWN),
            **how,
        )

    return ask


class TestAQuantity:
    @pytest.mark.parametrize(("window", "cents"), [(JULY, 165_19), (JANUARY, 106_69)])
    def test_of_a_thousand_kwh_costs_what_was_published(
        self, window: DaySpan, cents: int, rate: Any
    ) -> None:
        assert rate(1_000_000, window, groups=BASE_ONLY).total_cents == cents

    def test_answers_in_the_promised_shape(self, rate: Any) -> None:
        answer = rate(1_000_000, tax_place="university_city").as_json()

        assert answer["schedule"] == "1M-anytime"
        assert (answer["from"], answer["to"]) == ("2025-07-01", "2025-08-01")
        assert answer["total_usd"] == "190.91"  # 173.73 and 9/91 of it
        assert answer["standing"] == "assumed"
        assert [line["code"] for line in answer["lines"]][-1] == "municipal_gross_receipts_tax"
        for line in answer["lines"]:
            assert {"code", "label", "quantity", "unit", "usd", "standing", "citations"} <= set(
                line
            )

    def test_without_riders_or_taxes_leaves_out_those_and_only_those(self, rate: Any) -> None:
        everything = rate(1_000_000, tax_place="pagedale")
        groups = {line.group for line in everything.lines}
        assert groups == set(ChargeGroup)

        no_tax = rate(1_000_000, tax_place="pagedale",
                      groups=frozenset({ChargeGroup.BASE, ChargeGroup.RIDER}))  # fmt: skip
        assert no_tax.lines == everything.lines[:-1]
        riders = rate(1_000_000, tax_place="pagedale", groups=frozenset({ChargeGroup.RIDER}))
        assert riders.total_cents == 8_54

    @pytest.mark.parametrize("wh", [-1, 10**12 + 1])
    def test_that_is_no_amount_of_energy_is_refused(self, wh: int, rate: Any) -> None:
        with pytest.raises(UsageNotWhole) as refused:
            rate(wh)

        assert str(refused.value) == (
            f"{wh} Wh is not an amount of energy used in a billing window. "
            "Give kWh between 0 and 1000000000."
        )

    def test_at_the_very_limit_is_exact(self, rate: Any) -> None:
        assert rate(10**12, groups=BASE_ONLY).total_cents == 9_19 + 156_000_000_00

    @pytest.mark.parametrize("code", ["1M-overnight", "1M-ultimate"])
    def test_has_no_times_for_times_of_use(self, code: str, rate: Any) -> None:
        with pytest.raises(TimesNeeded, match="a single quantity of kWh has no times"):
            rate(1_000_000, schedule=code)


class TestSilence:
    def test_before_the_first_rate_is_refused(self, rate: Any) -> None:
        with pytest.raises(NoRuleInForce, match="is in force on 2025-05-31"):
            rate(1, DaySpan(date(2025, 5, 31), date(2025, 6, 30)))

    def test_after_the_last_rider_is_refused_and_the_base_is_not(self, rate: Any) -> None:
        late = DaySpan(date(2026, 12, 15), date(2027, 1, 14))

        with pytest.raises(NoRuleInForce, match="in force on 2027-01-01"):
            rate(1_000, late)
        assert rate(1_000, late, groups=BASE_ONLY).total_cents > 0

    def test_before_the_book_was_learned_is_refused(self, rate: Any) -> None:
        with pytest.raises(NoRuleInForce, match="The book knew nothing on 2026-01-01"):
            rate(1, as_known_on=date(2026, 1, 1))

    def test_of_an_unknown_schedule_or_municipality_is_refused(self, rate: Any) -> None:
        with pytest.raises(NoSuchValue, match="There is no schedule '2M'"):
            rate(1, schedule="2M")
        with pytest.raises(NoSuchValue, match="municipal_gross_receipts_atlantis"):
            rate(1, tax_place="atlantis")


class TestIntervals:
    def test_with_a_gap_are_refused_with_where_it_begins(
        self, rate: Any, town: Any, towns: ModuleType
    ) -> None:
        town.read("M1", (date(2025, 7, 1), date(2025, 7, 31)))
        (usage,) = town.lake.usage([towns.pseudonym("M1", town.view.name)], JULY, at_sequence=1)

        with pytest.raises(UsageNotWhole) as refused:
            rate(usage)

        assert str(refused.value) == (
            "2025-07-01 to 2025-08-01: 96 of 2976 intervals are missing, the first at "
            "2025-07-31T05:00:00Z (local day 2025-07-31). Give a file that covers every interval "
            "of the window, or a shorter window."
        )

    def test_cost_what_the_bill_of_the_same_energy_says(
        self, rate: Any, town: Any, towns: ModuleType
    ) -> None:
        for number, code in enumerate(
            [one for one in town.view.schedule_codes() if one.startswith("1M-")], start=1
        ):
            town.start(number, schedule=code)
            town.read(f"M{number}", (date(2025, 7, 1), date(2025, 8, 1)))
            (usage,) = town.lake.usage(
                [towns.pseudonym(f"M{number}", town.view.name)], JULY, at_sequence=99
            )

            (bill,) = town.bill(number, on=date(2025, 8, 1)).issued

            assert rate(usage, schedule=code).lines == bill.lines
