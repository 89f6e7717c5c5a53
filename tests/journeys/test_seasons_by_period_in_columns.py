"""Bills whose season goes by their period, in columns: by cycle in a shadow and in an impact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree

import pytest
from tests.journeys.programs_town import KNOWN, LEARNED, ProgramTown
from tests.journeys.test_programs_over_a_lake import arrive
from tests.journeys.town import CHICAGO, VIEWER
from tests.journeys.unmetered_town import PRAIRIE

from meterledger.facts.impact import Impact
from meterledger.rulebook.loading import load_book
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.determinants import DeterminantFiles
from meterledger.usecases.impact import Basis, impact_of_change
from meterledger.usecases.proposals import read_proposal, write_proposal
from meterledger.usecases.shadow import Shadow, shadow_bills
from meterledger.usecases.try_change import try_bills

BEGINS, ENDS = date(2025, 5, 25), date(2025, 6, 10)
UNTIL = date(2025, 12, 31)
CYCLES = {1: 10, 2: 20, 3: 10, 4: 20}


@pytest.fixture
def street(tmp_path: Path) -> Iterator[ProgramTown]:
    """Four homes with one load and the same days: a fifth period in cycle 10, a sixth in 20."""
    town = ProgramTown()
    town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    with town.store.viewing(VIEWER, ["everything"]):
        for number, cycle in CYCLES.items():
            town.begin(number, "PL-R3", from_day=BEGINS, cycle=cycle)
            arrive(town, number, (BEGINS, ENDS), 250)
            (service,) = town.services(number, known_at=KNOWN)
            town.store.stop_service(service.agreement.agreement_id, ENDS, LEARNED)
        run = town.bill(*CYCLES, on=ENDS, known_at=KNOWN)
        assert not run.held, run.held
        yield town


def test_a_shadow_of_both_cycles_at_once_finds_every_bill_the_same(street: ProgramTown) -> None:
    shadow = Shadow(
        store=street.store,
        lake=street.lake,
        book=street.book,
        view=street.view,
        known_at=KNOWN + timedelta(hours=1),
        at_sequence=street.store.lake_sequence(),
    )
    found = shadow_bills((10, 20), since=BEGINS, until=UNTIL, shadow=shadow)
    assert found.bills == found.same == found.in_columns == 4
    cents = {
        CYCLES[number]: one.total_cents
        for number in CYCLES
        for one in street.store.bills_of_account(street.account_id(number))
    }
    assert cents == {10: 42_95, 20: 54_51}


PRICE = """
changes:
  - value: r_tou_summer_off_peak_block_1_usd_per_kwh
    entry:
      effective_from: 2025-05-25
      effective_until: null
      value: "0.1920"
      standing: assumed
      learned_on: 2026-11-30
      cite: {instrument: "Prairie Light Schedule 1", sheet: "Sheet 10, Residential",
             revision: "Original", paragraph: "Time-of-use energy", effective: 2025-05-25,
             order: null}
      source: "made up for a test"
"""
BY_DATE = """
changes:
  - value: prairie_period_seasons
    entry:
      effective_from: 2025-05-01
      effective_until: 2026-01-01
      corrects: 2026-11-29
      value: {jan: winter, feb: winter, mar: winter, apr: winter, may: winter, jun: summer,
              jul: summer, aug: summer, sep: summer, oct: winter, nov: winter, dec: winter}
      standing: assumed
      learned_on: 2026-11-30
      cite: {instrument: "Prairie Light Schedule 1", sheet: "Sheet 20, Seasons by period",
             revision: "Original", paragraph: "Seasons", effective: 2025-01-01, order: null}
      source: "made up for a test"
"""


def impact(town: ProgramTown, text: str, folder: Path) -> tuple[Impact, dict[int, int]]:
    """What a proposal does by columns, and to each home one bill after the other."""
    copytree(PRAIRIE, folder / "book")
    write_proposal(read_proposal(text.encode(), "proposal.yaml"), folder / "book", town.view)
    changed = load_book(folder / "book").as_known(KNOWN.date())
    found = impact_of_change(
        (10, 20),
        since=BEGINS,
        until=UNTIL,
        basis=Basis(
            store=town.store,
            lake=town.lake,
            kept=DeterminantFiles(folder / "sums", files_at=town.store.lake_files),
            before=town.view,
            after=changed,
            known_at=KNOWN,
            at_sequence=town.store.lake_sequence(),
        ),
    )
    slow = {}
    for number in CYCLES:
        bills = town.store.bills_of_account(town.account_id(number))
        tried = try_bills(bills, store=town.store, lake=town.lake, view=town.view, changed=changed)
        slow[number] = tried.after_cents - tried.before_cents
    return found, slow


def by_home(town: ProgramTown, found: Impact) -> dict[int, int]:
    each = dict(zip(found.accounts, found.change_cents.tolist(), strict=True))
    return {number: each[town.account_id(number)] for number in CYCLES}


def test_an_impact_of_a_price_of_summer_is_of_the_cycle_in_its_sixth_period(
    street: ProgramTown, tmp_path: Path
) -> None:
    found, slow = impact(street, PRICE, tmp_path)
    assert by_home(street, found) == slow
    assert slow[1] == slow[3] == 0
    assert slow[2] == slow[4] > 0
    assert found.one_by_one == 0


def test_an_impact_of_seasons_by_date_changes_both_cycles(
    street: ProgramTown, tmp_path: Path
) -> None:
    """Seven days of May and nine of June: more for the fifth period, less for the sixth."""
    found, slow = impact(street, BY_DATE, tmp_path)
    assert by_home(street, found) == slow
    assert slow[1] == slow[3] > 0 > slow[2] == slow[4]
