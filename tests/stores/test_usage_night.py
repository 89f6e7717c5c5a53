"""A night over PostgreSQL and a lake of files: validated, killed, done whole, decided, billed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import (
    BELOW_ZERO,
    DAY,
    NEXT,
    NIGHT,
    UsageTown,
    usage_town,
    weekly,
    with_gap,
    with_value,
)

from meterledger.facts.usage_log import FindingState, ReviewAct
from meterledger.stores.postgres.repository import PostgresStore
from meterledger.usecases.estimate_records import estimated_bills
from meterledger.usecases.review_usage import accept_day, day_to_review, estimate_day
from meterledger.usecases.usage_replaced import usage_replaced

pytestmark = pytest.mark.postgres

SPAN = (date(2025, 9, 1), date(2025, 11, 1))


class Killed(BaseException):
    """The process is gone between writing files and publishing them."""


class Dies:
    """The store of a process that dies when it is to record its first estimates."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def record_usage_batch(self, batch: Any, publish: Any) -> int:
        if publish is not None:
            raise Killed
        return self._store.record_usage_batch(batch, publish)


@pytest.fixture
def town(postgres: PostgresStore, tmp_path: Path) -> UsageTown:
    made = usage_town(tmp_path, store=postgres)
    with postgres.viewing(VIEWER, []):
        for number in (1, 2, 3):
            made.start(number, from_day=date(2025, 10, 1))
        made.arrive("M1", SPAN)
        made.arrive("M2", SPAN, with_gap(DAY, 10, 14))
        made.arrive("M3", SPAN, with_value(DAY, 40, BELOW_ZERO))
    return made


def test_a_night_that_died_before_publishing_is_done_whole_the_next_time(
    town: UsageTown, postgres: PostgresStore
) -> None:
    with postgres.viewing(VIEWER, []):
        sequence = postgres.lake_sequence()
        with pytest.raises(Killed):
            town.validate(store=Dies(postgres))
        assert postgres.lake_sequence() == sequence
        assert postgres.estimates_of_meter("M2") == []
        assert town.values_of("M2")[10:14] == [-1] * 4

        report = town.validate()

        assert (report.counts.complete, report.counts.estimated, report.counts.held) == (1, 1, 1)
        assert len(postgres.estimates_of_meter("M2")) == 1
        assert town.validate(known_at=NEXT).known


def test_from_the_night_over_the_queue_to_bills_and_the_late_reading(
    town: UsageTown, postgres: PostgresStore
) -> None:
    with postgres.viewing(VIEWER, []):
        town.validate(known_at=NIGHT)
        first = town.bill(1, 2, 3, on=date(2025, 11, 1), known_at=NIGHT)
        assert [one.code for one in first.held] == ["usage.held"]
        marked = [bill for bill in first.issued if bill.usage.estimated is not None]
        assert [bill.account_id for bill in marked] == [town.account_id(2)]

        item = day_to_review("M3", DAY, store=postgres, lake=town.lake, view=town.view)
        estimate_day(
            item, author="Dana Cole", reason="CT reversed", at=NEXT, slots=[40], store=postgres,
            lake=town.lake, view=town.view,
        )  # fmt: skip
        (found,) = [
            one
            for one in postgres.findings_of_meter("M3")
            if one.logged.finding.code == "usage.negative"
        ]
        assert found.state is FindingState.ESTIMATED
        assert found.review is not None
        assert found.review.act is ReviewAct.ESTIMATE
        (bill,) = town.bill(3, on=date(2025, 11, 1), known_at=NEXT).issued
        assert bill.usage.estimated is not None
        assert bill.usage.estimated.by[0].method == "by_hand"
        assert town.replay(bill.bill_id).same_bytes

        by_night, by_person = estimated_bills(store=postgres, book=town.book)
        assert by_night.bill.account_id == town.account_id(2)
        assert [one.looked_days for one in by_night.meters] == [(DAY,)]
        assert [one.looked_days for one in by_person.meters] == [()], "what came was wrong"
        assert (by_night.lacks, by_person.lacks) == (False, True)

        town.arrive("M2", (DAY, DAY + timedelta(days=1)), learned_at=NEXT)
        looked_at, (replaced,) = usage_replaced(store=postgres, lake=town.lake, view=town.view)
        assert looked_at == 3
        before, after = weekly(DAY - timedelta(days=7), 96), weekly(DAY, 96)
        apart = sum((after[slot] or 0) - (before[slot] or 0) for slot in range(10, 14))
        assert (replaced.meter_id, replaced.difference_wh) == ("M2", apart)


def test_an_accepted_day_is_accepted_for_every_later_night(
    town: UsageTown, postgres: PostgresStore
) -> None:
    with postgres.viewing(VIEWER, []):
        town.validate()
        item = day_to_review("M3", DAY, store=postgres, lake=town.lake, view=town.view)
        accept_day(item, author="Dana Cole", reason="Solar", at=NEXT, store=postgres)
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), with_value(DAY, 3, 77), learned_at=NEXT)
        assert town.validate(known_at=NEXT).counts.held == 0
