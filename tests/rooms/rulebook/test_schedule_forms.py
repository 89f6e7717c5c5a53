"""What a schedule or a programme may not say: each refused with the remedy, before any bill."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.loading import default_book_folder, load_book

PRAIRIE = default_book_folder().parent / "prairie_light_example"
R1 = "sheet_10_residential/schedules/PL-R1.yaml"
G3 = "sheet_30_large_general/schedules/PL-G3.yaml"
P4 = "sheet_40_primary/schedules/PL-P4.yaml"
SOLAR = "sheet_60_programs/programs/prairie_solar.yaml"
NET = "sheet_60_programs/programs/prairie_net_metering.yaml"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PRAIRIE, tmp_path / "book"))


@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        (G3, "minutes: 15", "minutes: 20", "measured over 15, 30 or 60 minutes"),
        (G3, "minutes: 15", 'minutes: "15"', "measured over 15, 30 or 60 minutes"),
        (G3, "{name: off_peak, hours", "{name: on_peak, hours", "Two demands are called 'on_peak'"),
        (G3, "hours: on_peak_demand_hours", "hours: prairie_hours", "has the periods off_peak"),
        (G3, "{demand: on_peak}, ", "{demand: evening}, ", "'billing' is for the demand 'evening'"),
        (G3, "floor: g_least_kw", "floor: nowhere", "uses 'nowhere' as number"),
        (G3, "season: summer}\n      block", "season: monsoon}\n      block", "season 'monsoon'"),
        (G3, "per: kw, demand: billing", "per: kw", "Blocks are per month, or per kw of a demand"),
        (G3, "per: kw, demand: billing", "per: week", "Blocks are per month, or per kw"),
        (G3, 'block: "3"', 'block: "4"', "is for block 4 of 'hours_use', which has 3"),
        (G3, 'block: "3"', 'block: "2"', "Energy in summer is priced by energy_1, energy_2, ene"),
        (G3, 'block: "3"', "block: over", "names its block by number"),
        (G3, ", beyond: g_reactive_share", "", "kind reactive needs beyond"),
        (G3, "demand: billing, demand_price: g_minimum_usd_per_kw, ", "demand: billing, ", "needs"),
        (G3, "of: [customer, energy_1", "of: [later, energy_1", "'later', which does not stand"),
        (P4, "over: on_peak_billing", "over: nobody", "is for the demand 'nobody'"),
        (P4, "price: p_facility_share, of", "price: p_on_peak_usd_per_kw, of", "as number"),
        (
            P4,
            "kind: monthly, price",
            "kind: monthly, over: off_peak, price",
            "monthly has no 'over'",
        ),
        (R1, "kind: per_bill, price", "kind: per_bill, season: winter, price", "has no 'season'"),
        (R1, "kind: per_bill, price", "kind: solar_block, price", "solar_block, of a programme"),
        (SOLAR, "replaces: [energy, efficiency]", "replaces: [energy, wind]", "'wind' is not a ch"),
        (SOLAR, "code: solar,", "code: customer,", "has the code of a charge of its schedules"),
        (SOLAR, "schedules: [PL-R1]", "schedules: [PL-R9]", "uses 'PL-R9' as schedule"),
        (SOLAR, "kind: solar_block", "kind: net_excess", "and the programme has no net_metering"),
        (SOLAR, "kind: solar_block", "kind: demand", "which no programme has"),
        (NET, "kind: net_credit}", "kind: net_credit, price: x}", "net_credit has no 'price'"),
    ],
)
def test_is_refused_in_these_words(
    book: Path, file: str, before: str, after: str, says: str
) -> None:
    text = (book / file).read_text(encoding="utf-8")
    assert before in text
    (book / file).write_text(text.replace(before, after, 1), encoding="utf-8")

    with pytest.raises(TariffFileBroken) as refused:
        load_book(book)

    assert says in str(refused.value)
    assert refused.value.do


class TestAValueThatNobodyKnows:
    def _write(self, book: Path, values: str) -> None:
        (book / "sheet_10_residential" / "r_unknown.yaml").write_text(
            'kind: price\nmeaning: "A price."\nunit: "USD per kWh"\ngap: M-99\n'
            f"values: {values}\nlast_checked_on: 2026-11-29\n",
            encoding="utf-8",
        )

    def test_names_a_gap_that_the_book_knows(self, book: Path) -> None:
        self._write(book, "[]")

        with pytest.raises(TariffFileBroken, match="the gap 'M-99', which missing_texts"):
            load_book(book)

    def test_has_no_value_beside_its_gap(self, book: Path) -> None:
        self._write(book, "\n  - {value: 1}")

        with pytest.raises(TariffFileBroken, match="no value is known for want of M-99, and has"):
            load_book(book)
