"""Received files whose time is over are made unreadable, by the rule of the lake's months."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.stores.paper_town import bill_of, interval_channel, start_of

from meterledger.entrypoints.wiring import open_book
from meterledger.facts.lake_log import LakeHold
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder
from meterledger.stores.memory import MemoryStore, MemoryVault
from meterledger.usecases.forget_received import Forgotten, forget_received

CAME = datetime(2025, 1, 20, 12, tzinfo=UTC)
LAST = date(2031, 1, 20)


@pytest.fixture(scope="module")
def view() -> BookView:
    return open_book(default_book_folder()).as_known(date(2026, 11, 28))


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def store(vault: MemoryVault) -> MemoryStore:
    """One file of readings, in the vault and on record."""
    made = MemoryStore()
    made.record_file(
        sha256=vault.keep(b"Ada Rivera used 5 kWh").sha256,
        name="day.csv",
        format="csv",
        channels=[interval_channel()],
        quarantined=(),
        lake_files=(),
        learned_at=CAME,
    )
    return made


def forget(
    store: MemoryStore, vault: MemoryVault, view: BookView, on: date, **more: Any
) -> Forgotten:
    return forget_received(store=store, vault=vault, view=view, on=on, learned_at=CAME, **more)


def test_on_the_day_and_not_before(store: MemoryStore, vault: MemoryVault, view: BookView) -> None:
    assert forget(store, vault, view, LAST - timedelta(days=1)).files == ()

    (file,) = forget(store, vault, view, LAST).files

    assert vault.hashes() == []
    assert file.byte_count == len(b"Ada Rivera used 5 kWh")
    assert "Sheet 131" in file.reason
    assert file.reason.startswith("counted from the day it came: ")
    assert ("received file forgotten", file.sha256, CAME) in store.record
    assert forget(store, vault, view, LAST).files == ()


def test_counted_from_the_last_bill_over_its_days(
    store: MemoryStore, vault: MemoryVault, view: BookView
) -> None:
    (stretch,) = store.received_stretches()
    first = datetime.fromtimestamp(stretch.begin or 0, UTC).date()
    store.start_services([start_of(1)])
    bill = next(
        bill_of(1, month)
        for month in range(12)
        if first in bill_of(1, month)[0].days and bill_of(1, month)[0].issued_day > CAME.date()
    )
    store.record_bills([bill])

    assert forget(store, vault, view, LAST).files == ()
    until = bill[0].issued_day.replace(year=bill[0].issued_day.year + 6)
    assert forget(store, vault, view, until - timedelta(days=1)).files == ()
    assert len(forget(store, vault, view, until).files) == 1


def test_not_while_a_hold_touches_its_months(
    store: MemoryStore, vault: MemoryVault, view: BookView
) -> None:
    (stretch,) = store.received_stretches()
    month = datetime.fromtimestamp(stretch.begin or 0, UTC).strftime("%Y-%m")
    store.place_lake_hold(LakeHold("H-1", None, month, month, "dispute", "ada", CAME))

    assert forget(store, vault, view, LAST) == Forgotten((), 1)
    store.release_lake_hold("H-1", author="ben", reason="closed", learned_at=CAME)
    assert len(forget(store, vault, view, LAST).files) == 1


def test_only_tried_forgets_nothing(store: MemoryStore, vault: MemoryVault, view: BookView) -> None:
    assert len(forget(store, vault, view, LAST, dry_run=True).files) == 1
    assert len(vault.hashes()) == 1
    assert "received file forgotten" not in [event for event, _, _ in store.record]


def test_after_a_stop_by_running_again(
    store: MemoryStore, vault: MemoryVault, view: BookView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: MemoryVault, sha256: str) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(MemoryVault, "forget", stop)
        with pytest.raises(KeyboardInterrupt):
            forget(store, vault, view, LAST)
    assert len(vault.hashes()) == 1

    assert len(forget(store, vault, view, LAST).files) == 1
    assert vault.hashes() == []
