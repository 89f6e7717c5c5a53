"""Billing a deposit assessed before, and instalments in winter: GRR VI.A.2.c by the real book."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on

from meterledger.arrears.deposit_facts import ColdWeatherAgreement, DepositFactsContradict
from meterledger.arrears.deposit_instalments import (
    INSTALMENT_RULE,
    InstalmentFacts,
    Instalments,
)
from meterledger.arrears.deposit_winter import (
    EARLIER_DEPOSIT,
    EarlierDeposit,
    EarlierDepositFacts,
)
from meterledger.kernel.money import Cents

SUMMER, WINTER = date(2016, 6, 1), date(2016, 1, 15)
TARIFF_ONLY = {"cwr.deposit_policy": "tariff_only"}
PLAIN = EarlierDepositFacts(date(2015, 9, 1), Cents(120_00), ColdWeatherAgreement.NONE)
KEPT = replace(PLAIN, agreement=ColdWeatherAgreement.KEPT, agreed_on=date(2015, 12, 1))
BROKEN = replace(KEPT, agreement=ColdWeatherAgreement.BROKEN)


def billed(
    facts: EarlierDepositFacts, today: date, readings: dict[str, str] | None = None
) -> EarlierDeposit:
    outcome = ruling_on(EARLIER_DEPOSIT, facts, today, readings=readings).decision.outcome
    assert isinstance(outcome, EarlierDeposit)
    return outcome


class TestADepositAssessedBefore:
    @pytest.mark.parametrize(
        ("today", "resumes_on"),
        [
            (date(2015, 10, 31), None),
            (date(2015, 11, 1), date(2016, 4, 1)),
            (date(2016, 3, 31), date(2016, 4, 1)),
            (date(2016, 4, 1), None),
        ],
    )
    def test_pauses_in_the_season_and_resumes_after_it(
        self, today: date, resumes_on: date | None
    ) -> None:
        found = billed(PLAIN, today)

        assert (found.bill_now, found.resumes_on) == (resumes_on is None, resumes_on)
        assert found.still_owed_cents == 120_00

    def test_is_cancelled_for_good_by_an_agreement(self) -> None:
        for facts in (KEPT, BROKEN):
            for today in (WINTER, SUMMER):
                found = billed(facts, today)
                assert (found.bill_now, found.cancelled_cents) == (False, 120_00)

    def test_is_not_cancelled_by_an_agreement_made_before_it(self) -> None:
        later = replace(BROKEN, assessed_on=date(2015, 12, 2))

        assert billed(later, SUMMER) == EarlierDeposit(True, Cents(0), Cents(120_00), None)
        same_day = replace(BROKEN, assessed_on=date(2015, 12, 1))
        assert billed(same_day, SUMMER).cancelled_cents == 120_00

    def test_is_unbilled_while_a_later_agreement_is_kept(self) -> None:
        later = replace(KEPT, assessed_on=date(2015, 12, 2))

        ruling = ruling_on(EARLIER_DEPOSIT, later, SUMMER)

        assert not ruling.decision.outcome.bill_now
        assert ruling.reading_keys == ()

    def test_by_the_tariff_alone_is_unbilled_only_while_the_agreement_is_kept(self) -> None:
        for facts, bill_now in ((PLAIN, True), (KEPT, False), (BROKEN, True)):
            found = billed(facts, WINTER, TARIFF_ONLY)
            assert found == EarlierDeposit(bill_now, Cents(0), Cents(120_00), None)

    @given(
        unpaid=st.integers(1, 10**7),
        agreement=st.sampled_from(list(ColdWeatherAgreement)),
        today=st.dates(date(2015, 12, 1), date(2018, 12, 31)),
        policy=st.sampled_from(["most_protective", "tariff_only"]),
    )
    def test_is_owed_or_cancelled_to_the_cent(
        self, unpaid: int, agreement: ColdWeatherAgreement, today: date, policy: str
    ) -> None:
        agreed_on = None if agreement is ColdWeatherAgreement.NONE else date(2015, 12, 1)
        facts = EarlierDepositFacts(date(2015, 9, 1), Cents(unpaid), agreement, agreed_on)

        found = billed(facts, today, {"cwr.deposit_policy": policy})

        assert found.cancelled_cents + found.still_owed_cents == unpaid

    @pytest.mark.parametrize(
        "facts",
        [
            replace(PLAIN, agreed_on=date(2015, 12, 1)),
            replace(KEPT, agreed_on=None),
            replace(PLAIN, unpaid_cents=Cents(0)),
            replace(PLAIN, assessed_on=date(2016, 1, 16)),
            replace(KEPT, agreed_on=date(2016, 1, 16)),
        ],
    )
    def test_whose_facts_contradict_is_refused(self, facts: EarlierDepositFacts) -> None:
        with pytest.raises(DepositFactsContradict):
            billed(facts, WINTER)


UNABLE = InstalmentFacts(Cents(180_00), False, False, False)


def paid(facts: InstalmentFacts, today: date) -> Instalments:
    outcome = ruling_on(INSTALMENT_RULE, facts, today).decision.outcome
    assert isinstance(outcome, Instalments)
    return outcome


class TestInstalments:
    @pytest.mark.parametrize(
        ("today", "right"),
        [
            (date(2014, 10, 31), False),
            (date(2014, 11, 1), True),
            (date(2014, 12, 15), True),
            (date(2015, 1, 31), True),
            (date(2015, 2, 1), False),
            (date(2013, 10, 31), False),  # by the Original
            (date(2013, 11, 1), True),
            (date(2014, 1, 31), True),
            (date(2014, 2, 1), False),
        ],
    )
    def test_are_a_right_from_november_to_january(self, today: date, right: bool) -> None:
        found = paid(UNABLE, today)

        assert found.instalment_right is right
        assert found.instalments_cents == ((Cents(30_00),) * 6 if right else ())

    @pytest.mark.parametrize(
        "facts",
        [
            replace(UNABLE, for_diversion=True),
            replace(UNABLE, can_pay_at_once=True),
            replace(UNABLE, likely_not_to_pay=True),
        ],
    )
    def test_are_no_right_in_the_excepted_cases(self, facts: InstalmentFacts) -> None:
        assert paid(facts, date(2015, 1, 31)) == Instalments(False, ())

    @given(st.integers(1, 10**9))
    def test_sum_to_the_deposit_and_differ_by_a_cent_at_most(self, deposit: int) -> None:
        parts = paid(replace(UNABLE, deposit_cents=Cents(deposit)), date(2015, 1, 31))

        assert sum(parts.instalments_cents) == deposit
        assert len(parts.instalments_cents) == 6
        assert max(parts.instalments_cents) - min(parts.instalments_cents) <= 1

    def test_of_nothing_are_refused(self) -> None:
        with pytest.raises(DepositFactsContradict, match=r"A deposit of \$0.00 is none"):
            paid(replace(UNABLE, deposit_cents=Cents(0)), date(2015, 1, 31))
