"""Programmes over a lake of files: both directions of a meter, bills, replay and shadow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest
from tests.journeys.programs_town import BEGINS, KNOWN, LEARNED, ProgramTown
from tests.journeys.town import CHICAGO, VIEWER

from meterledger.billing import GateBill
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.bills import read_record
from meterledger.facts.readings import (
    Channel,
    ChannelKind,
    ChannelReadings,
    Commodity,
    Flow,
    Quality,
    Reading,
)
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.determinants import DeterminantFiles
from meterledger.usecases.impact import Basis, impact_of_change
from meterledger.usecases.programs import programs_of_account
from meterledger.usecases.proposals import read_proposal, write_proposal
from meterledger.usecases.rebill import rebill
from meterledger.usecases.shadow import Shadow, shadow_bills

SPRING = (BEGINS, date(2026, 4, 1))


def arrive(
    town: ProgramTown,
    number: int,
    span: tuple[date, date],
    wh: int,
    *,
    flow: Flow = Flow.DELIVERED,
    learned_at: datetime = LEARNED,
) -> None:
    """A file of one direction, with so many watt-hours in every quarter-hour."""
    readings = [
        Reading(
            int(day_start_utc(day, CHICAGO).timestamp()) + slot * 900, 900, wh, Quality.VALID, 1
        )
        for day in DaySpan(*span).days()
        for slot in range(intervals_in_day(day, CHICAGO, 900))
    ]
    form = (Commodity.ELECTRICITY, "Wh", ChannelKind.INTERVAL, flow, 900, 0)
    channel = ChannelReadings(Channel(f"M{number}", *form), tuple(readings))
    sha256 = hashlib.sha256(repr((number, span, wh, flow, learned_at)).encode()).hexdigest()
    names = town.lake.write(
        [(pseudonym(f"M{number}", town.view.name), channel)],
        source_sha256=sha256,
        learned_at=learned_at,
        at_sequence=town.store.lake_sequence(),
    )
    town.store.record_file(
        sha256=sha256,
        name="file",
        format="csv",
        channels=[channel],
        quarantined=(),
        lake_files=names,
        learned_at=learned_at,
    )


@pytest.fixture
def street(tmp_path: Path) -> Iterator[ProgramTown]:
    """Three homes: Solar Blocks, net metering, nothing."""
    town = ProgramTown()
    town.book = open_book(default_book_folder())
    town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    with town.store.viewing(VIEWER, ["everything"]):
        for number in (1, 2, 3):
            town.begin(number, "1M-anytime")
            arrive(town, number, SPRING, 200)
        arrive(town, 2, (BEGINS, date(2026, 3, 1)), 350, flow=Flow.RECEIVED)
        arrive(town, 2, (date(2026, 3, 1), SPRING[1]), 60, flow=Flow.RECEIVED)
        town.join(1, "community_solar_residential", blocks=2)
        town.join(2, "net_metering")
        yield town


def test_bills_replay_and_a_shadow_finds_them_the_same(street: ProgramTown) -> None:
    run = street.bill(1, 2, 3, on=date(2026, 4, 2), known_at=KNOWN)
    assert not run.held, run.held
    assert len(run.issued) == 6
    netted = {
        one.days.from_day: one for one in run.issued if one.account_id == street.account_id(2)
    }
    codes = [{line.code for line in netted[day].lines} for day in sorted(netted)]
    assert "net_excess" in codes[0]
    assert "net_credit" in codes[1]
    for bill in run.issued:
        assert street.replay(bill.bill_id).same_bytes
        seen = GateBill.of(bill)
        assert seen == GateBill.of_record(read_record(bill.record()))
        assert seen.bills_other_energy == (bill.account_id != street.account_id(3))
    shadow = Shadow(
        store=street.store,
        lake=street.lake,
        book=street.book,
        view=street.view,
        known_at=KNOWN + timedelta(hours=1),
        at_sequence=street.store.lake_sequence(),
    )
    found = shadow_bills((1,), since=BEGINS, until=date(2026, 12, 31), shadow=shadow)
    assert (found.bills, found.same) == (6, 6)


def test_a_late_correction_of_what_was_received_is_known_now_and_not_then(
    street: ProgramTown,
) -> None:
    run = street.bill(2, on=date(2026, 3, 2), known_at=KNOWN)
    (bill,) = run.issued
    later = KNOWN + timedelta(hours=3)
    arrive(street, 2, (BEGINS, date(2026, 3, 1)), 150, flow=Flow.RECEIVED, learned_at=later)
    assert street.replay(bill.bill_id).same_bytes
    now = street.replay(bill.bill_id, later + timedelta(hours=1))
    assert not now.same_bytes
    assert now.bill.total_cents > bill.total_cents


def test_a_credit_that_is_corrected_is_corrected_in_the_bill_that_used_it_too(
    street: ProgramTown,
) -> None:
    """Less was received in February than we knew: a smaller credit, and less of it in March."""
    first, second = street.bill(2, on=date(2026, 4, 2), known_at=KNOWN).issued
    later = KNOWN + timedelta(hours=3)
    arrive(street, 2, (BEGINS, date(2026, 3, 1)), 210, flow=Flow.RECEIVED, learned_at=later)
    run = rebill(
        [first.bill_id, second.bill_id],
        author="Ana",
        reason="the received channel was another meter's",
        on=date(2026, 5, 4),
        known_at=later + timedelta(hours=1),
        store=street.store,
        lake=street.lake,
        book=street.book,
    )
    assert run.corrected
    live = street.store.bills_of_account(street.account_id(2))
    assert len(live) == 2
    for one in live:
        assert street.replay(one.bill_id).same_bytes
    (told,) = programs_of_account(
        account_id=street.account_id(2),
        on=date(2026, 5, 4),
        known_at=later + timedelta(hours=2),
        view=street.view,
        store=street.store,
    )
    credits = told.credits
    assert credits is not None
    assert credits.granted_cents > 0
    assert credits.granted_cents == (
        credits.used_cents + credits.expired_cents + credits.open_cents
    )


HIGHER = """
changes:
  - value: anytime_winter_first_block_usd_per_kwh
    entry:
      effective_from: 2026-02-10
      effective_until: null
      value: "0.20000"
      standing: assumed
      learned_on: 2026-11-26
      cite: {instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 54", revision: null,
             paragraph: "Anytime, winter energy, first block", effective: 2026-02-10, order: null}
      source: "made up for a test"
