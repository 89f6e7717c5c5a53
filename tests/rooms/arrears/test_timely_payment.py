"""Paid in time or late: delinquent dates, the grace for mail, business days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, terms_on

from meterledger.arrears.late_facts import LateFactsContradict
from meterledger.arrears.timely_payment import (
    DELINQUENT_DATE,
    GRACE,
    TIMELY,
    Channel,
    DelinquentDateFacts,
    GraceFacts,
    TimelyFacts,
    decide_grace,
    decide_timely,
)
from meterledger.kernel.standing import Standing
from meterledger.rulebook.business_days import business_day_after, on_a_weekend, weekday_after
from meterledger.rulebook.series import NoRuleInForce

FRIDAY = date(2019, 3, 8)
BEFORE_MEMORIAL_DAY = date(2018, 5, 25)


def timely(received: date, channel: Channel = Channel.MAIL, delinquent: date = FRIDAY) -> bool:
    facts = TimelyFacts(delinquent, channel, received)
    return bool(ruling_on(TIMELY, facts, received).decision.outcome.timely)


class TestAPaymentByMail:
    @pytest.mark.parametrize(
        ("received", "in_time"),
        [
            (date(2019, 3, 7), True),
            (date(2019, 3, 8), True),  # the delinquent date itself
            (date(2019, 3, 9), True),  # Saturday, within the grace
            (date(2019, 3, 11), True),  # first business day
            (date(2019, 3, 12), True),  # second
            (date(2019, 3, 13), False),  # third
        ],
    )
    def test_has_two_business_days_of_grace(self, received: date, in_time: bool) -> None:
        assert timely(received) is in_time

    @pytest.mark.parametrize(
        ("received", "in_time"), [(date(2018, 5, 30), True), (date(2018, 5, 31), False)]
    )
    def test_has_a_day_more_where_a_holiday_lies_between(
        self, received: date, in_time: bool
    ) -> None:
        assert timely(received, delinquent=BEFORE_MEMORIAL_DAY) is in_time

    def test_of_the_weekend_after_the_second_business_day_is_late(self) -> None:
        wednesday = date(2019, 3, 6)
        assert timely(date(2019, 3, 8), delinquent=wednesday)
        assert not timely(date(2019, 3, 9), delinquent=wednesday)

    def test_rests_on_the_assumed_holidays_only_where_they_matter(self) -> None:
        within = TimelyFacts(BEFORE_MEMORIAL_DAY, Channel.MAIL, date(2018, 5, 29))
        beyond = TimelyFacts(BEFORE_MEMORIAL_DAY, Channel.MAIL, date(2018, 5, 30))

        assert ruling_on(TIMELY, within, within.received).standing is Standing.FILED
        assert ruling_on(TIMELY, beyond, beyond.received).standing is Standing.ASSUMED

    def test_is_judged_by_the_text_of_the_delinquent_date(self) -> None:
        facts = TimelyFacts(date(2018, 4, 11), Channel.MAIL, date(2018, 4, 13))
        reasons = ruling_on(TIMELY, facts, date(2018, 4, 16)).decision.reasons
        assert {str(reason.citation) for reason in reasons} == {"Sheet 136, rev. Original, GRR V.K"}


@pytest.mark.parametrize("channel", [one for one in Channel if one is not Channel.MAIL])
def test_no_other_payment_has_a_grace(channel: Channel) -> None:
    assert timely(FRIDAY, channel)
    assert not timely(FRIDAY + timedelta(days=1), channel)


class TestTheGrace:
    @pytest.mark.parametrize(
        ("delinquent", "last_day"),
        [
            (date(2019, 3, 7), date(2019, 3, 11)),  # Thursday: Friday and Monday
            (date(2019, 3, 8), date(2019, 3, 12)),
            (date(2019, 3, 9), date(2019, 3, 12)),  # Saturday: Monday and Tuesday
            (date(2018, 5, 25), date(2018, 5, 30)),
            (date(2016, 2, 11), date(2016, 2, 17)),  # Lincoln Day, then Washington's Birthday
            (date(2027, 12, 30), date(2028, 1, 4)),  # New Year's Day of a Saturday, kept on Friday
        ],
    )
    def test_ends_on_the_second_business_day(self, delinquent: date, last_day: date) -> None:
        ruling = ruling_on(GRACE, GraceFacts(delinquent), delinquent)
        assert ruling.decision.outcome.last_day_by_mail == last_day

    def test_refuses_a_year_without_a_calendar(self) -> None:
        facts = GraceFacts(date(2030, 12, 30))
        with pytest.raises(NoRuleInForce, match="business_day_holidays"):
            ruling_on(GRACE, facts, facts.delinquent_date)


DAYS = st.dates(date(2013, 7, 1), date(2030, 12, 20))


@given(DAYS, st.integers(0, 12))
def test_mail_is_in_time_exactly_until_the_grace_ends(delinquent: date, later: int) -> None:
    received = delinquent + timedelta(days=later)
    last = decide_grace(GraceFacts(delinquent), terms_on(delinquent)).outcome.last_day_by_mail

    decision = decide_timely(TimelyFacts(delinquent, Channel.MAIL, received), terms_on(received))

    assert decision.outcome.timely is (received <= last)


@given(DAYS, st.integers(1, 5))
def test_a_business_day_is_a_weekday_and_never_before_the_weekday_count(
    day: date, count: int
) -> None:
    end = business_day_after(day, count, terms_on(day)).day

    assert not on_a_weekend(end)
    assert end >= weekday_after(day, count) > day


class TestTheDelinquentDate:
    @pytest.mark.parametrize(
        ("printed", "counts"),
        [(None, FRIDAY), (FRIDAY, FRIDAY), (date(2019, 3, 15), date(2019, 3, 15))],
    )
    def test_is_the_printed_one_or_else_the_due_date(
        self, printed: date | None, counts: date
    ) -> None:
        ruling = ruling_on(DELINQUENT_DATE, DelinquentDateFacts(FRIDAY, printed), date(2019, 3, 20))
        assert ruling.decision.outcome.delinquent_date_used == counts

    def test_never_lies_before_the_due_date(self) -> None:
        facts = DelinquentDateFacts(FRIDAY, date(2019, 3, 7))
        with pytest.raises(LateFactsContradict, match="before it is due"):
            ruling_on(DELINQUENT_DATE, facts, date(2019, 3, 20))
