"""Every kind of bill proves itself, and no leaf that it follows from can be changed unseen."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.journeys.proofs import holds, not_found_out, part_of, twice, without
from tests.journeys.register_town import NEXT, NIGHT, RegisterTown, months
from tests.journeys.test_budget_year import Customer
from tests.journeys.test_change_meters import SCANNED, VISIT, read_both
from tests.journeys.test_tax_exemptions import TOLD, Shops
from tests.journeys.town import CHICAGO, VIEWER
from tests.rooms.billing.test_paperless_credit import AMOUNT

import meterledger_verify as verifier
from meterledger.facts.meters import LinkSource, MeterKind, Register, RegisterRead
from meterledger.facts.readings import Flow
from meterledger.facts.taxes import ExemptionKind, TaxKind
from meterledger.rulebook.loading import load_book
from meterledger.stores.gateways.bill_signing import BillSigner
from meterledger.usecases.change_meters import exchange_meter
from meterledger.usecases.deliveries import prefer_delivery
from meterledger.usecases.meter_checks import Linked, Visit
from meterledger.usecases.prove_bill import prove_bill, signed_bytes
from meterledger.usecases.rebill import rebill

JUNE, JULY, AUGUST, SEPTEMBER = months(date(2025, 6, 1), 4)
KNOWN = datetime(2026, 12, 1, 9, tzinfo=UTC)
FOUND = datetime(2026, 12, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> BillSigner:
    return BillSigner(tmp_path_factory.mktemp("signer"))


@pytest.fixture
def prove(signer: BillSigner) -> Callable[[Any, Any], dict[str, Any]]:
    """The signed proof of a bill, checked as anybody would check it."""

    def do(town: Any, bill: Any) -> dict[str, Any]:
        made = prove_bill(bill_id=bill.bill_id, store=town.store, lake=town.lake, book=town.book)
        made["signature"] = signer.sign(signed_bytes(made))
        data = json.dumps(made).encode()
        assert verifier.verify(verifier.read_proof(data), signer.public_key) == signer.public_key
        return made

    return do


@pytest.fixture
def registers(first_book: Any) -> Any:
    made = RegisterTown(book=first_book)
    with made.store.viewing(VIEWER, []):
        yield made


@pytest.fixture
def shops(towns: ModuleType, book_of_shops: Any) -> Any:
    made = Shops(towns, book_of_shops)
    with made.store.viewing(towns.VIEWER, []):
        yield made


def correct(town: Any, *bills: str, on: date) -> Any:
    return rebill(
        bills,
        author="Ana",
        reason="read again",
        on=on,
        known_at=FOUND,
        store=town.store,
        lake=town.lake,
        book=town.book,
    ).corrected


STATE_SHARE, STATE_GROUND = "given:exempt_share_state", "state_sales_exempts_"


class TestTaxes:
    def test_of_a_shop_are_recomputed_each_on_its_base(
        self, shops: Shops, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shops.open(1)
        proof = prove(shops.town, shops.bill(1).issued[0])
        assert proof["format"] == "meterledger-bill-proof/3"
        assert [one["code"] for one in proof["charges"]][-3:] == [
            "municipal_gross_receipts_tax",
            "state_sales_tax",
            "local_sales_tax",
        ]
        assert not_found_out(proof, monkeypatch) == set()

    def test_with_certificates_are_asked_on_what_is_left(
        self, shops: Shops, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shops.open(1)
        shops.exempt(share=Fraction(1, 3), until_day=date(2027, 1, 1))
        shops.exempt(tax=TaxKind.GROSS_RECEIPTS, kind=ExemptionKind.GOVERNMENT, certificate="G-1")
        bill = shops.bill(1, known_at=TOLD + timedelta(seconds=1)).issued[0]
        proof = prove(shops.town, bill)
        lines = {line["code"]: line["usd"] for line in proof["bill"]["lines"]}
        assert lines["municipal_gross_receipts_tax"] == "0.00"
        assert not_found_out(proof, monkeypatch) == set()

    def test_a_certificate_of_other_days_or_of_no_ground_is_found_out(
        self, shops: Shops, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shops.open(1)
        shops.exempt()
        bill = shops.bill(1, known_at=TOLD + timedelta(seconds=1)).issued[0]
        proof = prove(shops.town, bill)
        (share,) = [v for name, v in proof["values"].items() if name.startswith(STATE_SHARE)]
        (counts,) = [v for name, v in proof["values"].items() if name.startswith(STATE_GROUND)]
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        for told, value in ((share[0], ["2098-01-01", "2099-01-01"]), (counts[0][2:], ["0"])):
            part = share[0] if told is share[0] else counts[0]
            place = 0 if told is share[0] else 2
            kept = part[place : place + len(value)]
            part[place : place + len(value)] = value
            assert not holds(proof)
            part[place : place + len(value)] = kept
        assert holds(proof)


class TestWhatIsLeftOutOrStandsTwice:
    @pytest.mark.parametrize("change", [without, twice], ids=["left out", "twice"])
    def test_is_found_out_by_the_sums_of_a_shop(
        self, shops: Shops, prove: Any, change: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shops.open(1)
        proof = prove(shops.town, shops.bill(1).issued[0])
        with_a_line = {line["code"] for line in proof["bill"]["lines"]}
        assert {one["code"] for one in proof["charges"]} <= with_a_line
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        wh = ("readings", "delivered", 0, "meters", 0, "wh")
        for path, count in ((("bill", "lines"), 8), (("charges",), 8), (wh, 3)):
            total = len(part_of(proof, path))
            for number in range(0, total, max(1, total // count)):
                assert not holds(change(proof, path, number))

    @pytest.mark.parametrize("change", [without, twice], ids=["left out", "twice"])
    def test_is_found_out_of_meters_and_their_intervals(
        self,
        town: Any,
        towns: ModuleType,
        prove: Any,
        change: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        town.start(1, schedule="1M-smart")
        how = {"learned_at": towns.FIRST, "zone_name": CHICAGO, "store": town.store}
        exchange_meter(VISIT, "M9", SCANNED, **how)
        read_both(town)
        (bill,) = town.bill(1, on=AUGUST).issued
        proof = prove(town, bill)
        monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
        meters = ("readings", "delivered", 0, "meters")
        for path in (meters, (*meters, 0, "wh"), (*meters, 1, "wh")):
            for number in (0, -1):
                assert not holds(change(proof, path, number))


class TestWhatIsNotCharged:
    def test_is_proved_to_come_to_nothing(
        self, town: Any, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        town.start(1, tax_place="university_city")
        town.read("M1", (JULY, AUGUST), lambda day, count: [100] * count)
        (july,) = town.bill(1, on=date(2026, 8, 1), known_at=KNOWN).issued
        proof = prove(town, july)
        assert proof["bill"]["total_usd"] == "0.00"
        assert not_found_out(proof, monkeypatch) == set()

    def test_a_difference_that_is_not_adjusted_stays_as_it_was_billed(
        self, town: Any, prove: Any
    ) -> None:
        town.start(1, tax_place="university_city")
        town.read("M1", (JULY, date(2026, 8, 1)), lambda day, count: [100] * count)
        july, august = town.bill(1, on=SEPTEMBER).issued
        town.bill(1, on=date(2026, 8, 1))
        town.read("M1", (JULY, SEPTEMBER), lambda day, count: [110] * count)
        one, other = correct(town, july.bill_id, august.bill_id, on=date(2026, 8, 2))
        assert (one.adjusted, other.adjusted) == (False, True)

        left, right = prove(town, one.bill), prove(town, other.bill)

        assert left["bill"]["total_usd"] == f"{july.total_cents / 100:.2f}"
        adjusted = [told["code"] for told in left["charges"] if told["unit"] == "adjustment"]
        assert adjusted == ["not_adjusted", "municipal_gross_receipts_tax"]
        assert "adjustment" not in {told["unit"] for told in right["charges"]}


def test_a_paperless_credit_is_given_for_its_months_and_no_longer(
    towns: ModuleType, tmp_path: Path, prove: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(towns.default_book_folder(), tmp_path / "book")
    name = "billing_paperless_credit_term_amount_usd.yaml"
    (folder / "grr_v_billing" / name).write_text(AMOUNT, encoding="utf-8")
    town = towns.Town(book=load_book(folder))
    with town.store.viewing(towns.VIEWER, ["everything"]):
        town.start(1, from_day=JULY)
        town.read("M1", (JULY, AUGUST))
        prefer_delivery(
            account_id=town.account_id(1),
            medium="electronic",
            address="ann@example.org",
            on=date(2025, 7, 10),
            learned_at=KNOWN,
            view=town.book.as_known(KNOWN.date()),
            store=town.store,
        )
        (bill,) = town.bill(1, on=AUGUST, known_at=KNOWN + timedelta(hours=1)).issued
        proof = prove(town, bill)
    credit = proof["values"]["billing_paperless_credit_term_amount_usd"]
    since = proof["values"]["given:paperless_since"][0][2][0]
    term = proof["values"]["billing_paperless_credit_term_max_term_months"]
    assert (credit[0][2], since[0]) == ("0.5", "2025-07-10")
    assert not_found_out(proof, monkeypatch) == set()
    for days in (credit[0], term[0]):  # on its last day, and on the first one without
        days[:2] = ["2026-07-09", "2026-07-10"]
    proof["values"]["given:billed_on"][0][2] = "2026-07-09"
    assert holds(proof)
    for days in (credit[0], term[0]):
        days[:2] = ["2026-07-10", "2026-07-11"]
    proof["values"]["given:billed_on"][0][2] = "2026-07-10"
    assert not holds(proof)


NO_LINE = {
    "values.anytime_winter_over_block_usd_per_kwh",
    "values.winter_block_kwh_per_month.*.2",
}
"""A price of energy that the bill has none of, as its block is not full: no line cites it."""


class TestABudgetPlan:
    def test_asks_what_follows_from_the_bills_before(
        self, town: Any, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with town.store.viewing(VIEWER, ["everything"]):
            customer = Customer(town)
            customer.bill(date(2025, 12, 1))
            customer.join()
            bills = customer.months(date(2026, 1, 1), 13)
            assert {bill.asked.kind.value for bill in bills} == {"plan", "settled"}
            proofs = [prove(town, bill) for bill in bills]
        before = [
            sum(name.startswith("given:cost_before") for name in one["values"]) for one in proofs
        ]
        assert before[:3] == [0, 1, 2]
        words = {f"bill.asked.{name}" for name in ("plan", "kind", "reasons")} | NO_LINE
        for proof in (proofs[1], proofs[-1]):
            assert not_found_out(proof, monkeypatch, words) == set()


class TestABudgetPlanThatChanges:
    def test_with_corrected_bills_and_an_end_adds_up_on_every_bill(
        self, town: Any, prove: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with town.store.viewing(VIEWER, ["everything"]):
            customer = Customer(town)
            customer.months(date(2025, 7, 1), 6)
            customer.join()
            first, second, _ = customer.months(date(2026, 1, 1), 3)
            again = (second.days.from_day, second.days.until_day)
            town.read("M1", again, lambda day, count: [500] * count)
            done = rebill(
                [second.bill_id],
                author="Ana",
                reason="read again",
                on=date(2026, 3, 20),
                known_at=customer.now,
                store=town.store,
                lake=town.lake,
                book=town.book,
            )
            customer.leave(date(2026, 3, 25))
            (last,) = customer.bill(date(2026, 4, 1))
            (corrected,) = done.corrected
            proofs = [prove(town, one) for one in (first, second, corrected.bill, last)]
        kinds = [one["bill"]["asked"]["kind"] for one in proofs]
        assert kinds == ["plan", "plan", "plan", "ended"]
        values = proofs[-1]["values"].items()
        before = [parts[0][3] for name, parts in values if name.startswith("given:cost_before")]
        assert f"bill {corrected.bill.bill_id}" in before
        words = {f"bill.asked.{name}" for name in ("plan", "kind", "reasons")} | NO_LINE
        for proof in proofs[2:]:
            assert not_found_out(proof, monkeypatch, words | {"bill.corrects"}) == set()


class TestSeveralMeters:
    @pytest.mark.parametrize("schedule", ["1M-anytime", "1M-smart", "1M-ultimate"])
    def test_of_one_window_are_each_held_to_their_hash(
        self,
        schedule: str,
        town: Any,
        towns: ModuleType,
        prove: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        town.start(1, schedule=schedule)
        exchange_meter(
            VISIT, "M9", SCANNED, learned_at=towns.FIRST, zone_name=CHICAGO, store=town.store
        )
        read_both(town)
        (bill,) = town.bill(1, on=AUGUST).issued
        proof = prove(town, bill)
        assert [len(one["wh"]) for one in proof["readings"]["delivered"][0]["meters"]] == [
            share.interval_count for share in bill.usage.meters
        ]
        if schedule == "1M-ultimate":
            outside = "values.ultimate_demand_window.*.2.by_season"  # hours that do not count
            assert not_found_out(proof, monkeypatch, {outside}) == set()


class TestRegisters:
    @pytest.fixture
    def unseen(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], set[str]]:
        return lambda proof: not_found_out(proof, monkeypatch)

    def test_two_reads_and_a_multiplier(
        self, registers: RegisterTown, prove: Any, unseen: Any
    ) -> None:
        register = Register("kWh", Flow.DELIVERED, "kWh", 5, 1, 20)
        registers.meter(1, came=JUNE, register=register, multiplier=4)
        registers.reads("M1", (JUNE, 1_000_5), (JULY, 1_010_0), scale=-1)
        (bill,) = registers.bill_month(1, JUNE).issued
        proof = prove(registers, bill)
        assert proof["values"]["given:register_1_opens"][0][2] == "1000.5"
        assert unseen(proof) == set()

    def test_one_that_rolled_over(self, registers: RegisterTown, prove: Any, unseen: Any) -> None:
        registers.meter(1, came=JUNE)
        registers.reads("M1", (JUNE, 99_900), (JULY, 300))
        (bill,) = registers.bill_month(1, JUNE).issued
        proof = prove(registers, bill)
        assert proof["values"]["given:register_1_turns_at"][0][2] == "100000"
        assert unseen(proof) == set()

    def test_over_a_change_of_season_is_shared_by_days(
        self, registers: RegisterTown, prove: Any, unseen: Any
    ) -> None:
        registers.meter(1, came=date(2025, 9, 15), cycle=15)
        registers.reads("M1", (date(2025, 9, 15), 4_321), (date(2025, 10, 15), 9_000))
        (bill,) = registers.bill(1, on=date(2025, 10, 15), known_at=NEXT).issued
        proof = prove(registers, bill)
        assert {"2025-10-01"} <= {line["from"] for line in proof["bill"]["lines"]}
        assert unseen(proof) == set()

    def test_an_estimate_and_the_bill_after_it(
        self, registers: RegisterTown, prove: Any, unseen: Any
    ) -> None:
        registers.meter(1, came=JUNE)
        registers.reads("M1", (JUNE, 1_000), (JULY, 1_390))
        registers.bill_month(1, JUNE)
        (july,) = registers.bill_month(1, JULY).issued
        registers.reads("M1", (SEPTEMBER, 2_200), learned_at=NIGHT)
        (august,) = registers.bill_month(1, AUGUST).issued
        estimated, after = prove(registers, july), prove(registers, august)
        assert "estimated" in estimated["values"]["given:register_1_closes"][0][3]
        ahead = after["values"]["given:register_1_ahead_at_opening"][0][2]
        assert float(ahead) * 1000 == july.usage.energy_wh
        assert unseen(estimated) == {"values.given:register_1_multiplier.*.2"}  # it did not move
        assert unseen(after) == set()

    def test_exchanged_inside_the_window(self, registers: RegisterTown, prove: Any) -> None:
        registers.meter(1, MeterKind.AMI, came=JUNE, multiplier=2)
        other = Register("kWh", Flow.DELIVERED, "kWh", 6)
        registers.set_up("M9", came=JUNE, register=other)
        registers.reads("M1", (JUNE, 100))
        registers.reads("M9", (JULY, 50))
        visit = Visit(
            "SP1",
            datetime(2025, 6, 11, 15, tzinfo=UTC),
            "due for its test",
            closing=(RegisterRead("kWh", "00200"),),
            opening=(RegisterRead("kWh", "000010"),),
        )
        linked = Linked(LinkSource.INSTALLER_SCAN, 95, "scan 17")
        exchange_meter(
            visit, "M9", linked, learned_at=NIGHT, zone_name=CHICAGO, store=registers.store
        )
        (bill,) = registers.bill_month(1, JUNE).issued
        proof = prove(registers, bill)
        assert [proof["values"][f"given:register_{n}_closes"][0][2] for n in (1, 2)] == [
            "200",
            "50",
        ]
