"""Late charges on what is collected under an agreement, and terms of governments."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, terms_on

from meterledger.arrears.late_agreements import (
    AGREEMENT_CHARGE,
    AgreementCharge,
    AgreementFacts,
    AgreementKind,
    CustomerSide,
    decide_agreement_charge,
)
from meterledger.arrears.late_facts import Holder, LateFactsContradict
from meterledger.arrears.late_government import (
    GOVERNMENT_ACCOUNT,
    AccountTerms,
    GovernmentFacts,
    GovernmentTerms,
)
from meterledger.kernel.money import Cents
from meterledger.kernel.standing import Standing

IN_2016, IN_2019 = date(2016, 5, 10), date(2019, 3, 20)
COLD = "cwr.missed_instalment_late_charge"
AMOUNTS = st.integers(0, 10**7).map(Cents)


def agreement(
    missed_cents: int,
    later_cents: int = 550_00,
    kind: AgreementKind = AgreementKind.DEFERRED_PAYMENT,
    customer: CustomerSide = CustomerSide.RESIDENTIAL,
    *,
    ended: bool = False,
) -> AgreementFacts:
    return AgreementFacts(kind, customer, Cents(later_cents), Cents(missed_cents), ended)


class TestAnAgreement:
    @pytest.mark.parametrize("today", [IN_2016, IN_2019])
    @pytest.mark.parametrize(
        ("missed_cents", "charge_cents"),
        [(0, 0), (33, 0), (34, 1), (10_00, 15), (50_00, 75)],
    )
    def test_is_charged_on_what_was_missed_alone(
        self, today: date, missed_cents: int, charge_cents: int
    ) -> None:
        outcome = ruling_on(AGREEMENT_CHARGE, agreement(missed_cents), today).decision.outcome

        assert outcome == AgreementCharge(
            Cents(charge_cents), Cents(missed_cents), Cents(550_00), Cents(0)
        )

    def test_that_has_ended_is_an_ordinary_debt(self) -> None:
        ruling = ruling_on(AGREEMENT_CHARGE, agreement(50_00, ended=True), IN_2019)
        assert ruling.decision.outcome.to_ordinary_base_cents == 600_00

    def test_of_a_business_is_an_ordinary_debt(self) -> None:
        facts = agreement(50_00, customer=CustomerSide.NON_RESIDENTIAL)
        ruling = ruling_on(AGREEMENT_CHARGE, facts, IN_2019)
        assert ruling.decision.outcome.to_ordinary_base_cents == 600_00

    def test_below_zero_is_refused(self) -> None:
        with pytest.raises(LateFactsContradict, match="missed_instalment_usd"):
            ruling_on(AGREEMENT_CHARGE, agreement(-1), IN_2019)


class TestAColdWeatherAgreement:
    FACTS = agreement(34_83, 418_00, AgreementKind.COLD_WEATHER)

    def test_bears_nothing_not_even_on_what_was_missed(self) -> None:
        ruling = ruling_on(AGREEMENT_CHARGE, self.FACTS, IN_2019)

        assert ruling.decision.outcome.late_charge_cents == 0
        assert ruling.decision.outcome.spared_cents == 452_83
        assert "Cold Weather Rule practices" in str(ruling.decision.reasons[-1].citation)
        assert ruling.standing is Standing.SECOND_HAND
        assert ruling.reading_keys == (COLD,)

    def test_bears_it_if_read_otherwise(self) -> None:
        other = {COLD: "charge_missed_instalment"}
        ruling = ruling_on(AGREEMENT_CHARGE, self.FACTS, IN_2019, readings=other)

        assert ruling.decision.outcome.late_charge_cents == 52
        assert ruling.reading_keys == (COLD,)

    def test_that_is_kept_asks_for_no_reading(self) -> None:
        kept = agreement(0, 418_00, AgreementKind.COLD_WEATHER)
        assert ruling_on(AGREEMENT_CHARGE, kept, IN_2019).reading_keys == ()


@given(
    AMOUNTS,
    AMOUNTS,
    AMOUNTS,
    st.sampled_from(AgreementKind),
    st.sampled_from(CustomerSide),
    st.booleans(),
)
def test_every_cent_of_an_agreement_is_charged_spared_or_ordinary(
    missed: Cents,
    later: Cents,
    paid: Cents,
    kind: AgreementKind,
    customer: CustomerSide,
    ended: bool,
) -> None:
    facts = AgreementFacts(kind, customer, later, missed, ended, paid)
    outcome = decide_agreement_charge(facts, terms_on(IN_2019)).outcome

    parts = outcome.charged_on_cents + outcome.spared_cents + outcome.to_ordinary_base_cents
    assert parts == missed + later + paid
    is_home = customer is CustomerSide.RESIDENTIAL
    assert outcome.spared_cents >= (paid if is_home else 0)
    unpaid = AgreementFacts(kind, customer, later, missed, ended)
    without = decide_agreement_charge(unpaid, terms_on(IN_2019)).outcome
    assert outcome.late_charge_cents == without.late_charge_cents


class TestAGovernmentAccount:
    DAY, LATER = date(2019, 3, 8), date(2019, 4, 22)

    def terms_of(self, account: GovernmentTerms) -> AccountTerms:
        outcome = ruling_on(
            GOVERNMENT_ACCOUNT, GovernmentFacts(account, self.DAY), IN_2019
        ).decision.outcome
        assert isinstance(outcome, AccountTerms)
        return outcome

    @pytest.mark.parametrize("holder", [Holder.STATE_OF_MISSOURI, Holder.US_GOVERNMENT])
    def test_has_the_terms_that_the_law_demands(self, holder: Holder) -> None:
        account = GovernmentTerms(holder, "a law", Fraction(1), self.LATER)
        assert self.terms_of(account) == AccountTerms(True, Fraction(1), self.LATER, "a law")

    @pytest.mark.parametrize("holder", [Holder.CITY_OR_COUNTY, Holder.OTHER])
    def test_of_anyone_else_has_the_ordinary_ones(self, holder: Holder) -> None:
        account = GovernmentTerms(holder, "a law", Fraction(1), self.LATER)
        assert self.terms_of(account) == AccountTerms(False, Fraction(3, 2), self.DAY, None)

    def test_without_a_law_has_the_ordinary_ones(self) -> None:
        account = GovernmentTerms(Holder.US_GOVERNMENT)
        assert self.terms_of(account) == AccountTerms(False, Fraction(3, 2), self.DAY, None)

    def test_needs_the_law_that_its_terms_rest_on(self) -> None:
        account = GovernmentTerms(Holder.US_GOVERNMENT, None, Fraction(1))
        with pytest.raises(LateFactsContradict, match="Name the law or regulation"):
            self.terms_of(account)
