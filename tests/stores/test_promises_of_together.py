"""What stores promise of meters that come on one bill: the arrangement, and the claims of bills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import errors
from tests.stores.paper_town import (
    ANALYST,
    CLAUSE,
    CORRECTED_AT,
    FIRST_DAY,
    LATER,
    LEARNED,
    account_id,
    agreement_of,
    bill_of,
    held_of,
    month_of,
    rebill_of,
    start_of,
)
from tests.stores.together_paper import (
    barn_of,
    shared_bill_of,
    start_of_barn,
    together_of,
    with_barn,
)

from meterledger.facts.held import SeenHold
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import DaySpan, Validity
from meterledger.stores.postgres.repository.verify import verify_invariants
from meterledger.usecases.kept_back import KeptBackTogether
from meterledger.usecases.ports import Conflict, NotFound, NotViewing

ACCOUNT, STOP = account_id(3), date(2025, 4, 1)
SIGNED = {"by": "Ben Ito", "reason": "asked in June"}


@pytest.fixture
def town(store: Any) -> Iterator[Any]:
    store.start_services([start_of(1), start_of(3)])
    store.start_services([start_of_barn(3)])
    with store.viewing(ANALYST, ["everything"]):
        yield store


def service(town: Any, name: str, known_at: Any = LATER) -> Any:
    return town.service_of_agreement(name, known_at)


HOUSE, BARN = agreement_of(3).agreement_id, barn_of(3).agreement_id


class TestTheArrangement:
    def test_comes_back_as_it_was_kept(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        assert town.together_of_account(ACCOUNT) == [together_of(3)]
        assert town.together_of_account(ACCOUNT, LEARNED - timedelta(seconds=1)) == []

    def test_is_seen_by_somebody_only(self, store: Any) -> None:
        with pytest.raises(NotViewing):
            store.together_of_account(ACCOUNT)

    def test_stands_in_both_services_as_known_then(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        house, barn = service(town, HOUSE), service(town, BARN)
        assert [one.service.agreement.agreement_id for one in house.joined] == [BARN]
        assert house.joined[0].service.installations == barn.installations
        assert [(one.agreement_id, one.days) for one in barn.billed_with] == [
            (HOUSE, together_of(3).days)
        ]
        assert (house.billed_with, barn.joined) == ((), ())
        assert town.services_of_account(ACCOUNT, LATER) == [house, barn]
        assert town.services_of_cycle(15, LATER)[-2:] == [house, barn]
        before = service(town, HOUSE, LEARNED - timedelta(0))
        assert before.joined == house.joined

    def test_ends_for_all_of_the_account_and_what_was_known_stays(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        (ended,) = town.end_together(ACCOUNT, date(2025, 6, 1), **SIGNED, learned_at=LATER)
        assert (ended.days.until_day, ended.by) == (date(2025, 6, 1), "Ben Ito")
        assert town.together_of_account(ACCOUNT) == [ended]
        assert town.together_of_account(ACCOUNT, LATER - timedelta(seconds=1)) == [together_of(3)]
        with pytest.raises(NotFound, match="No meters of account"):
            town.end_together(ACCOUNT, date(2025, 6, 1), **SIGNED, learned_at=LATER)

    @pytest.mark.parametrize("on", [date(2025, 1, 1), date(2024, 12, 1)])
    def test_that_has_no_day_left_is_taken_back_and_what_was_known_stays(
        self, town: Any, on: date
    ) -> None:
        town.begin_together([together_of(3)])
        assert town.end_together(ACCOUNT, on, **SIGNED, learned_at=LATER) == []
        assert town.together_of_account(ACCOUNT) == []
        assert town.together_of_account(ACCOUNT, LATER - timedelta(seconds=1)) == [together_of(3)]
        assert service(town, HOUSE, LATER).joined == ()
        town.begin_together([replace(together_of(3), learned_at=LATER + timedelta(seconds=1))])

    def test_is_one_a_day(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        with pytest.raises(Conflict, match="are billed together on one of the days"):
            town.begin_together([together_of(3)])
        turned = replace(together_of(3), agreement_id=BARN, joined_agreement=HOUSE)
        with pytest.raises(Conflict, match="are billed together on one of the days"):
            town.begin_together([turned])

    def test_is_of_agreements_of_the_account(self, town: Any) -> None:
        other = replace(together_of(3), joined_agreement=agreement_of(1).agreement_id)
        with pytest.raises(NotFound, match="no agreement of account"):
            town.begin_together([other])
        early = replace(together_of(3), days=Validity(date(2024, 12, 1)))
        with pytest.raises(Conflict, match="has no service on 2024-12-01"):
            town.begin_together([early])
        assert town.together_of_account(ACCOUNT) == []

    def test_keeps_the_agreement_that_it_names_until_it_is_ended(self, town: Any) -> None:
        """A rate option that begins later is arranged, and taken back at another desk then."""
        then = replace(agreement_of(3, STOP), schedule="1M-smart", learned_at=LATER)
        town.change_agreement(HOUSE, STOP, then, [Reason("asked for", CLAUSE)])
        row = replace(
            together_of(3, learned_at=LATER),
            agreement_id=then.agreement_id,
            days=Validity(STOP),
        )
        town.begin_together([row])

        words = f"Agreement {then.agreement_id} is billed together.*`meterledger together end"
        with pytest.raises(Conflict, match=words):
            town.take_back_agreement(then.agreement_id, LATER + timedelta(seconds=1))
        assert service(town, then.agreement_id).agreement.schedule == "1M-smart"

        moment = LATER + timedelta(seconds=2)
        town.end_together(ACCOUNT, STOP, **SIGNED, learned_at=moment)
        town.take_back_agreement(then.agreement_id, moment)
        assert service(town, HOUSE, LATER + timedelta(days=1)).agreement.days == Validity(FIRST_DAY)

    def test_begins_and_ends_where_nothing_is_billed(self, town: Any) -> None:
        alone, entry = bill_of(3)
        town.record_bills([(alone, entry)])
        with pytest.raises(Conflict, match="is billed past 2025-01-01 already"):
            town.begin_together([together_of(3)])
        after = replace(together_of(3), days=Validity(month_of(0).until_day), learned_at=LATER)
        town.begin_together([after])


class TestClaims:
    def test_one_bill_takes_the_days_of_both_points(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        bill, entry = shared_bill_of(3)
        assert town.record_bills([(bill, entry), bill_of(1)]) == {
            bill.bill_id,
            bill_of(1)[0].bill_id,
        }
        assert service(town, HOUSE).billed_until == month_of(0).until_day
        assert service(town, BARN).billed_until == month_of(0).until_day
        assert [one.bill_id for one in town.bills_of_account(ACCOUNT)] == [bill.bill_id]
        assert town.record_bills([(bill, entry)]) == set()
        with_barn_days = town.bills_with_days_of([barn_of(3).service_point_id, "SP-1"])
        assert [one.bill_id for one in with_barn_days] == [bill.bill_id]
        assert town.bills_with_days_of(["SP-3"]) == []

    def test_a_bill_of_one_of_them_alone_is_kept_back(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        with pytest.raises(KeptBackTogether, match="has not the meters that are to be billed"):
            town.record_bills([bill_of(3)])
        bill, entry = bill_of(3)
        barn = barn_of(3)
        alone = replace(
            bill,
            bill_id="B-BARN",
            agreement_id=barn.agreement_id,
            service_point_id=barn.service_point_id,
        )
        with pytest.raises(KeptBackTogether):
            town.record_bills([(alone, replace(entry, entry_id="bill:B-BARN"))])
        assert town.bills_of_account(ACCOUNT) == []

    def test_a_bill_of_both_without_an_arrangement_is_kept_back(self, town: Any) -> None:
        with pytest.raises(KeptBackTogether):
            town.record_bills([shared_bill_of(3)])

    def test_a_part_of_its_days_is_not_all_of_them(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        days = DaySpan(month_of(0).from_day, date(2025, 1, 30))
        with pytest.raises(KeptBackTogether):
            town.record_bills([shared_bill_of(3, barn_days=days)])

    def test_a_period_between_that_nobody_billed_keeps_it_back(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        with pytest.raises(KeptBackTogether):
            town.record_bills([shared_bill_of(3, 1)])
        town.record_bills([shared_bill_of(3)])
        town.record_bills([shared_bill_of(3, 1)])

    def test_what_was_billed_together_is_not_parted_afterwards(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        town.record_bills([shared_bill_of(3)])
        with pytest.raises(Conflict, match="is billed past 2025-01-15 already"):
            town.end_together(ACCOUNT, date(2025, 1, 15), **SIGNED, learned_at=LATER)
        with pytest.raises(Conflict, match="is billed past 2025-01-01 already"):
            town.end_together(ACCOUNT, date(2025, 1, 1), **SIGNED, learned_at=LATER)
        town.end_together(ACCOUNT, month_of(0).until_day, **SIGNED, learned_at=LATER)
        town.record_bills([bill_of(3, 1)])

    def test_a_correction_moves_every_part(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        town.record_bills([shared_bill_of(3), shared_bill_of(3, 1)])
        right = rebill_of(3)
        whole = replace(right, bill=with_barn(right.bill, month_of(0)))
        with pytest.raises(Conflict, match="is not for the service period"):
            town.record_rebills([right])
        assert town.record_rebills([whole]) == {right.bill.bill_id}
        assert town.record_rebills([whole]) == set()
        assert service(town, BARN, CORRECTED_AT).billed_until == month_of(1).until_day
        with pytest.raises(Conflict, match="is billed past"):
            town.end_together(ACCOUNT, date(2025, 1, 15), **SIGNED, learned_at=CORRECTED_AT)

    def test_it_ends_the_open_cases_of_both(self, town: Any) -> None:
        held = held_of(3)
        barn = replace(held, agreement_id=BARN)
        town.see_held(
            [SeenHold(held), SeenHold(barn)], on=month_of(0).until_day, learned_at=LEARNED
        )
        town.begin_together([together_of(3)])
        town.record_bills([shared_bill_of(3)])
        assert town.held_cases(account_id=ACCOUNT) == []
        assert len(town.held_cases(account_id=ACCOUNT, with_ended=True)) == 2

    def test_a_service_that_ends_later_is_believed_after_its_bills(self, town: Any) -> None:
        town.begin_together([together_of(3)])
        town.record_bills([shared_bill_of(3)])
        with pytest.raises(Conflict, match="It is billed until 2025-01-31"):
            town.stop_service(BARN, date(2025, 1, 20), LATER)
        town.stop_service(BARN, date(2025, 2, 10), LATER)
        barn = service(town, BARN, LATER + timedelta(days=1))
        assert barn.agreement.learned_at > LATER
        days = DaySpan(month_of(1).from_day, date(2025, 2, 10))
        town.record_bills([shared_bill_of(3, 1, barn_days=days)])


@pytest.mark.postgres
class TestTheDatabase:
    """What is refused whoever asks, whatever was looked at before."""

    @pytest.fixture
    def said(self, postgres: Any) -> Any:
        postgres.start_services([start_of(1), start_of(3)])
        postgres.start_services([start_of_barn(3)])
        return postgres

    def test_refuses_another_accounts_agreement(self, said: Any) -> None:
        with pytest.raises(errors.CheckViolation, match="are not of account"):
            said._step(
                "test",
                lambda connection: connection.execute(
                    "INSERT INTO billed_together (account_id, agreement_id, joined_agreement, by,"
                    " reason, reasons, days, known) VALUES (%s, %s, %s, 'A', 'b', '[]',"
                    " daterange(%s, NULL), tstzrange(%s, NULL))",
                    [ACCOUNT, HOUSE, agreement_of(1).agreement_id, date(2025, 1, 1), LEARNED],
                ),
            )

    def test_refuses_a_claim_of_one_of_them_alone(self, said: Any) -> None:
        said.begin_together([together_of(3)])
        for name, point in ((HOUSE, "SP-3"), (BARN, "SP-3-BARN")):
            with pytest.raises(errors.CheckViolation, match=r"billed with it|is billed with"):
                said._step(
                    "test",
                    lambda connection, name=name, point=point: connection.execute(
                        "INSERT INTO service_period_claim (bill_id, agreement_id, account_id,"
                        " service_point_id, days, issued_day, known_at)"
                        " VALUES ('X', %s, %s, %s, daterange(%s, %s), %s, %s)",
                        [name, ACCOUNT, point, date(2025, 1, 1), date(2025, 2, 1),
                         date(2025, 2, 1), LATER],
                    ),
                )  # fmt: skip

    def test_refuses_an_arrangement_over_billed_days(self, said: Any) -> None:
        said.record_bills([bill_of(3)])
        row = together_of(3)
        with pytest.raises(errors.CheckViolation, match="has not the days of agreement"):
            said._step(
                "test",
                lambda connection: connection.execute(
                    "INSERT INTO billed_together (account_id, agreement_id, joined_agreement, by,"
                    " reason, reasons, days, known) VALUES (%s, %s, %s, 'A', 'b', '[]',"
                    " daterange(%s, NULL), tstzrange(%s, NULL))",
                    [ACCOUNT, HOUSE, BARN, row.days.from_day, LATER],
                ),
            )

    def test_tells_all_that_holds_of_itself(self, said: Any) -> None:
        said.begin_together([together_of(3)])
        said.record_bills([shared_bill_of(3), shared_bill_of(3, 1)])
        right = rebill_of(3)
        said.record_rebills([replace(right, bill=with_barn(right.bill, month_of(0)))])
        with said.viewing(ANALYST, ["everything"]):
            found = {name: broken for name, _, broken in verify_invariants(said)}
        words = ("one claim", "billed together", "periods tile")
        about = [name for name in found if any(word in name for word in words)]
        assert len(about) == 3
        assert [found[name] for name in about] == [[], [], []]
