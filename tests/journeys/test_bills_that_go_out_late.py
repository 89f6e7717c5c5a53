"""A bill that came back, was set aside or went out late is not late before its time to pay."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.late_town import DUE, ISSUED, NOW, PaperAccount
from tests.stores.paper_town import ANALYST
from tests.stores.test_promises_of_documents import document_of

from meterledger.facts.documents import CameBack, Channel, SetAside
from meterledger.facts.late_charges import ReversalCause
from meterledger.usecases import late_charge_replay
from meterledger.usecases.late_charge_revisions import REVISIONS
from meterledger.usecases.late_charges import correct_late_charges

BEFORE = NOW - timedelta(hours=2)
AFTER = NOW + timedelta(hours=2)
LATER_DUE = DUE[0] + timedelta(days=14)
AN_HOUR = timedelta(hours=1)


class Mailed(PaperAccount):
    """The account, and how its bills went out."""

    def sent(
        self,
        bill_id: str,
        at: datetime = BEFORE,
        *,
        channel: Channel = Channel.PRINT,
        due: date | None = None,
    ) -> None:
        made = document_of(
            1, bill_id=bill_id, channel=channel, made_at=at, due_day=due, address="ann@example.org"
        )
        self.store.record_documents([made])

    def came_back(self, bill_id: str, at: datetime = BEFORE) -> None:
        back = CameBack(bill_id, self.account, f"{1:064x}", "mailbox unknown", "Ana", at)
        self.store.record_came_back(back)

    def set_aside(self, bill_id: str, at: datetime = BEFORE) -> None:
        aside = SetAside(bill_id, self.account, "a run", "a letter", at)
        self.store.record_documents([], [aside])


@pytest.fixture
def paper(first_book: Any) -> Mailed:
    return Mailed(first_book)


class TestALateCharge:
    @pytest.mark.parametrize("how", ["came back", "was set aside"])
    def test_is_not_made_on_a_bill_that_has_not_gone_out(self, paper: Mailed, how: str) -> None:
        name = paper.bill(0)
        if how == "came back":
            paper.sent(name, channel=Channel.ELECTRONIC)
            paper.came_back(name)
        else:
            paper.set_aside(name)
        run = paper.run(ISSUED[1])
        assert (run.charges, dict(run.by_code)) == ([], {"no_bill": 1})

    def test_counts_from_the_paper_that_went_out_in_its_place(self, paper: Mailed) -> None:
        name = paper.bill(0)
        paper.sent(name, channel=Channel.ELECTRONIC)
        paper.came_back(name)
        paper.sent(name, due=LATER_DUE)
        paper.bill(1)
        assert paper.run(LATER_DUE).charges == []
        (charge,) = paper.run(ISSUED[2]).charges[:1]
        assert charge.delinquent_day == LATER_DUE
        assert paper.replays(charge)

    @pytest.mark.parametrize(("day", "cents"), [(LATER_DUE, 0), (LATER_DUE + timedelta(1), 150)])
    def test_is_not_made_where_it_was_paid_by_the_later_day(
        self, paper: Mailed, day: date, cents: int
    ) -> None:
        name = paper.bill(0)
        paper.sent(name, due=LATER_DUE)
        paper.pay("R-1", 10_000, day)
        assert sum(one.cents for one in paper.run(LATER_DUE + timedelta(days=8)).charges) == cents

    def test_that_was_made_before_we_learned_of_it_is_taken_back(self, paper: Mailed) -> None:
        name = paper.bill(0)
        paper.sent(name, channel=Channel.ELECTRONIC)
        (charge,) = paper.run(ISSUED[1]).charges
        paper.came_back(name, NOW + AN_HOUR)
        told = {"on": ISSUED[1], "store": paper.store, "book": paper.book}
        with paper.store.viewing(ANALYST, [paper.account]):
            run = correct_late_charges(known_at=AFTER, **told)
            again = correct_late_charges(known_at=AFTER + AN_HOUR, **told)
        (back,) = run.reversals
        assert back.cause is ReversalCause.NOT_DELIVERED
        assert back.reason == (
            f"it rests on a bill that had not reached the customer in time: {name}"
        )
        assert (paper.balance, again.reversals) == (10_000, [])
        assert paper.replays(charge)

    def test_of_an_earlier_revision_replays_by_the_due_day_alone(
        self, paper: Mailed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name = paper.bill(0)
        paper.sent(name, due=LATER_DUE)
        assert paper.run(ISSUED[1], dry_run=True).charges == []
        was = REVISIONS["late-3"][0]
        history = paper.store.late_histories
        with paper.store.viewing(ANALYST, [paper.account]):
            found = late_charge_replay.consider(
                history([paper.account], NOW)[paper.account],
                on=ISSUED[1],
                known_at=NOW,
                view=paper.book.as_known(NOW.date()),
                by=was,
            )
        assert [one.delinquent_day for one in found.charges] == [DUE[0]]
