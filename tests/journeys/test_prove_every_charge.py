"""Every kind of charge proves itself, and no leaf that it follows from can be changed unseen.

The bills are of a few days where that is enough: a file with fewer readings is changed faster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.programs_town import BEGINS, KNOWN, ProgramTown
from tests.journeys.proofs import holds, not_found_out, summed
from tests.journeys.test_bills_together import AUGUST, arrange, read_both, with_a_barn
from tests.journeys.test_reactive_demand import G3Town, flat, open_town
from tests.journeys.test_unmetered_bills import billed as lamps_billed
from tests.journeys.town import VIEWER, Town, even
from tests.journeys.unmetered_town import lamp_town

import meterledger_verify as verifier
from meterledger.facts.bills import Bill
from meterledger.stores.gateways.bill_signing import BillSigner
from meterledger.usecases.prove_bill import prove_bill, signed_bytes

LATE = date(2026, 2, 22)
"""Service that begins here has a first bill of a week, which is prorated."""


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> BillSigner:
    return BillSigner(tmp_path_factory.mktemp("signer"))


@pytest.fixture
def prove(signer: BillSigner) -> Callable[[Any, Bill], dict[str, Any]]:
    """The signed proof of a bill, checked as anybody would check it."""

    def do(town: Any, bill: Bill) -> dict[str, Any]:
        made = prove_bill(bill_id=bill.bill_id, store=town.store, lake=town.lake, book=town.book)
        made["signature"] = signer.sign(signed_bytes(made))
        data = json.dumps(made).encode()
        assert verifier.verify(verifier.read_proof(data), signer.public_key) == signer.public_key
        return made

    return do


@pytest.fixture
def town() -> Iterator[ProgramTown]:
    made = ProgramTown()
    with made.store.viewing(VIEWER, ["everything"]):
        yield made


def rising(day: date, count: int) -> list[int]:
    """A load that is another one in every quarter-hour."""
    return [700 + 13 * slot + day.day for slot in range(count)]


def bills(town: Town, on: date, **how: Any) -> list[Bill]:
    run = town.bill(1, on=on, known_at=KNOWN, **how)
    assert not run.held, run.held
    return list(run.issued)


def codes(proof: dict[str, Any]) -> set[str]:
    return {line["code"] for line in proof["bill"]["lines"]}


def values(*names: str) -> set[str]:
    return {f"values.{name}" for name in names}


NOT_REACHED = {
    "PL-R1": values(
        "r_winter_block_3_usd_per_kwh",
        "r_next_kwh",
        "r_first_kwh",
        "r_minimum_usd_per_month",
        "solar_share_kwh.*.3",
    )
    | {"charges.*.quantity.lines", "charges.*.quantity.most.*.less.*.lines", "solar.groups.*.2"},
    "PL-R2": values("r_tou_first_kwh"),
    "PL-P4": values("p_ratchet_share", "p_ratchet_periods", "off_peak_demand_hours")
    | {
        f"charges.*.quantity.most.*.{of}rounded.*.product.*.before" for of in ("", "less.*.most.*.")
    },
}
"""What does not decide a bill: blocks that its energy does not reach, with their prices, their
codes among others, and no line to cite them; a minimum below it; ratchets where nothing was before.
The clause of a Solar Block's kWh stands on lines, and the program does not ask on which.
"""
HOURS_OUTSIDE = {
    f"values.{name}.*.2.by_season.{season}.{kind}"
    for name in ("on_peak_demand_hours", "off_peak_demand_hours", "prairie_hours")
    for season in ("summer", "winter")
    for kind in ("working_day", "rest_day")
}
"""Hours of a calendar by their names: other words for hours that do not count. That hours are
others is found (``test_prove_bill``).
"""


class TestOfTheInventedBook:
    @pytest.mark.parametrize("schedule", ["PL-R1", "PL-R2", "PL-P4"])
    def test_a_prorated_bill_has_no_leaf_that_is_changed_unseen(
        self, town: ProgramTown, prove: Any, schedule: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        town.begin(1, schedule, from_day=LATE)
        town.read("M1", (LATE, date(2026, 3, 1)), rising)
        (bill,) = bills(town, date(2026, 3, 2))
        proof = prove(town, bill)
        assert "normal_period_days" in proof["proration"]
        may_be = NOT_REACHED[schedule] | HOURS_OUTSIDE | values("prairie_holidays")
        assert not_found_out(proof, monkeypatch, may_be) == set()

    def test_months_of_a_year_hold_on_every_schedule(self, town: ProgramTown, prove: Any) -> None:
        """Over the change of the clock and of seasons; what ratchets look back at is there."""
        for number, schedule in enumerate(("PL-R1", "PL-R2", "PL-P4"), 1):
            town.begin(number, schedule)
            town.read(f"M{number}", (BEGINS, date(2026, 7, 1)), rising)
            run = town.bill(number, on=date(2026, 7, 2), known_at=KNOWN)
            found = [prove(town, bill) for bill in (*run.issued[1:2], run.issued[-1])]
            assert len(found) == 2
            assert not run.held


class TestARatchet:
    @pytest.fixture
    def second(self, town: ProgramTown, prove: Any) -> dict[str, Any]:
        """100 kW in February, 20 kW in March: four fifths of it are billed."""
        town.begin(1, "PL-P4", from_day=LATE)
        town.read("M1", (LATE, date(2026, 3, 1)), even(25_000))
        town.read("M1", (date(2026, 3, 1), date(2026, 4, 1)), even(5_000))
        return prove(town, bills(town, date(2026, 4, 2))[-1])

    def test_stands_on_the_bills_before(
        self, second: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        name = "given:on_peak_billing_before"
        (line,) = [one for one in second["bill"]["lines"] if one["code"] == "demand_on_peak"]
        assert line["quantity"] == "80"
        known = second["values"][name][0][2]
        assert known == {"periods": [["2026-03-01", "100"]], "begins_with_service": True}
        for other in (
            {"periods": [["2026-03-01", "100.001"]], "begins_with_service": True},
            {"periods": [["2026-03-02", "100"]], "begins_with_service": True},
            {"periods": [["2026-03-01", "100"]], "begins_with_service": False},
            {"periods": [], "begins_with_service": True},
        ):
            second["values"][name][0][2] = other
            assert not holds(second)
        second["values"][name][0][2] = known
        assert holds(second)

    def test_of_a_share_that_is_another_is_found(
        self, second: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        second["values"]["p_ratchet_share"][0][2] = "0.81"
        assert not holds(summed(second))


class TestReactiveDemand:
    @pytest.fixture
    def works(self, tmp_path: Path) -> Iterator[G3Town]:
        made = open_town(tmp_path)
        with made.store.viewing(VIEWER, ["everything"]):
            made.begin(1, "PL-G3")
            made.arrive("kWh", flat(25))
            made.arrive("kvarh", flat(10, 16))
            yield made

    def test_is_measured_from_the_readings(
        self, works: G3Town, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ((bill,), _) = works.february()
        proof = prove(works, bill)
        assert {"reactive", "demand_winter", "energy_1", "energy_2", "energy_3"} <= codes(proof)
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        for name, other in (
            ("g_reactive_share", "0.51"),
            ("g_reactive_usd_per_kvar", "0.46"),
            ("g_first_hours", "151"),
            ("g_next_hours", "201"),
            ("g_demand_winter_usd_per_kw", "1"),
        ):
            part = proof["values"][name][0]
            kept, part[2] = part[2], other
            assert not holds(summed(proof))
            part[2] = kept
        assert holds(proof)


class TestProgrammes:
    @pytest.fixture
    def home(self, town: ProgramTown) -> ProgramTown:
        """A week in which more is received than delivered, and a month in which less is."""
        town.begin(1, "PL-R1", from_day=LATE)
        town.read("M1", (LATE, date(2026, 4, 1)), even(200))
        town.received(1, (LATE, date(2026, 3, 1)), 500)
        town.received(1, (date(2026, 3, 1), date(2026, 4, 1)), 100)
        return town

    def test_solar_blocks_replace_energy_of_the_lines_they_say(
        self, home: ProgramTown, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home.join(1, "prairie_solar", blocks=1, on=LATE)
        proof = prove(home, bills(home, date(2026, 3, 2))[0])
        assert "solar" in codes(proof)
        assert proof["values"]["given:solar_blocks"][0][2] == "1"
        may_be = NOT_REACHED["PL-R1"] | values("r_winter_block_2_usd_per_kwh")
        assert not_found_out(proof, monkeypatch, may_be) == set()

    def test_net_metering_grants_a_credit_and_uses_it(
        self, home: ProgramTown, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home.join(1, "prairie_net_metering", on=LATE)
        week, month = (prove(home, bill) for bill in bills(home, date(2026, 4, 2)))
        assert ("excess" in codes(week), "credit" in codes(month)) == (True, True)
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        for proof, code, flow in ((week, "excess", "received"), (month, "fuel", "delivered")):
            assert holds(proof)
            changed = json.loads(json.dumps(proof))
            (line,) = [one for one in changed["bill"]["lines"] if one["code"] == code]
            line["quantity"] += "1"
            assert not holds(changed)
            changed = json.loads(json.dumps(proof))
            changed["readings"][flow][0]["meters"][0]["wh"].pop()
            assert not holds(changed)
        week["values"]["avoided_cost_usd_per_kwh"][0][2] += "1"
        assert not holds(week)
        for name, other in (
            ("given:net_credits", [["2026-03-01", "0.01"]]),
            ("given:net_credits", [["2025-02-28", "24.07"]]),
            ("given:net_credits", []),
        ):
            changed = json.loads(json.dumps(month))
            changed["values"][name][0][2] = other
            assert not holds(summed(changed))
        place = month["readings"]["received"][0]["meters"][0]
        place["wh"][7] += 1
        assert not holds(month)

    def test_of_the_real_book_hold(self, home: ProgramTown, first_book: Any, prove: Any) -> None:
        home.book = first_book
        for number, (program, how) in enumerate(
            (("community_solar_residential", {"blocks": 2}), ("net_metering", {})), 2
        ):
            home.begin(number, "1M-anytime")
            home.read(f"M{number}", (BEGINS, date(2026, 6, 1)), even(200))
            home.received(number, (BEGINS, date(2026, 6, 1)), 150)
            home.join(number, program, **how)
            run = home.bill(number, on=date(2026, 6, 2), known_at=KNOWN)
            assert not run.held
            assert all(prove(home, bill) for bill in run.issued)


class TestLoadsWithoutAMeter:
    def test_are_calculated_by_the_local_clock_again(
        self, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = lamp_town()
        with made.store.viewing(VIEWER, []):
            february, march = (prove(made, bill) for bill in lamps_billed(made))
        assert march["readings"] == {}
        assert march["values"]["given:count_of_load_1"][0][2] == "12"
        # Its words for on and off; and no reading tells a second of the clock.
        may_be = {"values.given:hours_of_load_1.*.2.by_season", "utc_offsets"}
        assert not_found_out(february, monkeypatch, may_be) == set()
        assert not_found_out(march, monkeypatch, may_be) == set()
        for proof in (february, march):
            hours = proof["values"]["given:hours_of_load_1"][0][2]["by_season"]
            for one in (day for kinds in hours.values() for day in kinds.values()):
                one[0][1] += 1
                one[1][0] += 1
            assert not holds(proof)


class TestSeveralMeters:
    def test_of_one_account_are_added_each_with_its_own_peak(
        self, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = Town()
        made.start(1, schedule="1M-ultimate")
        with_a_barn(made, schedule="1M-ultimate")
        with made.store.viewing(VIEWER, []):
            read_both(made)
            arrange(made)
            run = made.bill(1, on=AUGUST.from_day)
            assert not run.held
            (bill,) = run.issued
            proof = prove(made, bill)
        assert len(proof["readings"]["delivered"]) == 2
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        for place in proof["readings"]["delivered"]:
            place["meters"][0]["wh"][1] += 1
            assert not holds(proof)
            place["meters"][0]["wh"][1] -= 1
        left = proof["readings"]["delivered"].pop()
        assert not holds(proof)
        proof["readings"]["delivered"] += [left, left]
        assert not holds(proof)


def test_a_bill_that_was_made_otherwise_is_not_proved(town: ProgramTown, prove: Any) -> None:
    town.begin(1, "PL-R1", from_day=LATE)
    town.read("M1", (LATE, date(2026, 3, 1)), rising)
    (bill,) = bills(town, date(2026, 3, 2))
    town.read("M1", (LATE, LATE + timedelta(days=1)), even(1), learned_at=KNOWN)
    assert prove(town, replace(bill))["bill"]["bill"] == bill.bill_id