"""


def test_an_impact_counts_who_takes_part_with_what_the_programmes_do(
    street: ProgramTown, tmp_path: Path
) -> None:
    """Solar Blocks replace kWh at the price that changes, and what was received is not billed."""
    street.bill(1, 2, 3, on=date(2026, 4, 2), known_at=KNOWN)
    folder = tmp_path / "book"
    copytree(default_book_folder(), folder)
    write_proposal(read_proposal(HIGHER.encode(), "proposal.yaml"), folder, street.view)
    later = KNOWN + timedelta(hours=1)

    found = impact_of_change(
        (1,),
        since=BEGINS,
        until=date(2026, 12, 31),
        basis=Basis(
            store=street.store,
            lake=street.lake,
            kept=DeterminantFiles(tmp_path / "sums", files_at=street.store.lake_files),
            before=street.book.as_known(later.date()),
            after=load_book(folder).as_known(later.date()),
            known_at=later,
            at_sequence=street.store.lake_sequence(),
        ),
    )

    assert (len(found.accounts), found.not_priced, found.not_reproduced) == (3, (), 0)
    assert found.ties
    assert found.billed_cents == int(found.before_cents.sum())
    solar, net, plain = (int(one) for one in found.change_cents)
    assert 0 < net < solar < plain
    assert found.one_by_one == 4  # the bills of the two that take part, the whole way
    assert found.first_change == date(2026, 2, 10)  # and not the first day of their line
