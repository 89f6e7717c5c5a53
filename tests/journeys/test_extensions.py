"""Contracts of extensions from their request to their end, and their money to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stores.extension_town import (
    CONTRACT,
    DEPOSIT,
    GUARANTEE,
    NOON,
    REQUESTED,
    SPECIAL,
    Desk,
    facility,
    the_book,
)
from tests.stores.paper_town import account_id, agreement_of, bill_of, rebill_of

from meterledger.extensions import Change
from meterledger.facts.corrections import Rebill
from meterledger.facts.extensions import ExtensionAct
from meterledger.facts.money import Tender
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.extension_money import (
    give_back_guarantee_deposit,
    return_extension_payment,
    take_extension_payment,
)
from meterledger.usecases.extension_records import ExtensionRefused
from meterledger.usecases.extension_replay import replay_extension
from meterledger.usecases.extension_run import run_extensions
from meterledger.usecases.extension_tellings import (
    Told,
    change_facility,
    release_construction,
    serve_from_extension,
    sign_guarantee,
)

ACCOUNT = account_id(1)
FIRST_DATE, LAST_DATE = date(2018, 8, 1), date(2023, 2, 1)
TODAY = date(2026, 11, 28)


@pytest.fixture
def desk() -> Desk:
    return Desk(MemoryStore())


def release(desk: Desk, on: date = TODAY) -> None:
    desk.look(
        lambda: release_construction(
            CONTRACT, Told(on, "Ana"), store=desk.store, moment=desk.moment
        )
    )


def held(desk: Desk) -> int:
    """What the contracts say is held is what stands on 252."""
    of_contracts = sum(one.held_cents for one in desk.look(lambda: desk.store.extensions()))
    assert of_contracts == -desk.sums().get("252", 0)
    return int(of_contracts)


def assert_replays(desk: Desk, contract: str = CONTRACT) -> None:
    for one in desk.look(lambda: replay_extension(contract, store=desk.store, book=the_book())):
        assert one.is_same, one.name


def corrected_now(desk: Desk, month: int, *, cents: int) -> Rebill:
    """The correction of a bill, learned now."""
    at = desk.moment.known_at
    made = rebill_of(1, month, cents=cents)
    assert made.entry is not None
    assert made.reversal is not None
    return replace(
        made,
        correction=replace(made.correction, learned_at=at),
        bill=replace(made.bill, pins=replace(made.bill.pins, known_at=at)),
        entry=replace(made.entry, learned_at=at),
        reversal=replace(made.reversal, learned_at=at),
    )


class TestADeposit:
    def test_in_parts_releases_construction_with_its_last_cent(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(5_999_99)
        with pytest.raises(ExtensionRefused, match=r"waits for \$0\.01 of the deposit"):
            release(desk)

        desk.pay(1, "R-2")
        release(desk)

        assert [one.act for one in desk.on_file().events][-1] is ExtensionAct.RELEASED
        assert desk.sums() == {"131": 6_000_00, "252": -6_000_00}
        assert_replays(desk)

    def test_paid_after_the_day_of_construction_does_not_release_it(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00, on=date(2018, 3, 2))

        with pytest.raises(ExtensionRefused, match="Construction waits for"):
            release(desk, date(2018, 3, 1))

    def test_of_more_than_was_asked_is_refused(self, desk: Desk) -> None:
        desk.open(DEPOSIT)

        with pytest.raises(ExtensionRefused, match=r"asks for \$6,000\.00 more"):
            desk.pay(6_000_01)

    def test_is_posted_once_for_its_key(self, desk: Desk) -> None:
        desk.open(DEPOSIT)

        assert desk.pay(1_000_00)
        assert not desk.pay(1_000_00)
        with pytest.raises(ExtensionRefused, match=r"used already, for \$1,000\.00"):
            desk.pay(1_000_01)
        with pytest.raises(ExtensionRefused, match="received 2018-02-01"):
            desk.pay(1_000_00, on=date(2018, 2, 2))
        assert held(desk) == 1_000_00

    def test_goes_back_by_halves_of_years_and_the_rest_is_kept_after_the_tenth(
        self, desk: Desk
    ) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        desk.connect("lot 1", date(2018, 8, 1), units=4)
        desk.connect("a shed", date(2018, 8, 1), permanent=False)

        early = desk.run(date(2018, 7, 31))
        assert (early.nothing_due, early.moved) == (1, 0)

        desk.run(FIRST_DATE)
        assert desk.sums()["142"] == -2_000_00

        desk.connect("lot 2", LAST_DATE, units=6)
        run = desk.run(LAST_DATE)

        assert run.as_json()["refund_dates"] == 9
        assert run.as_json()["refunded_usd"] == "3000.00"
        assert run.as_json()["kept_usd"] == "1000.00"
        assert desk.sums() == {"107": -1_000_00, "131": 6_000_00, "142": -5_000_00, "252": 0}
        assert held(desk) == 0
        assert desk.run(LAST_DATE + timedelta(days=400)).moved == 0
        assert_replays(desk)

    def test_waits_on_its_last_date_for_what_was_told_in_time(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        desk.connect("lot 1", LAST_DATE, verified=False)

        run = desk.run(LAST_DATE)
        assert "waits for connections that were told in time" in run.waiting[0].sentence
        assert held(desk) == 6_000_00

        desk.verify("lot 1", LAST_DATE + timedelta(days=3))
        desk.run(LAST_DATE + timedelta(days=3))
        assert desk.sums()["142"] == -500_00
        assert held(desk) == 0
        assert_replays(desk)

    def test_rejected_connections_count_for_nothing(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        desk.connect("lot 1", FIRST_DATE, verified=False)
        desk.verify("lot 1", FIRST_DATE, is_there=False)

        desk.run(LAST_DATE)

        assert desk.sums()["107"] == -6_000_00
        with pytest.raises(ExtensionRefused, match="rejected on 2018-08-01"):
            desk.verify("lot 1", LAST_DATE)

    def test_that_bounced_is_lacking_again(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        told = Told(date(2018, 2, 9), "Ana", "no funds")
        back = desk.look(
            lambda: return_extension_payment(
                CONTRACT, "R-1", told, store=desk.store, moment=desk.moment
            )
        )

        assert back[1]
        assert held(desk) == 0
        assert desk.on_file().received_on is None
        with pytest.raises(ExtensionRefused, match="which bounced"):
            desk.pay(6_000_00)
        assert desk.pay(6_000_00, "R-2", on=date(2018, 3, 1))
        assert desk.on_file().received_on == date(2018, 3, 1)
        assert_replays(desk)

    def bounce(self, desk: Desk, key: str, on: date = FIRST_DATE) -> None:
        told = Told(on, "Ana", "no funds")
        desk.look(
            lambda: return_extension_payment(
                CONTRACT, key, told, store=desk.store, moment=desk.moment
            )
        )

    def test_that_was_refunded_and_bounces_takes_the_refund_back_with_it(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        desk.connect("lot 1", FIRST_DATE)
        desk.run(FIRST_DATE)
        assert desk.look(lambda: desk.store.balance_cents(ACCOUNT)) == -500_00

        self.bounce(desk, "R-1")
        self.bounce(desk, "R-1")

        assert held(desk) == 0
        assert desk.on_file().refunded_cents == 0
        assert desk.sums() == {"131": 0, "142": 0, "252": 0}
        assert desk.run(LAST_DATE).moved == 0

        desk.pay(6_000_00, "R-2")
        again = desk.run(FIRST_DATE)
        assert (again.as_json()["refunded_usd"], held(desk)) == ("500.00", 5_500_00)
        assert desk.on_file().of(ExtensionAct.REFUNDED)[-1].about == "2018-08-01.again.1"
        assert_replays(desk)

    def test_that_was_kept_and_bounces_is_plants_cost_again(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        desk.run(LAST_DATE)
        assert desk.sums() == {"107": -6_000_00, "131": 6_000_00, "252": 0}

        self.bounce(desk, "R-1", TODAY)

        assert desk.sums() == {"107": 0, "131": 0, "252": 0}
        assert held(desk) == 0
        assert_replays(desk)

    def test_in_parts_keeps_the_refund_that_the_other_part_covers(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(3_000_00)
        desk.pay(3_000_00, "R-2")
        desk.connect("lot 1", FIRST_DATE)
        desk.run(FIRST_DATE)

        self.bounce(desk, "R-2")

        assert (desk.on_file().refunded_cents, held(desk)) == (500_00, 2_500_00)
        self.bounce(desk, "R-1")
        assert (desk.on_file().refunded_cents, held(desk)) == (0, 0)
        assert_replays(desk)

    def test_does_not_bounce_out_of_a_guarantees_deposit(self, desk: Desk) -> None:
        desk.open(DEPOSIT, GUARANTEE)
        desk.pay(6_000_00)
        desk.pay(500_00, "R-2")
        desk.connect("lot 1", FIRST_DATE)
        desk.run(FIRST_DATE, parts=("refund",))

        self.bounce(desk, "R-1")

        assert (desk.on_file().refunded_cents, held(desk)) == (0, 500_00)

    def test_of_a_request_of_april_2019_is_refused(self, desk: Desk) -> None:
        with pytest.raises(Refusal, match="has no text in force on 2019-04-01"):
            desk.open(DEPOSIT, requested=date(2019, 4, 1))
        assert desk.open(DEPOSIT, requested=date(2019, 3, 31))

    def test_opened_again_with_the_same_words_is_known(self, desk: Desk) -> None:
        assert desk.open(DEPOSIT)
        assert not desk.open(DEPOSIT)
        with pytest.raises(Refusal, match="open with other contents"):
            desk.open(DEPOSIT, GUARANTEE)

    def test_is_as_it_was_known_then(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        before = desk.now
        desk.pay(6_000_00)

        assert desk.on_file().as_known(before).held_cents == 0
        assert desk.on_file().as_known(desk.now).held_cents == 6_000_00


class TestAGuarantee:
    """1,800.00 of cost are 150.00 a month; bills of 30 days from January 2025."""

    def serve(self, desk: Desk) -> None:
        desk.open(GUARANTEE)
        agreement = agreement_of(1).agreement_id
        desk.look(
            lambda: serve_from_extension(
                CONTRACT,
                agreement,
                Told(date(2025, 1, 1), "Ana"),
                store=desk.store,
                moment=desk.moment,
            )
        )

    def bill(self, desk: Desk, *cents: int, first: int = 0) -> None:
        for month, one in enumerate(cents, start=first):
            desk.store.record_bills([bill_of(1, month, cents=one)])

    def test_that_is_not_signed_holds_construction(self, desk: Desk) -> None:
        desk.open(GUARANTEE)
        desk.pay(500_00)
        with pytest.raises(ExtensionRefused, match="signed guarantee agreement"):
            release(desk)
        desk.look(
            lambda: sign_guarantee(
                CONTRACT, Told(TODAY, "Ana"), store=desk.store, moment=desk.moment
            )
        )
        release(desk)
        assert_replays(desk)

    def test_charges_from_the_fourth_bill_what_it_lacks(self, desk: Desk) -> None:
        self.serve(desk)
        self.bill(desk, 100_00, 100_00, 100_00, 100_00, 150_00)

        run = desk.run(TODAY)

        assert run.as_json()["bills_tested"] == 5
        assert run.as_json()["deficiency_usd"] == "50.00"
        assert desk.sums()["456"] == -50_00
        assert desk.run(TODAY).moved == 0
        assert_replays(desk)

    def test_is_satisfied_and_its_excess_pays_of_the_next_bill(self, desk: Desk) -> None:
        self.serve(desk)
        self.bill(desk, 500_00, 500_00, 500_00, 100_00, 60_00, 200_00, 300_00)

        desk.run(TODAY)
        tests = desk.on_file().of(ExtensionAct.TESTED)

        # 1,600 and 50 lacking; then 60 and 90 lacking make 1,800: satisfied to the cent.
        assert [one.data["state"] for one in tests[3:]] == ["running", *["satisfied"] * 3]
        assert [one.data["deficiency_cents"] for one in tests[3:]] == [50_00, 90_00, 0, 0]
        # The sixth bill makes all of the 140 excess, and the seventh is paid by it.
        assert [one.data["credit_cents"] for one in tests[3:]] == [0, 0, 0, 140_00]
        assert desk.sums()["456"] == 0
        assert_replays(desk)

    def test_deposit_goes_back_when_it_is_satisfied_and_not_before(self, desk: Desk) -> None:
        self.serve(desk)
        desk.pay(500_00)

        def give() -> object:
            return desk.look(
                lambda: give_back_guarantee_deposit(
                    CONTRACT, Told(TODAY, "Ana"), store=desk.store, moment=desk.moment
                )
            )

        with pytest.raises(ExtensionRefused, match="The guarantee is not begun"):
            give()
        self.bill(desk, 900_00, 100_00, 100_00, 700_00)
        desk.run(TODAY)
        assert desk.on_file().guarantee_state == "ended_by_revenue"
        give()
        assert held(desk) == 0
        assert_replays(desk)

    def give(self, desk: Desk, on: date) -> bool:
        told = Told(on, "Ana", "moved away")
        _, newly = desk.look(
            lambda: give_back_guarantee_deposit(
                CONTRACT, told, store=desk.store, moment=desk.moment
            )
        )
        return bool(newly)

    def test_deposit_goes_back_once_the_twelve_months_are_over_by_the_calendar(
        self, desk: Desk
    ) -> None:
        self.serve(desk)
        desk.pay(500_00)
        self.bill(desk, 10_00, 10_00, 10_00, 160_00)
        desk.run(TODAY)
        (begun,) = [one for one in desk.on_file().of(ExtensionAct.TESTED) if one.data["started_on"]]
        over = months_after(begun.on, 12)

        with pytest.raises(ExtensionRefused, match="The guarantee is running"):
            self.give(desk, over - timedelta(days=1))
        assert self.give(desk, over)

        assert held(desk) == 0
        assert not self.give(desk, over)
        assert_replays(desk)

    def test_deposit_goes_back_once_the_service_that_it_was_for_has_ended(self, desk: Desk) -> None:
        self.serve(desk)
        desk.pay(500_00)
        self.bill(desk, 10_00, 10_00, 10_00)
        ended = date(2025, 4, 1)
        desk.store.stop_service(agreement_of(1).agreement_id, ended, desk.moment.known_at)

        with pytest.raises(ExtensionRefused, match="was not held against the guarantee yet"):
            self.give(desk, TODAY)
        desk.run(TODAY)
        with pytest.raises(ExtensionRefused, match="The guarantee is not begun"):
            self.give(desk, ended - timedelta(days=1))
        assert self.give(desk, ended)

        assert held(desk) == 0
        assert_replays(desk)

    def test_deposit_of_what_was_never_served_goes_back_when_the_account_ends(
        self, desk: Desk
    ) -> None:
        desk.open(GUARANTEE)
        desk.pay(500_00)
        with pytest.raises(ExtensionRefused, match="The guarantee is not begun"):
            self.give(desk, TODAY)
        agreement = agreement_of(1).agreement_id
        desk.store.stop_service(agreement, date(2025, 4, 1), desk.moment.known_at)

        assert self.give(desk, TODAY)
        assert held(desk) == 0

    def test_a_corrected_bill_is_tested_once(self, desk: Desk) -> None:
        self.serve(desk)
        self.bill(desk, 16519, 100_00, 100_00, 100_00)
        desk.run(TODAY)
        tested = len(desk.on_file().events)
        desk.store.record_rebills([corrected_now(desk, 0, cents=20_000)])

        desk.run(TODAY)

        assert len(desk.on_file().events) == tested
        self.bill(desk, 100_00, first=4)
        desk.run(TODAY)
        last = desk.on_file().of(ExtensionAct.TESTED)[-1]
        assert b'"revenue_before_usd":"500.00"' in last.record
        assert_replays(desk)


class TestASpecialFacility:
    def test_is_paid_for_once_and_before_it_is_built(self, desk: Desk) -> None:
        desk.open(SPECIAL)
        desk.pay(18_999_99)
        with pytest.raises(ExtensionRefused, match=r"\$0\.01 of the contribution"):
            release(desk)
        desk.pay(1, "R-2")
        release(desk)

        assert desk.sums() == {
            "107": -10_000_00,
            "131": 19_000_00,
            "253.special_upkeep": -9_000_00,
        }
        assert_replays(desk)

    def bounce(self, desk: Desk, key: str) -> None:
        desk.look(
            lambda: return_extension_payment(
                CONTRACT, key, Told(TODAY, "Ana"), store=desk.store, moment=desk.moment
            )
        )

    def test_is_paid_in_two_parts_of_which_each_may_bounce(self, desk: Desk) -> None:
        desk.open(SPECIAL)
        desk.pay(10_000_00)
        desk.pay(9_000_00, "R-2")

        self.bounce(desk, "R-2")
        assert desk.sums() == {"107": -10_000_00, "131": 10_000_00, "253.special_upkeep": 0}

        desk.pay(9_000_00, "R-3")
        self.bounce(desk, "R-1")
        assert desk.sums() == {"107": 0, "131": 9_000_00, "253.special_upkeep": -9_000_00}
        assert_replays(desk)

    def test_is_paid_again_to_what_the_bounced_part_was_for(self, desk: Desk) -> None:
        desk.open(SPECIAL)
        desk.pay(10_000_00)
        desk.pay(9_000_00, "R-2")
        self.bounce(desk, "R-1")

        desk.pay(500_00, "R-3")
        desk.pay(9_500_00, "R-4")

        paid = {"107": -10_000_00, "131": 19_000_00, "253.special_upkeep": -9_000_00}
        assert desk.sums() == paid
        self.bounce(desk, "R-3")
        assert desk.sums() == {"107": -9_500_00, "131": 18_500_00, "253.special_upkeep": -9_000_00}

    def test_of_1991_is_charged_by_the_month_and_frozen_in_2019(self, desk: Desk) -> None:
        desk.open(facility())

        run = desk.run(date(2019, 5, 31))

        assert run.as_json()["facility_months"] == 4
        assert run.as_json()["facility_usd"] == "360.00"
        assert desk.run(date(2019, 5, 31)).moved == 0
        assert desk.sums() == {"142": 360_00, "456": -360_00}
        assert b"special_facilities.freeze" in desk.on_file().events[-1].record
        assert_replays(desk)

    def test_of_which_nobody_knows_the_charge_in_place_is_not_opened(self, desk: Desk) -> None:
        with pytest.raises(Refusal, match="billing record of 2019-03-31 is not given"):
            desk.open(facility(charges_from="2019-04-01"))
        assert desk.look(lambda: desk.store.extensions()) == []

        desk.open(facility(charges_from="2019-04-01", frozen_monthly_usd="90.00"))
        assert desk.run(date(2019, 4, 30)).as_json()["facility_usd"] == "90.00"

    def test_ends_with_a_replacement(self, desk: Desk) -> None:
        desk.open(facility())
        desk.look(
            lambda: change_facility(
                CONTRACT,
                Change.PARTIAL_REPLACEMENT,
                Told(date(2019, 3, 15), "Ana"),
                replacement_cents=8_000_00,
                enlargement_cents=0,
                store=desk.store,
                moment=desk.moment,
            )
        )

        desk.run(date(2020, 1, 31))

        months = desk.on_file().of(ExtensionAct.CHARGED)
        assert [one.cents for one in months] == [90_00, 90_00, 0]
        assert desk.sums()["142"] == 180_00
        assert_replays(desk)

    def change(self, desk: Desk, on: date) -> None:
        desk.look(
            lambda: change_facility(
                CONTRACT,
                Change.REPLACEMENT,
                Told(on, "Ana"),
                replacement_cents=8_000_00,
                enlargement_cents=0,
                store=desk.store,
                moment=desk.moment,
            )
        )

    def test_changed_and_told_late_takes_back_the_months_from_the_change_on(
        self, desk: Desk
    ) -> None:
        desk.open(facility())
        desk.run(date(2019, 6, 30))
        assert desk.sums() == {"142": 450_00, "456": -450_00}

        self.change(desk, date(2019, 4, 1))
        self.change(desk, date(2019, 4, 1))

        # April 1 begins the first month that the change spares; February and March stay.
        assert desk.sums() == {"142": 180_00, "456": -180_00}
        assert [one.on.month for one in desk.on_file().of(ExtensionAct.CHARGED)] == [2, 3]
        assert desk.run(date(2019, 7, 31)).as_json()["facility_usd"] == "0.00"
        assert desk.run(date(2019, 9, 30)).moved == 0

        self.change(desk, date(2019, 3, 2))
        assert desk.sums() == {"142": 180_00, "456": -180_00}
        self.change(desk, date(2019, 2, 28))
        assert desk.sums() == {"142": 90_00, "456": -90_00}
        assert_replays(desk)

    def test_ends_with_the_customers_service(self, desk: Desk) -> None:
        desk.open(facility(charges_from="2025-06-01", frozen_monthly_usd="90.00"))
        desk.run(date(2025, 6, 30))
        agreement = agreement_of(1).agreement_id
        desk.store.stop_service(agreement, date(2025, 8, 1), desk.moment.known_at)

        assert desk.run(date(2026, 6, 30)).as_json()["facility_months"] == 1

        assert desk.sums() == {"142": 180_00, "456": -180_00}
        assert_replays(desk)

    def test_end_of_service_told_late_takes_back_the_months_after_it(self, desk: Desk) -> None:
        desk.open(facility(charges_from="2025-06-01", frozen_monthly_usd="90.00"))
        desk.run(date(2025, 9, 30))
        agreement = agreement_of(1).agreement_id
        desk.store.stop_service(agreement, date(2025, 8, 2), desk.moment.known_at)

        run = desk.run(date(2025, 12, 31))

        # It was used on August 1, and not on September 1.
        assert run.as_json()["facility_taken_back_usd"] == "90.00"
        assert desk.sums() == {"142": 270_00, "456": -270_00}
        assert desk.run(date(2025, 12, 31)).moved == 0
        assert_replays(desk)

    def test_month_is_charged_by_one_contract(self, desk: Desk) -> None:
        desk.open(facility())
        desk.open(facility(), contract="EXT-2", number=2)

        run = desk.run(date(2019, 2, 28))

        assert run.moved == 1
        assert "already, by another contract" in run.waiting[0].sentence


@settings(max_examples=60, deadline=None)
@given(
    deposit=st.integers(1, 10**7),
    expected=st.integers(1, 40),
    parts=st.integers(1, 3),
    connected=st.lists(st.tuples(st.integers(0, 2100), st.integers(1, 9)), max_size=6),
    nights=st.lists(st.integers(0, 2400), max_size=6),
)
def test_every_cent_of_an_advance_is_refunded_kept_or_held(
    deposit: int,
    expected: int,
    parts: int,
    connected: list[tuple[int, int]],
    nights: list[int],
) -> None:
    desk = Desk(MemoryStore())
    usd = f"{deposit // 100}.{deposit % 100:02d}"
    asked = DEPOSIT["deposit"]["asked"] | {"deposit_usd": usd}
    desk.open({"deposit": DEPOSIT["deposit"] | {"asked": asked, "expected_units": str(expected)}})
    left = deposit
    for number in range(parts):
        part = left if number == parts - 1 else left // 2
        if part:
            desk.pay(part, f"R-{number}", on=REQUESTED + timedelta(days=number))
        left -= part
    acts = [(day, "connect", units) for day, units in connected]
    acts += [(day, "night", 0) for day in [*nights, 2500]]
    for number, (after, act, units) in enumerate(sorted(acts)):
        day = REQUESTED + timedelta(days=5 + after)
        if act == "connect":
            desk.connect(f"lot {number}", day, units=units)
        else:
            desk.run(day)
        found = desk.on_file()
        assert found.advanced_cents == deposit
        assert (
            found.refunded_cents + found.forfeited_cents + found.held_cents == found.advanced_cents
        )
        assert held(desk) == found.held_cents
        assert desk.sums().get("142", 0) == -found.refunded_cents
        assert desk.sums().get("107", 0) == -found.forfeited_cents
    last = months_after(desk.on_file().received_on or NOON.date(), 60)
    in_time = sum(units for day, units in connected if REQUESTED + timedelta(days=5 + day) <= last)
    assert held(desk) == 0
    exact = deposit * min(in_time, expected) / expected
    assert abs(desk.on_file().refunded_cents - exact) <= 0.5 + 1e-6


class TestANight:
    def test_goes_on_where_another_contract_waits(self, desk: Desk) -> None:
        desk.open(DEPOSIT, contract="EXT-1")
        desk.pay(6_000_00, contract="EXT-1")
        desk.connect("lot 1", LAST_DATE, verified=False, contract="EXT-1")
        desk.open(DEPOSIT, contract="EXT-2", number=2)
        desk.pay(6_000_00, "R-2", contract="EXT-2")

        run = desk.run(TODAY)

        assert (run.contracts, run.moved, run.nothing_due, len(run.waiting)) == (2, 1, 0, 1)
        assert run.as_json()["kept_usd"] == "6000.00"

    def test_may_be_of_one_contract_and_one_part(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)

        assert desk.run(TODAY, parts=("facility",)).moved == 0
        assert desk.run(TODAY, contract_id=CONTRACT, parts=("refund",)).moved == 1
        with pytest.raises(Refusal, match="There is no extension EXT-9"):
            desk.look(
                lambda: run_extensions(
                    TODAY, store=desk.store, moment=desk.moment, contract_id="EXT-9"
                )
            )

    def test_takes_no_money_of_tomorrow(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        with pytest.raises(ExtensionRefused, match="not here yet"):
            desk.look(
                lambda: take_extension_payment(
                    CONTRACT,
                    "R-1",
                    1,
                    Told(TODAY + timedelta(days=1), "Ana"),
                    tender=Tender.CASH,
                    store=desk.store,
                    moment=desk.moment,
                )
            )
