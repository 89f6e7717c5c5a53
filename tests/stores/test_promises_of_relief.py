"""Relief: agreed by two people before its months, kept with its bill; both stores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest
from tests.stores.paper_town import (
    ANALYST,
    LATER,
    account_id,
    bill_of,
    month_of,
    rebill_of,
    start_of,
)
from tests.stores.relief_paper import OFF, after, agreement, relieved_bill, relieved_rebill

from meterledger.facts.relief import ReliefAct, ReliefAgreement, ReliefTotal
from meterledger.facts.taxes import TaxOfLine, TaxTotal
from meterledger.stores.postgres import PostgresStore, verify_invariants
from meterledger.usecases.ports import Conflict, NotFound, Store

FIRST, SECOND, THIRD = (month_of(one).from_day for one in range(3))
DAY = timedelta(days=1)


@pytest.fixture
def town(store: Store) -> Iterator[Store]:
    store.start_services([start_of(1), start_of(2)])
    with store.viewing(ANALYST, ["relief"]):
        yield store


def agreed(store: Store, *months: int, name: str = "RL-1", number: int = 1) -> ReliefAgreement:
    asked = agreement(number, *months, name=name)
    store.record_relief(asked)
    made = after(asked)
    store.record_relief(made)
    return made


class TestAnAgreement:
    def test_is_kept_step_by_step(self, town: Store) -> None:
        asked = agreement(1, 0, 1)
        assert town.record_relief(asked)
        assert town.reliefs_at(["SP-1"]) == []
        made = after(asked)
        assert town.record_relief(made)

        assert town.relief("RL-1") == made
        assert town.reliefs(account_id(1)) == town.reliefs() == [made]
        assert town.reliefs(account_id(2)) == town.reliefs_at(["SP-2"]) == []
        assert town.reliefs_at(["SP-1", "SP-2"]) == [made]

    def test_kept_again_is_kept_once_and_of_one_contents(self, town: Store) -> None:
        asked = agreement()
        assert [town.record_relief(asked), town.record_relief(asked)] == [True, False]
        later = agreement(hours=5)
        assert not town.record_relief(later)
        made = after(asked)
        assert [town.record_relief(made), town.record_relief(made)] == [True, False]
        with pytest.raises(Conflict, match="Relief RL-1 is there already, of other months"):
            town.record_relief(agreement(1, 1))

    def test_is_approved_by_another_person(self, town: Store) -> None:
        asked = agreement(by="Ana B")
        town.record_relief(asked)
        for name in ("Ana B", " ana b", "ANA\N{NO-BREAK SPACE}B"):
            with pytest.raises(Conflict, match="has asked for this and cannot approve it"):
                town.record_relief(after(asked, by=name))
        assert town.relief("RL-1").state is ReliefAct.ASKED

    def test_is_approved_until_its_first_month_begins(self, town: Store) -> None:
        asked = agreement(1, 1, 2)
        town.record_relief(asked)
        with pytest.raises(Conflict, match=f"The month of {SECOND} had begun on {SECOND + DAY}"):
            town.record_relief(after(asked, on=SECOND + DAY))
        assert town.record_relief(after(asked, on=SECOND))

    def test_of_a_month_that_another_has_is_not_approved(self, town: Store) -> None:
        agreed(town, 0, 1)
        asked = agreement(1, 1, 2, name="RL-2")
        town.record_relief(asked)
        with pytest.raises(Conflict, match=f"month of {SECOND} is adjusted by relief RL-1"):
            town.record_relief(after(asked))
        ended = after(town.relief("RL-1"), ReliefAct.ENDED, on=FIRST, from_day=SECOND)
        assert town.record_relief(ended)
        assert town.record_relief(after(asked))

    def test_of_a_month_that_is_billed_is_not_approved(self, town: Store) -> None:
        asked = agreement(1, 0)
        town.record_relief(asked)
        town.record_bills([bill_of(1)])
        with pytest.raises(Conflict, match=f"The month of {FIRST} is billed already"):
            town.record_relief(after(asked))

    def test_that_ended_goes_no_further(self, town: Store) -> None:
        asked = agreement()
        town.record_relief(asked)
        ended = after(asked, ReliefAct.ENDED)
        town.record_relief(ended)
        for act in (ReliefAct.APPROVED, ReliefAct.ENDED):
            with pytest.raises(Conflict, match="It is ended by now"):
                town.record_relief(after(ended, act))

    def test_is_of_somebody(self, town: Store) -> None:
        with pytest.raises(NotFound, match="There is no account"):
            town.record_relief(agreement(9))
        with pytest.raises(NotFound, match="There is no relief RL-9"):
            town.relief("RL-9")
        with pytest.raises(NotFound, match="There is no relief RL-1"):
            town.record_relief(after(agreement()))


class TestABill:
    def test_has_what_is_taken_off_it_and_owes_less(self, town: Store) -> None:
        agreed(town, 0)
        bill, entry = relieved_bill()
        town.record_bills([(bill, entry), bill_of(1, 1)])

        assert town.relief_of_bills([bill.bill_id, "B-none"]) == {bill.bill_id: bill.relief}
        assert town.balance_cents(account_id(1)) == 2 * 16519 - OFF
        second = bill_of(1, 1)[0].bill_id
        assert town.bill(second).previous_balance_cents == 16519 - OFF
        assert town.relief_totals(bill.issued_day, bill.issued_day + DAY) == [
            ReliefTotal("1M-anytime", OFF, 0, 1)
        ]
        assert town.relief_totals(bill.issued_day + DAY, date(2026, 1, 1)) == []
        taxed = town.relief_taxes(bill.issued_day, bill.issued_day + DAY)
        assert taxed == [TaxTotal(TaxOfLine("state_sales", "mo"), 90, 10, 4, 1)]
        assert town.relief_taxes(bill.issued_day + DAY, date(2026, 1, 1)) == []
        columns = town.late_columns([account_id(1), account_id(2)], LATER)
        assert columns.one_by_one.tolist() == [True, False]  # a column knows nothing of relief

    def test_without_an_agreement_of_its_month_is_refused(self, town: Store) -> None:
        agreed(town, 1)
        with pytest.raises(Conflict, match="No agreement adjusts bill"):
            town.record_bills([relieved_bill()])
        assert town.bills_of_account(account_id(1)) == []

    def test_that_is_cancelled_has_it_taken_back_exactly(self, town: Store) -> None:
        agreed(town, 0)
        bill, entry = relieved_bill()
        town.record_bills([(bill, entry)])
        with pytest.raises(Conflict, match="by agreement is not taken back with it"):
            town.record_rebills([rebill_of(1, cents=20_000)])
        one = relieved_rebill()
        town.record_rebills([one])

        assert town.balance_cents(account_id(1)) == 20_000 - OFF // 2
        told = town.relief_of_bills([bill.bill_id, one.bill.bill_id])
        assert [each.cents for each in told.values()] == [OFF, OFF // 2]
        (total,) = town.relief_totals(date(2025, 1, 1), date(2026, 1, 1))
        (taxed,) = town.relief_taxes(date(2025, 1, 1), date(2026, 1, 1))
        assert (taxed.taxable_cents, taxed.bill_count) == (90, 1)
        assert (total.charge_cents, total.bill_count) == (OFF // 2, 1)

    def test_of_which_it_comes_to_nothing_is_posted_alone(self, town: Store) -> None:
        agreed(town, 0)
        bill, entry = relieved_bill(off=0)
        town.record_bills([(bill, entry)])
        assert town.relief_of_bills([bill.bill_id]) == {bill.bill_id: bill.relief}
        assert town.balance_cents(account_id(1)) == 16519
        with pytest.raises(Conflict, match="by agreement is not taken back with it"):
            town.record_rebills([relieved_rebill()])


@pytest.mark.postgres
class TestTheDatabase:
    """As a program that asks nobody."""

    @pytest.fixture
    def kept(self, postgres: PostgresStore) -> PostgresStore:
        postgres.start_services([start_of(1)])
        return postgres

    def test_verifies_what_is_kept(self, kept: PostgresStore) -> None:
        with kept.viewing(ANALYST, ["relief"]):
            agreed(kept, 0, 1)
            kept.record_bills([relieved_bill(), relieved_bill(1, 1)])
            kept.record_rebills([relieved_rebill()])
            assert [said for _, _, said in verify_invariants(kept) if said] == []

    def test_refuses_one_person_what_is_late_and_a_second_agreement(
        self, kept: PostgresStore, application: psycopg.Connection[tuple[object, ...]]
    ) -> None:
        agreed(kept, 0, 1)
        kept.record_relief(agreement(1, 1, name="RL-2"))
        kept.record_relief(agreement(1, 2, name="RL-3"))
        for name, by, on, constraint in (
            ("RL-3", "ana", FIRST, "relief_needs_two_people"),
            ("RL-3", "Ben", THIRD + DAY, "relief_is_agreed_before"),
            ("RL-2", "Ben", FIRST, "a_month_has_one_relief"),
        ):
            with pytest.raises(psycopg.errors.CheckViolation) as refused:
                _insert_step(application, name, 2, "approved", on, by)
            application.rollback()
            assert refused.value.diag.constraint_name == constraint

    def test_refuses_another_amount_than_is_posted(self, kept: PostgresStore) -> None:
        agreed(kept, 0)
        with pytest.raises(Conflict, match=r"is of \$10.00, and \$10.01 are posted"):
            kept.record_bills([relieved_bill(posted=OFF + 1)])

    def test_tells_of_a_bill_of_an_agreed_month_without_it(self, kept: PostgresStore) -> None:
        agreed(kept, 0)
        kept.record_bills([bill_of(1)])
        with kept.viewing(ANALYST, ["relief"]):
            said = [one for _, _, found in verify_invariants(kept) for one in found]
        assert said == [f"bill {bill_of(1)[0].bill_id} is of a month that relief RL-1 adjusts, "
                        "and nothing says what is taken off it"]  # fmt: skip


def _insert_step(
    connection: psycopg.Connection[tuple[object, ...]],
    name: str,
    number: int,
    act: str,
    on: date,
    by: str,
) -> None:
    connection.execute(
        'INSERT INTO relief_step (relief_id, number, act, on_day, "by", reason, record, learned_at)'
        " VALUES (%s, %s, %s, %s, %s, 'so', '', now())",
        [name, number, act, on, by],
    )
