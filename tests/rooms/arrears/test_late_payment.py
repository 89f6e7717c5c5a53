"""The late payment charge: GRR V.K to 2018-04-11, V.J after it, by the real book."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import ruling_on, terms_on

from meterledger.arrears.late_agreements import CustomerSide
from meterledger.arrears.late_facts import Holder, LateFactsContradict
from meterledger.arrears.late_government import GovernmentTerms
from meterledger.arrears.late_payment import (
    DISCONNECTION_GROUND,
    LATE_CHARGE,
    GroundFacts,
    LateCharge,
    LateChargeFacts,
    decide_late_charge,
)
from meterledger.kernel.money import Cents
from meterledger.kernel.standing import Standing
from meterledger.rulebook.series import NoRuleInForce

IN_2016, IN_2019, IN_2023 = date(2016, 5, 10), date(2019, 3, 20), date(2023, 5, 10)
AMOUNTS = st.integers(0, 10**7).map(Cents)


def charge(facts: LateChargeFacts, today: date = IN_2019, **readings: str) -> LateCharge:
    named = {key.replace("__", "."): option for key, option in readings.items()}
    ruling = ruling_on(LATE_CHARGE, facts, today, readings=named or None)
    outcome = ruling.decision.outcome
    assert isinstance(outcome, LateCharge)
    return outcome


class TestTheLateCharge:
    @pytest.mark.parametrize(
        ("unpaid_cents", "charge_cents"),
        [
            (0, 0),  # paid on the delinquent date
            (33, 0),  # 0.495 of a cent
            (34, 1),  # 0.51 of a cent
            (99, 1),  # 1.485 cents
            (1_00, 2),  # 1.5 cents: halves go up
            (200_00, 3_00),
        ],
    )
    def test_is_one_and_a_half_percent_rounded_once(
        self, unpaid_cents: int, charge_cents: int
    ) -> None:
        assert charge(LateChargeFacts(Cents(unpaid_cents))).late_charge_cents == charge_cents

    def test_leaves_deposit_arrears_out(self) -> None:
        facts = LateChargeFacts(Cents(200_00), deposit_arrears_cents=Cents(50_00))
        assert charge(facts) == LateCharge(Cents(2_25), Cents(150_00), "next bill")

    @pytest.mark.parametrize(
        ("today", "clause", "standing"),
        [
            (IN_2016, "Sheet 136, rev. Original, GRR V.K", Standing.FILED),
            (date(2018, 4, 11), "Sheet 136, rev. Original, GRR V.K", Standing.FILED),
            (date(2018, 4, 12), "Sheet 136, rev. 1, GRR V.J", Standing.FILED),
            (date(2022, 2, 27), "Sheet 136, rev. 1, GRR V.J", Standing.FILED),
            (date(2022, 2, 28), "Sheet 136, rev. 1, GRR V.J", Standing.CARRIED_FORWARD),
        ],
    )
    def test_cites_the_text_of_its_day(self, today: date, clause: str, standing: Standing) -> None:
        ruling = ruling_on(LATE_CHARGE, LateChargeFacts(Cents(100_00)), today)

        assert {str(reason.citation) for reason in ruling.decision.reasons} == {clause}
        assert ruling.standing is standing

    def test_carried_forward_names_the_reading_that_carries_it(self) -> None:
        ruling = ruling_on(LATE_CHARGE, LateChargeFacts(Cents(100_00)), IN_2023)
        assert ruling.reading_keys == ("late.rate_after_2022_02_28",)

    def test_is_refused_before_the_first_text(self) -> None:
        with pytest.raises(NoRuleInForce, match="in force on 2013-06-29"):
            charge(LateChargeFacts(Cents(100_00)), date(2013, 6, 29))


class TestArrearsCarriedForward:
    OLD = LateChargeFacts(
        Cents(101_50), arrears_cents=Cents(100_00), earlier_late_charges_cents=Cents(1_50)
    )

    def test_bear_the_charge_again_with_the_charge_on_them(self) -> None:
        assert charge(self.OLD).late_charge_cents == 1_52  # 1.5225

    def test_bear_it_alone_if_read_as_simple(self) -> None:
        assert charge(self.OLD, late__compound="simple").late_charge_cents == 1_50

    def test_rest_on_a_reading_only_where_a_charge_came_before(self) -> None:
        with_charge = ruling_on(LATE_CHARGE, self.OLD, IN_2019)
        without = LateChargeFacts(Cents(100_00), arrears_cents=Cents(100_00))

        assert with_charge.reading_keys == ("late.compound",)
        assert ruling_on(LATE_CHARGE, without, IN_2019).reading_keys == ()


class TestAgreements:
    def test_of_a_resident_are_left_out(self) -> None:
        facts = LateChargeFacts(
            Cents(600_00), agreement_cents=Cents(550_00), customer=CustomerSide.RESIDENTIAL
        )
        assert charge(facts).base_cents == 50_00

    def test_of_a_business_are_not(self) -> None:
        facts = LateChargeFacts(
            Cents(600_00), agreement_cents=Cents(550_00), customer=CustomerSide.NON_RESIDENTIAL
        )
        assert charge(facts).base_cents == 600_00

    def test_of_nobody_knows_whom_are_refused(self) -> None:
        with pytest.raises(LateFactsContradict, match="nobody says whether the customer is"):
            charge(LateChargeFacts(Cents(600_00), agreement_cents=Cents(550_00)))


class TestGovernments:
    def test_a_law_may_take_the_charge_away_from_the_state(self) -> None:
        law = GovernmentTerms(Holder.STATE_OF_MISSOURI, "a law", Fraction(0))
        assert charge(LateChargeFacts(Cents(100_00), government=law)).late_charge_cents == 0

    def test_and_not_from_a_county(self) -> None:
        law = GovernmentTerms(Holder.CITY_OR_COUNTY, "an ordinance", Fraction(0))
        assert charge(LateChargeFacts(Cents(100_00), government=law)).late_charge_cents == 1_50


class TestContradictions:
    def test_parts_that_exceed_the_whole_are_named(self) -> None:
        facts = LateChargeFacts(
            Cents(100_00), deposit_arrears_cents=Cents(60_00), arrears_cents=Cents(40_01)
        )
        with pytest.raises(
            LateFactsContradict, match=r"\(deposit_arrears_usd, arrears_usd\) are \$100.01"
        ):
            charge(facts)

    def test_parts_that_make_up_the_whole_are_no_contradiction(self) -> None:
        facts = LateChargeFacts(
            Cents(100_00), deposit_arrears_cents=Cents(60_00), arrears_cents=Cents(40_00)
        )
        assert charge(facts).late_charge_cents == 60

    def test_a_credit_is_not_unpaid(self) -> None:
        with pytest.raises(LateFactsContradict, match=r"-\$0.01 cannot be unpaid"):
            charge(LateChargeFacts(Cents(-1)))


class TestWhateverTheBill:
    @given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
    def test_base_and_what_is_left_out_are_the_unpaid(
        self, new: Cents, deposit: Cents, old: Cents, earlier: Cents, agreement: Cents
    ) -> None:
        facts = LateChargeFacts(
            Cents(new + deposit + old + earlier + agreement),
            deposit_arrears_cents=deposit,
            arrears_cents=old,
            earlier_late_charges_cents=earlier,
            agreement_cents=agreement,
            customer=CustomerSide.RESIDENTIAL,
        )
        outcome = decide_late_charge(facts, terms_on(IN_2019)).outcome

        assert outcome.base_cents + deposit + agreement == facts.unpaid_cents
        assert abs(2000 * outcome.late_charge_cents - 30 * outcome.base_cents) <= 1000

    @given(AMOUNTS, AMOUNTS)
    def test_a_simple_charge_is_never_more_than_a_compound_one(
        self, old: Cents, earlier: Cents
    ) -> None:
        facts = LateChargeFacts(
            Cents(old + earlier), arrears_cents=old, earlier_late_charges_cents=earlier
        )
        simple = terms_on(IN_2019, readings={"late.compound": "simple"})

        assert (
            decide_late_charge(facts, simple).outcome.late_charge_cents
            <= decide_late_charge(facts, terms_on(IN_2019)).outcome.late_charge_cents
        )


class TestTheGroundForDisconnection:
    @pytest.mark.parametrize(
        ("unpaid_cents", "disputed_cents", "ground"),
        [(0, 0, False), (1, 0, True), (1, 1, False), (2, 1, True)],
    )
    def test_is_what_is_unpaid_and_not_in_dispute(
        self, unpaid_cents: int, disputed_cents: int, ground: bool
    ) -> None:
        facts = GroundFacts(Cents(unpaid_cents), Cents(disputed_cents))
        assert ruling_on(DISCONNECTION_GROUND, facts, IN_2019).decision.outcome.ground is ground

    def test_is_never_more_disputed_than_unpaid(self) -> None:
        with pytest.raises(LateFactsContradict, match=r"\$0.02 is disputed of \$0.01 unpaid"):
            ruling_on(DISCONNECTION_GROUND, GroundFacts(Cents(1), Cents(2)), IN_2019)
