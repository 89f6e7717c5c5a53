"""Deposits before residential service begins: GRR VI.A.1 by the real book, both revisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.rooms.rulebook_on import ruling_on

from meterledger.arrears.deposit_credit import CreditTests, ProofOfIdentity, ServiceAndScore
from meterledger.arrears.deposit_facts import DepositFactsContradict
from meterledger.arrears.deposit_initial import (
    INITIAL_DEPOSIT,
    BillDispute,
    Diversion,
    EarlierBill,
    InitialDeposit,
    InitialDepositFacts,
    InitialReason,
    UtilityService,
)
from meterledger.kernel.money import Cents
from meterledger.rulebook.series import NoRuleInForce

IN_2013, IN_2016 = date(2013, 9, 3), date(2016, 5, 1)
NO_CREDIT = CreditTests(False, None, False, False)
HOME = CreditTests(True, None, False, False)
KNOWN = ProofOfIdentity(True, True, True)
GOOD_SCORE = ServiceAndScore(None, 800)
CLEAN = InitialDepositFacts((), (), credit=HOME, score=GOOD_SCORE, identity=KNOWN)
DEBT = EarlierBill(date(2015, 6, 1), Cents(12_000), UtilityService.ELECTRIC, BillDispute.NONE)
THEFT = Diversion(date(2015, 6, 1), False, UtilityService.ELECTRIC)


def asked(facts: InitialDepositFacts, today: date = IN_2016) -> InitialDeposit:
    outcome = ruling_on(INITIAL_DEPOSIT, facts, today).decision.outcome
    assert isinstance(outcome, InitialDeposit)
    return outcome


class TestAnUnpaidBill:
    @pytest.mark.parametrize(
        ("accrued_on", "counts"),
        [
            (date(2011, 4, 30), False),  # five years and a day ago
            (date(2011, 5, 1), True),  # five years ago to the day
            (IN_2016, True),  # arisen today
        ],
    )
    def test_counts_for_five_years(self, accrued_on: date, counts: bool) -> None:
        facts = replace(CLEAN, unpaid_bills=(replace(DEBT, accrued_on=accrued_on),))

        assert asked(facts).deposit_may_be_required is counts

    @pytest.mark.parametrize("service", list(UtilityService))
    def test_counts_only_for_the_same_type_of_service(self, service: UtilityService) -> None:
        facts = replace(CLEAN, unpaid_bills=(replace(DEBT, service=service),))

        assert asked(facts).deposit_may_be_required is (service is UtilityService.ELECTRIC)

    def test_counts_beside_another_that_does_not(self) -> None:
        old = replace(DEBT, accrued_on=date(2001, 1, 1))

        assert asked(replace(CLEAN, unpaid_bills=(old, DEBT))).met == (InitialReason.UNPAID_BILL,)

    def test_of_nothing_is_refused(self) -> None:
        facts = replace(CLEAN, unpaid_bills=(replace(DEBT, unpaid_cents=Cents(0)),))

        with pytest.raises(DepositFactsContradict, match=r"\$0.00 is not unpaid"):
            asked(facts)

    def test_of_tomorrow_is_refused(self) -> None:
        facts = replace(CLEAN, unpaid_bills=(replace(DEBT, accrued_on=date(2016, 5, 2)),))

        with pytest.raises(DepositFactsContradict, match="Correct the day, or decide on a later"):
            asked(facts)

    def test_five_years_after_a_leap_day_end_on_the_28th(self) -> None:
        facts = replace(CLEAN, unpaid_bills=(replace(DEBT, accrued_on=date(2012, 2, 29)),))

        assert InitialReason.UNPAID_BILL in asked(facts, date(2017, 2, 28)).met
        assert InitialReason.UNPAID_BILL not in asked(facts, date(2017, 3, 1)).met

    @pytest.mark.parametrize(
        ("today", "option", "counts"),
        [
            (IN_2013, "wording_of_the_day", True),
            (IN_2013, "any_dispute", False),
            (IN_2013, "bona_fide_only", True),
            (IN_2016, "wording_of_the_day", False),
            (IN_2016, "any_dispute", False),
            (IN_2016, "bona_fide_only", True),
        ],
    )
    def test_in_a_dispute_on_file_counts_as_the_reading_says(
        self, today: date, option: str, counts: bool
    ) -> None:
        bill = replace(DEBT, accrued_on=date(2012, 1, 1), dispute=BillDispute.REGISTERED)
        facts = replace(CLEAN, unpaid_bills=(bill,))

        ruling = ruling_on(
            INITIAL_DEPOSIT, facts, today, readings={"deposits.dispute_test": option}
        )

        assert bool(ruling.decision.outcome.met) is counts
        assert ruling.reading_keys[-1] == "deposits.dispute_test"

    @pytest.mark.parametrize("dispute", [BillDispute.NONE, BillDispute.BONA_FIDE])
    def test_asks_for_no_reading_where_all_agree(self, dispute: BillDispute) -> None:
        facts = replace(CLEAN, unpaid_bills=(replace(DEBT, dispute=dispute),))

        ruling = ruling_on(INITIAL_DEPOSIT, facts, IN_2016)

        assert ruling.reading_keys == ()
        assert bool(ruling.decision.outcome.met) is (dispute is BillDispute.NONE)


class TestDiversion:
    @pytest.mark.parametrize(
        ("happened_on", "counts"), [(date(2011, 4, 30), False), (date(2011, 5, 1), True)]
    )
    def test_counts_for_five_years(self, happened_on: date, counts: bool) -> None:
        facts = replace(CLEAN, diversions=(replace(THEFT, happened_on=happened_on),))

        assert asked(facts).deposit_may_be_required is counts

    def test_of_gas_or_with_authority_does_not(self) -> None:
        gas = replace(THEFT, service=UtilityService.GAS)
        allowed = replace(THEFT, authorized=True)

        assert asked(replace(CLEAN, diversions=(gas, allowed))).met == ()


class TestTheFourCreditTests:
    @pytest.mark.parametrize(
        "credit",
        [
            CreditTests(True, None, False, False),
            CreditTests(False, date(2012, 9, 3), False, False),
            CreditTests(False, None, True, False),
            CreditTests(False, None, False, True),
        ],
        ids=["home", "employment", "income", "references"],
    )
    def test_are_met_by_any_one(self, credit: CreditTests) -> None:
        assert asked(replace(CLEAN, credit=credit), IN_2013).met == ()

    def test_are_not_met_by_none(self) -> None:
        short = CreditTests(False, date(2012, 9, 4), False, False)

        for credit in (NO_CREDIT, short):
            facts = replace(CLEAN, credit=credit)
            assert asked(facts, IN_2013).met == (InitialReason.NO_CREDIT_ESTABLISHED,)

    def test_left_the_tariff_on_2014_02_07(self) -> None:
        facts = replace(CLEAN, credit=NO_CREDIT)

        assert asked(facts, date(2014, 2, 6)).met == (InitialReason.NO_CREDIT_ESTABLISHED,)
        assert asked(facts, date(2014, 2, 7)).met == ()

    def test_are_asked_for_and_never_guessed(self) -> None:
        with pytest.raises(
            DepositFactsContradict, match=r"told which of .* tests.*Any one of these.*as 'credit'"
        ):
            asked(replace(CLEAN, credit=None), IN_2013)


class TestTheRiskScore:
    @pytest.mark.parametrize(
        ("score", "low"), [(0, True), (699, True), (700, False), (None, False)]
    )
    def test_is_a_reason_up_to_699(self, score: int | None, low: bool) -> None:
        facts = replace(CLEAN, score=ServiceAndScore(None, score))

        assert (InitialReason.LOW_ENERGY_RISK_SCORE in asked(facts).met) is low

    @pytest.mark.parametrize(
        ("last_served_on", "counts"), [(date(2011, 4, 30), True), (date(2011, 5, 1), False)]
    )
    def test_counts_only_without_service_in_five_years(
        self, last_served_on: date, counts: bool
    ) -> None:
        facts = replace(CLEAN, score=ServiceAndScore(last_served_on, 400))

        assert asked(facts).deposit_may_be_required is counts

    def test_is_ordered_and_never_guessed(self) -> None:
        words = r"Nobody has told when we served .* score.*5 years.*Equifax.*'eaer_score', null if"
        with pytest.raises(DepositFactsContradict, match=words):
            asked(replace(CLEAN, score=None))

    def test_below_zero_is_no_score(self) -> None:
        with pytest.raises(DepositFactsContradict, match="as reported, or null"):
            asked(replace(CLEAN, score=ServiceAndScore(None, -1)))


class TestProofOfIdentity:
    @pytest.mark.parametrize(
        ("document", "number", "missing"),
        [(True, True, False), (True, False, True), (False, True, True), (False, False, True)],
    )
    def test_is_both_the_document_and_the_number(
        self, document: bool, number: bool, missing: bool
    ) -> None:
        facts = replace(CLEAN, identity=ProofOfIdentity(True, document, number))

        assert asked(facts).deposit_may_be_required is missing

    def test_must_have_been_asked_for(self) -> None:
        facts = replace(CLEAN, identity=ProofOfIdentity(False, False, False))

        assert asked(facts).met == ()

    def test_is_needed_and_never_guessed(self) -> None:
        with pytest.raises(
            DepositFactsContradict, match=r"told whether proof of iden.*who took the app"
        ):
            asked(replace(CLEAN, identity=None))


def test_several_reasons_are_all_named() -> None:
    facts = InitialDepositFacts(
        (DEBT,),
        (THEFT,),
        score=ServiceAndScore(None, 10),
        identity=ProofOfIdentity(True, False, False),
    )

    assert asked(facts).met == (
        InitialReason.UNPAID_BILL,
        InitialReason.DIVERSION,
        InitialReason.LOW_ENERGY_RISK_SCORE,
        InitialReason.NO_PROOF_OF_IDENTITY,
    )


def test_a_no_is_explained_reason_by_reason() -> None:
    decision = ruling_on(INITIAL_DEPOSIT, CLEAN, IN_2016).decision

    assert [reason.citation.paragraph for reason in decision.reasons] == [
        "GRR VI.A.1.a",
        "GRR VI.A.1.b",
        "GRR VI.A.1.c",
        "GRR VI.A.1.d",
        "GRR VI.A.1",
    ]


def test_before_the_first_text_the_book_is_silent() -> None:
    with pytest.raises(NoRuleInForce, match=r"deposits\.initial\.form.*2013-06-29"):
        asked(CLEAN, date(2013, 6, 29))
