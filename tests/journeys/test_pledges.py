"""Pledges: promised for a debt, received, applied to that and to nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.channel_town import ACCOUNT, NOW, OWED, town
from tests.rooms.rulebook_on import the_book
from tests.stores.paper_town import account_id, bill_of

from meterledger.entrypoints.channel_words import pledge_words
from meterledger.facts.pledges import PledgeState
from meterledger.usecases.pledges import (
    PledgeDesk,
    PledgeRefused,
    promise_pledge,
    receive_pledge,
    withdraw_pledge,
)
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment

TODAY = NOW.date()
FIRST, SECOND = (f"bill:{bill_of(1, month)[0].bill_id}" for month in (0, 1))


@pytest.fixture
def desk() -> PledgeDesk:
    store = town()
    store.record_bills([bill_of(1, 1)])
    return PledgeDesk(store, the_book(), NOW)


def promise(desk: PledgeDesk, **other: Any) -> Any:
    given: dict[str, Any] = {
        "account_id": ACCOUNT,
        "agency": "Heartland",
        "cents": 100_00,
        "for_items": [SECOND],
        "by": "Ana",
        "desk": desk,
    }
    return promise_pledge("P-1", **(given | other))


def receive(desk: PledgeDesk, cents: int = 100_00, key: str = "chk-1", **other: Any) -> Any:
    given: dict[str, Any] = {"cents": cents, "payment_key": key, "on": TODAY, "by": "Ana"}
    return receive_pledge("P-1", **(given | other), desk=desk)


def paid(desk: PledgeDesk) -> dict[str, int]:
    """What each item was paid, by all credits."""
    money = desk.store.account_money([ACCOUNT])[ACCOUNT]
    found: dict[str, int] = {}
    for one in money.applications:
        found[one.item_id] = found.get(one.item_id, 0) + one.cents
    return found


class TestTwoAtOnce:
    """Both looked before either had written: the second is told what the first one did."""

    def test_keep_one_promise(self, desk: PledgeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
        first, real, looks = promise(desk), desk.store.pledge, iter([False])

        def look(pledge_id: str) -> Any:
            if next(looks, True):
                return real(pledge_id)
            raise NotFound.of("pledge", pledge_id)

        monkeypatch.setattr(desk.store, "pledge", look)
        assert promise(desk) == first

    def test_take_its_money_once(self, desk: PledgeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
        promise(desk)
        before, real = desk.store.pledge("P-1"), desk.store.pledge
        first, looks = receive(desk), [before] * 2
        monkeypatch.setattr(desk.store, "pledge", lambda name: looks.pop() if looks else real(name))
        assert receive(desk) == first
        assert paid(desk) == {SECOND: 100_00}


class TestPledge:
    def test_pays_what_it_names_and_not_what_is_older(self, desk: PledgeDesk) -> None:
        promise(desk)
        assert receive(desk).state_on(TODAY) is PledgeState.RECEIVED
        assert paid(desk) == {SECOND: 100_00}

    def test_leaves_unapplied_what_the_debt_does_not_need(self, desk: PledgeDesk) -> None:
        promise(desk)
        receive(desk, OWED + 10_00)
        assert paid(desk) == {SECOND: OWED}
        assert desk.store.receipt("chk-1:rest").receipt.cents == 10_00
        receive(desk, 5_00, "chk-2")
        assert desk.store.trial_balance()["253.unapplied"] == -15_00  # type: ignore[attr-defined]

    def test_is_pending_until_it_comes(self, desk: PledgeDesk) -> None:
        promise(desk)
        (pending,) = desk.store.pending_money([ACCOUNT], TODAY)[ACCOUNT]  # type: ignore[attr-defined]
        assert (pending.cause, pending.cents, pending.for_items) == (
            "pledge:P-1",
            100_00,
            (SECOND,),
        )
        receive(desk, 40_00)
        (pending,) = desk.store.pending_money([ACCOUNT], TODAY)[ACCOUNT]  # type: ignore[attr-defined]
        assert pending.cents == 60_00
        assert receive(desk, 60_00, "chk-2").state_on(TODAY) is PledgeState.RECEIVED
        assert desk.store.pending_money([ACCOUNT], TODAY) == {}  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("days", "state"), [(45, PledgeState.PENDING), (46, PledgeState.EXPIRED)]
    )
    def test_expires_after_its_days(self, desk: PledgeDesk, days: int, state: PledgeState) -> None:
        assert promise(desk).state_on(TODAY + timedelta(days=days)) is state

    def test_that_expired_is_taken_all_the_same_when_the_money_comes(
        self, desk: PledgeDesk
    ) -> None:
        promise(desk)
        later = PledgeDesk(desk.store, desk.view, NOW + timedelta(days=60))
        assert receive(later, on=later.today).received_cents == 100_00

    def test_is_promised_and_received_once(self, desk: PledgeDesk) -> None:
        assert promise(desk) == promise(desk)
        assert receive(desk) == receive(desk)
        assert paid(desk) == {SECOND: 100_00}
        with pytest.raises(Conflict, match="known with other contents"):
            promise(desk, cents=99_00)
        with pytest.raises(Conflict, match=r"used already, for \$100\.00"):
            receive(desk, 1_00)

    def test_without_names_is_for_all_that_is_open(self, desk: PledgeDesk) -> None:
        assert promise(desk, for_items=[]).pledge.for_items == (FIRST, SECOND)

    @pytest.mark.parametrize(
        ("other", "says"),
        [
            ({"for_items": ["bill:B-9"]}, "bill:B-9 is not open"),
            ({"cents": 0}, "is not promised for"),
            ({"cents": OWED + 1}, "at most what is open"),
            ({"agency": " "}, "has an agency"),
            ({"by": ""}, "has an agency"),
            ({"promised_day": TODAY + timedelta(days=1)}, "is not here yet"),
            ({"expires_day": TODAY}, "before it lasts a day"),
        ],
    )
    def test_names_who_what_and_when(
        self, desk: PledgeDesk, other: dict[str, Any], says: str
    ) -> None:
        with pytest.raises(PledgeRefused, match=says):
            promise(desk, **other)

    def test_is_of_an_account(self, desk: PledgeDesk) -> None:
        with pytest.raises(NotFound, match="no account"):
            promise(desk, account_id=account_id(9))

    @pytest.mark.parametrize(
        ("cents", "day"), [(0, TODAY), (1, TODAY - timedelta(days=1)), (1, date(2026, 1, 1))]
    )
    def test_is_received_as_an_amount_on_a_day(
        self, desk: PledgeDesk, cents: int, day: date
    ) -> None:
        promise(desk)
        with pytest.raises(PledgeRefused):
            receive(desk, cents, on=day)

    def test_is_withdrawn_with_a_name_and_a_reason(self, desk: PledgeDesk) -> None:
        promise(desk)
        with pytest.raises(PledgeRefused, match="with a name and a reason"):
            withdraw_pledge("P-1", by="", reason="x", desk=desk)
        done = withdraw_pledge("P-1", by="Ana", reason="no funds", desk=desk)
        assert done.state_on(TODAY) is PledgeState.WITHDRAWN
        assert desk.store.pending_money([ACCOUNT], TODAY) == {}  # type: ignore[attr-defined]
        with pytest.raises(PledgeRefused, match="It is withdrawn"):
            withdraw_pledge("P-1", by="Ana", reason="again", desk=desk)


class TestMoneyThatComesBack:
    """The agency's check bounces: its promise is as it was before, and what it paid is open."""

    @pytest.fixture
    def bounced(self, desk: PledgeDesk) -> PledgeDesk:
        promise(desk)
        receive(desk)
        bounce(desk, "chk-1")
        return desk

    def test_is_pending_again(self, bounced: PledgeDesk) -> None:
        one = bounced.store.pledge("P-1")
        assert (one.received_cents, one.returned_cents, one.pending_cents) == (0, 100_00, 100_00)
        assert one.state_on(TODAY) is PledgeState.PENDING
        assert paid(bounced) == {SECOND: 0}
        (pending,) = bounced.store.pending_money([ACCOUNT], TODAY)[ACCOUNT]  # type: ignore[attr-defined]
        assert (pending.cents, pending.for_items) == (100_00, (SECOND,))
        assert pledge_words(one, TODAY) == f"pending, $100.00 came back by {TODAY}"

    def test_and_comes_again_pays_what_it_is_for(self, bounced: PledgeDesk) -> None:
        with pytest.raises(PledgeRefused, match=f"Payment chk-1 came back on {TODAY}"):
            receive(bounced)
        again = receive(bounced, key="chk-2")
        assert (again.state_on(TODAY), again.received_cents) == (PledgeState.RECEIVED, 100_00)
        assert paid(bounced) == {SECOND: 100_00}

    def test_of_a_pledge_whose_days_are_over_is_awaited_no_more(self, bounced: PledgeDesk) -> None:
        one = bounced.store.pledge("P-1")
        assert one.state_on(TODAY + timedelta(days=46)) is PledgeState.EXPIRED

    def test_may_be_withdrawn_by_the_agency(self, bounced: PledgeDesk) -> None:
        one = withdraw_pledge("P-1", by="Ana", reason="it has no money", desk=bounced)
        assert one.state_on(TODAY) is PledgeState.WITHDRAWN

    def test_counts_what_its_debt_did_not_need_by_itself(self, desk: PledgeDesk) -> None:
        promise(desk)
        receive(desk, OWED + 10_00)
        bounce(desk, "chk-1:rest")
        one = desk.store.pledge("P-1")
        assert (one.returned_cents, one.state_on(TODAY)) == (10_00, PledgeState.RECEIVED)
        bounce(desk, "chk-1")
        assert desk.store.pledge("P-1").state_on(TODAY) is PledgeState.PENDING


def bounce(desk: PledgeDesk, key: str) -> None:
    till = PaymentDesk(desk.store, desk.view, desk.now)  # type: ignore[arg-type]
    reverse_payment(key, on=TODAY, by="bank", reason="no funds", desk=till)
