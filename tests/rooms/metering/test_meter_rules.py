"""Several meters, meter tests, loads without a meter and what a meter may send."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.kernel.months import months_after
from meterledger.metering.account_meters import (
    ACCOUNT_USAGE,
    AccountMetersFacts,
    MeterMonth,
    MetersContradict,
)
from meterledger.metering.meter_data import (
    METER_MESSAGE,
    MeterDatum,
    MeterMessageFacts,
)
from meterledger.metering.meter_tests import REPEATED_TEST_CHARGE, RepeatedTestFacts
from meterledger.metering.unmetered import UNMETERED, Device, UnmeteredFacts

TODAY = date(2025, 8, 15)
KWH = st.integers(0, 10**9).map(lambda thousandths: Fraction(thousandths, 1000))


class TestSeveralMeters:
    @given(st.lists(st.tuples(KWH, st.none() | KWH), min_size=1, max_size=8))
    def test_lose_nothing_and_find_nothing(
        self, months: list[tuple[Fraction, Fraction | None]]
    ) -> None:
        meters = tuple(
            MeterMonth(f"M-{number}", "A-1", kwh, peak) for number, (kwh, peak) in enumerate(months)
        )

        outcome = ruling_on(
            ACCOUNT_USAGE, AccountMetersFacts("A-1", meters), TODAY
        ).decision.outcome

        assert outcome.billing_kwh == sum(kwh for kwh, _ in months)
        peaks = [peak for _, peak in months if peak is not None]
        assert outcome.billing_kw == (sum(peaks) if peaks else None)
        assert outcome.meters_counted == len(months)

    def test_of_which_one_ran_backward_are_no_bill(self) -> None:
        meters = (MeterMonth("M-1", "A-1", Fraction(-1)),)
        with pytest.raises(MetersContradict, match="Meter M-1 has registered less than nothing"):
            ruling_on(ACCOUNT_USAGE, AccountMetersFacts("A-1", meters), TODAY)


class TestATestAskedForAgain:
    @given(
        st.integers(0, 1500),
        st.integers(-500, 500).map(lambda hundredths: Fraction(hundredths, 100)),
    )
    def test_is_charged_within_twelve_months_and_two_percent_alone(
        self, days: int, error: Fraction
    ) -> None:
        last = TODAY - timedelta(days=days)

        outcome = ruling_on(REPEATED_TEST_CHARGE, RepeatedTestFacts(last, error), TODAY)

        within = last >= months_after(TODAY, -12)
        assert outcome.decision.outcome.charged == (within and abs(error) <= 2)


class TestALoadWithoutAMeter:
    def test_is_refused_for_every_reason_at_once(self) -> None:
        facts = UnmeteredFacts(Device.OTHER, Fraction(6), False, False, False)

        decision = ruling_on(UNMETERED, facts, date(2016, 2, 1)).decision

        assert not decision.outcome.allowed
        assert len(decision.reasons) == 5


class TestAMessage:
    @pytest.mark.parametrize("field", ["name", "customer_name", "Service_Address", "address"])
    def test_that_says_who_or_where_is_not_taken(self, field: str) -> None:
        facts = MeterMessageFacts(MeterDatum.VOLTAGE, ("meter", field))

        outcome = ruling_on(METER_MESSAGE, facts, date(2026, 11, 25)).decision.outcome

        assert outcome.forbidden_fields == (field,)
        assert not outcome.taken
