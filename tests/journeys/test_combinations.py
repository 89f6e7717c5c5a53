"""Ten and more premises on one combined statement: begun, widened, stated, corrected and ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.combined_town import (
    AFTER,
    ALL,
    BILLED,
    FIRST,
    KNOWN,
    PERSON,
    SCHOOLS,
    accounts_of,
    combine,
    schools_town,
)
from tests.journeys.town import VIEWER, Town, even

from meterledger.entrypoints.combined_words import several_people
from meterledger.facts.combination import (
    Combination,
    CombinedAccount,
    CombinedKind,
    CombinedStatement,
)
from meterledger.kernel.span import Validity
from meterledger.ledger import RECEIVABLE
from meterledger.usecases.combinations import (
    Combined,
    NotCombined,
    add_to_combination,
    end_combination,
    look_at_combination,
)
from meterledger.usecases.combined_statements import StatementRefused, state_combination
from meterledger.usecases.ports import Conflict
from meterledger.usecases.rebill import rebill
from meterledger.usecases.start_service import stop_service


@pytest.fixture
def town() -> Iterator[Town]:
    made = schools_town()
    with made.store.viewing(VIEWER, []):
        yield made


def state(town: Town, on: date = BILLED, **changed: Any) -> CombinedStatement:
    asked: dict[str, Any] = {
        "combination_id": "SCHOOLS",
        "on": on,
        "learned_at": AFTER,
        "view": town.view,
        "store": town.store,
    }
    return state_combination(**{**asked, **changed})


def state_is_of(town: Town) -> str:
    town.bill(*ALL, on=BILLED, known_at=KNOWN)
    return state(town).customer


def begun_by_name(town: Town, *numbers: int) -> None:
    """A combination as they were before persons were asked for."""
    days = Validity(FIRST + timedelta(days=30))
    town.store.begin_combination(
        Combination("SCHOOLS", SCHOOLS, days, KNOWN, ()),
        [CombinedAccount("SCHOOLS", one, days, KNOWN) for one in accounts_of(numbers)],
    )


class TestOfBefore:
    """Combinations that began by a name go on, and say where they are of two people."""

    def look(self, town: Town, on: date = BILLED) -> list[str]:
        found = look_at_combination(
            combination_id="SCHOOLS", on=on, known_at=AFTER, view=town.view, store=town.store
        )
        return several_people(found.people)

    def add(self, town: Town, number: int) -> Combined:
        return add_to_combination(
            combination_id="SCHOOLS",
            account_id=town.account_id(number),
            on=BILLED,
            learned_at=AFTER,
            view=town.view,
            store=town.store,
        )

    def test_of_one_customer_takes_more_of_theirs(self, town: Town) -> None:
        town.start(20, people=(("P99", SCHOOLS),), from_day=FIRST)
        begun_by_name(town, *ALL[:10])
        assert self.look(town) == []
        with pytest.raises(NotCombined, match="is not of the same people as"):
            self.add(town, 20)
        assert len(self.add(town, 11).premises) == 11

    def test_of_two_says_whose_is_whose_until_one_is_taken_out(self, town: Town) -> None:
        town.start(20, people=(("P99", SCHOOLS),), from_day=FIRST)
        begun_by_name(town, *ALL[:11], 20)
        words = " ".join(self.look(town))
        assert "It is not of one customer" in words
        assert f"Account {town.account_id(20)}: Elm Schools (P99)." in words
        with pytest.raises(NotCombined, match="is not of the same people as"):
            self.add(town, 12)
        town.bill(*ALL, on=BILLED, known_at=KNOWN)
        assert state(town).customer == SCHOOLS
        end_combination(
            combination_id="SCHOOLS",
            account_id=town.account_id(20),
            on=BILLED,
            learned_at=AFTER,
            view=town.view,
            store=town.store,
        )
        assert self.look(town) == []
        assert len(self.add(town, 12).premises) == 12


class TestStarting:
    @pytest.mark.parametrize(("count", "granted"), [(9, False), (10, True)])
    def test_ten_premises_are_the_least(self, town: Town, count: int, granted: bool) -> None:
        if granted:
            combined = combine(town, *ALL[:count])
            assert len(combined.premises) == 10
            assert len(town.store.combination("SCHOOLS").accounts) == 10
            return
        with pytest.raises(NotCombined, match="9 premises, and 10 are the least"):
            combine(town, *ALL[:count])
        assert town.store.combination_ids() == []

    def test_a_call_is_no_request(self, town: Town) -> None:
        with pytest.raises(NotCombined, match="a written request is needed"):
            combine(town, *ALL, in_writing=False)

    def test_the_clause_is_that_of_the_day(self, town: Town) -> None:
        combined = combine(town, *ALL)
        texts = {one.citation.text for one in combined.file.combination.reasons}
        assert texts == {"Sheet 130, rev. 2, GRR V.B"}

    def test_a_premise_with_two_accounts_counts_once(self, town: Town) -> None:
        town.start(20, people=(("P1", SCHOOLS),), from_day=FIRST, premise_id="PR1",
                   address="1 Elm Street")  # fmt: skip
        with pytest.raises(NotCombined, match="9 premises, and 10 are the least"):
            combine(town, *ALL[:9], 20)

    def test_a_premise_that_will_be_left_is_not_regularly_theirs(self, town: Town) -> None:
        (service,) = town.services(10)
        stop_service(
            agreement_id=service.agreement.agreement_id,
            last_day_out=date(2026, 8, 1),
            learned_at=KNOWN - timedelta(hours=1),
            store=town.store,
        )
        with pytest.raises(NotCombined, match=r"9 premises, and 10 are the least \(1 more are"):
            combine(town, *ALL[:10])
        combined = combine(town, *ALL[:11])
        assert (len(combined.premises), combined.passing) == (10, ("PR10",))

    def test_another_customers_account_is_refused_whatever_the_name(self, town: Town) -> None:
        """The namesake's place, use and debt are nobody else's."""
        town.start(20, people=(("P99", SCHOOLS),), from_day=FIRST)
        with pytest.raises(NotCombined, match="Person P1 is not responsible for account") as found:
            combine(town, *ALL, 20)
        assert "It is the account of Elm Schools (P99)" in str(found.value)
        with pytest.raises(NotCombined, match="Person Elm Schools is not responsible"):
            combine(town, *ALL, customer=SCHOOLS)
        assert town.store.combination_ids() == []

    def test_an_account_held_with_somebody_else_is_of_other_people(self, town: Town) -> None:
        town.start(20, people=(("P1", SCHOOLS), ("P2", "Oak Church")), from_day=FIRST)
        with pytest.raises(NotCombined, match="is not of the same people as account") as found:
            combine(town, *ALL, 20)
        assert "It is of Elm Schools (P1) and Oak Church (P2)" in str(found.value)

    def test_the_name_stays_for_the_paper(self, town: Town) -> None:
        begun = combine(town, *ALL).file.combination
        assert (begun.person_id, begun.customer) == (PERSON, SCHOOLS)
        assert state_is_of(town) == SCHOOLS

    def test_an_account_without_service_that_day_is_refused(self, town: Town) -> None:
        town.start(20, people=(("P1", SCHOOLS),), from_day=date(2026, 8, 1))
        with pytest.raises(NotCombined, match="has no service on 2026-03-31"):
            combine(town, *ALL, 20)

    def test_a_dry_run_changes_nothing(self, town: Town) -> None:
        assert combine(town, *ALL, dry_run=True).file.accounts
        assert town.store.combination_ids() == []

    def test_an_account_is_in_one_combination_a_day(self, town: Town) -> None:
        combine(town, *ALL)
        with pytest.raises(Conflict, match="is in combination SCHOOLS on one of the days"):
            combine(town, *ALL, combination_id="OTHER")


class TestChanging:
    def test_an_account_is_added_from_a_day(self, town: Town) -> None:
        combine(town, *ALL[:10])
        day = FIRST + timedelta(days=60)
        added = add_to_combination(
            combination_id="SCHOOLS",
            account_id=town.account_id(11),
            on=day,
            learned_at=AFTER,
            view=town.view,
            store=town.store,
        )
        assert len(added.premises) == 11
        assert town.account_id(11) in town.store.combination("SCHOOLS").accounts_on(day)

    def test_below_ten_a_person_looks(self, town: Town) -> None:
        combine(town, *ALL[:10])
        left = end_combination(
            combination_id="SCHOOLS",
            account_id=town.account_id(1),
            on=BILLED,
            learned_at=AFTER,
            view=town.view,
            store=town.store,
        )
        assert left is not None
        assert left.ruling.decision.outcome.combined is False
        assert len(left.premises) == 9
        assert town.store.combination("SCHOOLS").combination.days.until_day is None

    def test_nothing_is_added_to_one_that_has_ended(self, town: Town) -> None:
        combine(town, *ALL[:10])
        end_combination(
            combination_id="SCHOOLS",
            account_id=None,
            on=BILLED,
            learned_at=AFTER,
            view=town.view,
            store=town.store,
        )
        with pytest.raises(NotCombined, match="not in force on 2026-06-16"):
            add_to_combination(
                combination_id="SCHOOLS",
                account_id=town.account_id(11),
                on=BILLED,
                learned_at=AFTER,
                view=town.view,
                store=town.store,
            )
        found = look_at_combination(
            combination_id="SCHOOLS",
            on=BILLED - timedelta(days=1),
            known_at=AFTER,
            view=town.view,
            store=town.store,
        )
        assert len(found.premises) == 10


class TestStatements:
    def test_printed_shown_and_posted_are_one_number(self, town: Town) -> None:
        combine(town, *ALL)
        run = town.bill(*ALL, on=BILLED, known_at=KNOWN)
        assert not run.held
        made = state(town)
        issued = [one for one in run.issued if one.issued_day >= FIRST + timedelta(days=30)]
        assert {one.bill_id for one in made.bills} == {one.bill_id for one in issued}
        posted = sum(
            leg.cents
            for number in ALL
            for entry in town.store.entries_of_account(town.account_id(number))
            for leg in entry.legs
            if leg.ledger_account == RECEIVABLE
        )
        assert made.asked_cents == made.charges_cents == posted
        assert made.charges_cents == sum(one.total_cents for one in issued)
        assert town.store.combination("SCHOOLS").statements == (made,)

    def test_have_one_due_day_the_companys(self, town: Town) -> None:
        combine(town, *ALL)
        town.bill(*ALL, on=BILLED, known_at=KNOWN)
        usual = state(town, dry_run=True)
        day_before = usual.due_day - timedelta(days=1)
        with pytest.raises(StatementRefused, match=f"{day_before} is too early"):
            state(town, due=day_before)
        assert state(town, due=usual.due_day, dry_run=True).due_day == usual.due_day
        later = usual.due_day + timedelta(days=3)
        made = state(town, due=later)
        assert made.due_day == later
        assert made.reasons[-1].finding == f"one due date for all, {later}, chosen by the Company"
        assert made.reasons[-1].citation.text == "Sheet 130, rev. 2, GRR V.B"

    def test_state_a_bill_once(self, town: Town) -> None:
        combine(town, *ALL)
        town.bill(*ALL, on=BILLED, known_at=KNOWN)
        state(town)
        with pytest.raises(StatementRefused, match="no bill that is not on a statement already"):
            state(town)

    def test_leave_out_what_was_billed_before_the_account_joined(self, town: Town) -> None:
        town.bill(*ALL, on=date(2026, 5, 16), known_at=KNOWN)
        combine(town, *ALL, on=date(2026, 6, 1))
        run = town.bill(*ALL, on=BILLED, known_at=AFTER)
        made = state(town)
        assert {one.bill_id for one in made.bills} == {one.bill_id for one in run.issued}

    def test_a_correction_takes_the_cancelled_bill_back(self, town: Town) -> None:
        combine(town, *ALL)
        town.bill(*ALL, on=BILLED, known_at=KNOWN)
        before = state(town)
        wrong = next(one for one in before.bills if one.account_id == town.account_id(1))
        town.read("M1", (FIRST, date(2026, 9, 20)), even(90), learned_at=AFTER, seconds=3600)
        rebill(
            [wrong.bill_id],
            author="Ana",
            reason="the meter was read wrongly",
            on=date(2026, 6, 20),
            known_at=AFTER + timedelta(hours=2),
            store=town.store,
            lake=town.lake,
            book=town.book,
        )
        made = state(town, on=date(2026, 6, 20), learned_at=AFTER + timedelta(hours=3))
        kinds = [(one.kind, one.account_id) for one in made.bills]
        assert kinds == [
            (CombinedKind.TAKEN_BACK, town.account_id(1)),
            (CombinedKind.CHARGED, town.account_id(1)),
        ]
        stated = before.asked_cents + made.asked_cents
        assert stated == sum(town.store.balance_cents(one) for one in accounts_of(ALL))
