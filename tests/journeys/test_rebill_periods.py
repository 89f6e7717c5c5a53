"""How far back a bill is adjusted: periods of the service, on whichever rate option, or its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.journeys.town import VIEWER, Town, even

from meterledger.kernel.months import months_after
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.rebill import RebillRun, rebill
from meterledger.usecases.start_service import stop_service

JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)
KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def town(first_book: TariffBook) -> Iterator[Town]:
    """August 2025 is read too low, and nobody sees it for a year."""
    made = Town(book=first_book)
    with made.store.viewing(VIEWER, ["everything"]):
        made.start(1)
        made.read("M1", (JULY, date(2026, 9, 1)), even(200), seconds=3600)
        yield made


def found(town: Town, on: date, until: date) -> RebillRun:
    """Bills until a day, then August's readings; the bill of August is corrected as found."""
    known = KNOWN
    bills = []
    for count in range(1, 15):
        known += timedelta(minutes=1)
        day = months_after(JULY, count)
        if day <= until:
            bills += town.bill(1, on=day, known_at=known).issued
    (august,) = [one for one in bills if one.days.from_day == AUGUST]
    late = KNOWN + timedelta(hours=1)
    town.read("M1", (AUGUST, date(2025, 9, 1)), even(300), seconds=3600, learned_at=late)
    return rebill(
        [august.bill_id], author="Ana", reason="read too low", on=on, store=town.store,
        known_at=late + timedelta(hours=1), lake=town.lake, book=town.book, dry_run=True,
    )  # fmt: skip


@pytest.mark.parametrize("option", ["", "1M-overnight"])
@pytest.mark.parametrize(("on", "adjusted"), [(date(2026, 8, 20), 1), (date(2026, 9, 20), 0)])
def test_twelve_periods_are_counted_whatever_the_rate_option(
    town: Town, option: str, on: date, adjusted: int
) -> None:
    if option:
        change_rate(
            account_id=town.account_id(1), schedule=option, asked=date(2025, 8, 10),
            learned_at=KNOWN, view=town.book.as_known(KNOWN.date()), store=town.store,
        )  # fmt: skip
    run = found(town, on, on.replace(day=1))
    assert (len(run.corrected), len(run.left)) == (adjusted, 1 - adjusted)


@pytest.mark.parametrize(("on", "adjusted"), [(date(2026, 8, 31), 1), (date(2026, 9, 1), 0)])
def test_after_the_end_of_service_months_are_counted(town: Town, on: date, adjusted: int) -> None:
    (service,) = town.services(1)
    stop_service(
        agreement_id=service.agreement.agreement_id, last_day_out=date(2025, 10, 1),
        learned_at=KNOWN, store=town.store,
    )  # fmt: skip
    run = found(town, on, date(2025, 10, 1))
    assert (len(run.corrected), len(run.left)) == (adjusted, 1 - adjusted)
    if not adjusted:
        reasons = [one.finding for one in run.decision.reasons] if run.decision else []
        assert "an undercharge is corrected for up to 12 billing periods; 1 are older" in reasons
        assert "corrected for up to 12 billing periods; 1 are older" in run.left[0].reason
        assert "GRR V.G.1.b" in run.left[0].reason
