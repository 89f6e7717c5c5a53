"""No late charge while a payment by card may have come: the wired port over a real checkout."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.journeys.late_town import DUE, ISSUED, NOW, PaperAccount
from tests.stores.paper_town import ANALYST

from meterledger.facts.checkouts import CheckoutState
from meterledger.facts.money import Tender
from meterledger.stores.gateways.processor_fake import Bad, BadProcessor
from meterledger.usecases.checkouts import CheckoutDesk, settle_checkout, start_checkout

AN_HOUR = timedelta(hours=1)
BEGUN = NOW - AN_HOUR


class Till:
    """An account that owes 100 dollars, and a processor that does not answer."""

    def __init__(self, book: Any) -> None:
        self.paper = PaperAccount(book)
        self.paper.bill(0)
        self.processor = BadProcessor()

    def desk(self, at: Any) -> CheckoutDesk:
        return CheckoutDesk(
            self.paper.store, self.processor, self.paper.book.as_known(at.date()), at
        )

    def begin(self, cents: int) -> None:
        self.processor.next_bad = [Bad.SILENT_AFTER_ACTING]
        with self.paper.store.viewing(ANALYST, [self.paper.account]):
            begun = start_checkout(
                "C-1",
                account_id=self.paper.account,
                cents=cents,
                tender=Tender.CARD,
                desk=self.desk(BEGUN),
            )
        assert begun.state is CheckoutState.UNKNOWN

    def end(self, cents: int) -> None:
        with self.paper.store.viewing(ANALYST, [self.paper.account]):
            settle_checkout(
                "C-1",
                is_paid=cents > 0,
                cents=cents,
                by="Ana",
                reason="the processor's page says so",
                desk=self.desk(NOW + AN_HOUR),
            )


@pytest.fixture
def till(first_book: Any) -> Till:
    return Till(first_book)


@pytest.mark.parametrize("cents", [1, 10_000])
def test_nothing_is_charged_while_nobody_knows(till: Till, cents: int) -> None:
    till.begin(cents)

    run = till.paper.run(ISSUED[1])

    assert (run.charges, dict(run.by_code)) == ([], {"unknown_payment": 1})
    assert till.paper.balance == 10_000


def test_the_date_is_charged_with_the_next_bill_once_nothing_came(till: Till) -> None:
    till.begin(10_000)
    till.paper.run(ISSUED[1])
    till.end(0)
    till.paper.bill(1, 5_000)

    run = till.paper.run(ISSUED[2], NOW + 2 * AN_HOUR)

    assert [(one.delinquent_day, one.cents) for one in run.charges] == [
        (DUE[0], 150),
        (DUE[1], 225),
    ]
    assert all(map(till.paper.replays, run.charges))
