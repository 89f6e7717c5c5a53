"""A file is kept before it is read, judged, stored once and accounted for, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.journeys.test_receive_readings import (
    HEAD,
    NOON,
    UTILITY,
    VIEWER,
    ZONE,
    PaperLake,
    day_of_quarter_hours,
    installed,
    register_line,
)

from meterledger.facts.intake import ControlTotals, Count
from meterledger.facts.readings import ReadingFile
from meterledger.facts.sources import ED25519, HMAC_SHA256, UNSIGNED, Source
from meterledger.kernel.canonical import sha256_hex
from meterledger.stores.gateways import read_bytes
from meterledger.stores.gateways.signatures import KeyUnusable, signature_holds, signed_bytes
from meterledger.stores.lake.refusals import LakeNotWritable
from meterledger.stores.memory import MemoryStore, MemoryVault
from meterledger.stores.postgres import ServerLost
from meterledger.stores.vault import FileVault, VaultNotWritable
from meterledger.usecases.leave_quarantine import (
    DecisionNotNamed,
    NothingToRetry,
    StillQuarantined,
    reject_line,
    release_line,
    retry_file,
)
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.take_file import Delivery, Intake, Taken, take_file

DAY = date(2026, 3, 20)


@dataclass
class Door:
    """One way in, over dictionaries."""

    intake: Intake

    @property
    def store(self) -> Any:
        return self.intake.store

    @property
    def vault(self) -> Any:
        return self.intake.vault

    def take(self, text: str, name: str = "day.cmep", *, at: datetime = NOON, **how: Any) -> Taken:
        return take_file(Delivery(name, text.encode(), "test", **how), self.intake, learned_at=at)

    def totals(self, source: str | None = None) -> ControlTotals:
        days = self.store.intake_days(DAY, DAY, zone_name=ZONE, source=source)
        return ControlTotals.sum_of(one.totals for one in days)

    def waiting(self) -> list[Any]:
        return list(self.store.quarantined_items())


@pytest.fixture
def door() -> Iterator[Door]:
    store = MemoryStore()
    installed(store)
    intake = Intake(
        store=store,
        lake=PaperLake(),  # type: ignore[arg-type]
        vault=MemoryVault(),
        read=read_bytes,
        signature_holds=signature_holds,
        utility=UTILITY,
        zone_name=ZONE,
        interval_kw_max=300,
    )
    with store.viewing(VIEWER, []):
        yield Door(intake)


class TestAFileThatIsTaken:
    def test_is_in_the_vault_before_a_parser_sees_it(self, door: Door) -> None:
        text = day_of_quarter_hours()
        seen: list[bool] = []

        def read(name: str, data: bytes, **given: Any) -> ReadingFile:
            seen.append(door.vault.read(sha256_hex(data)) == text.encode())
            return read_bytes(name, data, **given)

        door.intake = replace(door.intake, read=read)
        assert door.take(text).status == "stored"
        assert seen == [True]

    def test_and_comes_again_is_known_and_received_once(self, door: Door) -> None:
        door.take(day_of_quarter_hours())
        assert door.take(day_of_quarter_hours(), "again.cmep").status == "known"
        assert door.totals().received == Count(1, 96, Fraction(96 * 250))
        assert door.totals().stored == door.totals().received

    def test_is_refused_and_kept_when_it_is_broken(self, door: Door) -> None:
        taken = door.take("nonsense", "bad.txt")
        assert (taken.status, taken.received) == ("refused", None)
        assert door.vault.read(taken.sha256) == b"nonsense"
        (row,) = door.store.movements_of(taken.sha256)
        assert row.refusal == taken.refusal.sentence  # type: ignore[union-attr]
        assert door.totals().refused == Count(1)

    def test_counts_what_was_read_of_a_refused_one(self, door: Door) -> None:
        taken = door.take(day_of_quarter_hours(meter="M2"))
        assert "Meter M2 is not installed anywhere" in taken.refusal.sentence  # type: ignore[union-attr]
        assert door.totals().refused == Count(1, 96, Fraction(96 * 250))

    def test_counts_rows_that_could_not_be_read(self, door: Door) -> None:
        good = "".join(register_line().replace("0309", f"03{day:02}") for day in range(1, 9))
        door.take(good.replace("0310", "0309") + "GARBAGE\r\n")
        assert door.totals().quarantined.rows >= 1
        assert door.totals().unread_rows >= 1
        assert door.totals().received.files == 1


class TestWhateverComes:
    """Bytes of every kind, and real files with something broken in them."""

    @settings(
        max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.data())
    def test_is_kept_accounted_for_and_balances(self, door: Door, data: st.DataObject) -> None:
        sound = mostly_ours().encode()
        kind = data.draw(st.sampled_from(["any bytes", "cut", "changed", "doubled"]))
        at = data.draw(st.integers(0, len(sound) - 1))
        came = {
            "any bytes": data.draw(st.binary(max_size=200)),
            "cut": sound[:at],
            "changed": sound[:at] + data.draw(st.binary(min_size=1, max_size=4)) + sound[at + 1 :],
            "doubled": sound[:at] + sound[at // 2 :],
        }[kind]

        taken = take_file(Delivery("a", came, "test"), door.intake, learned_at=NOON)

        assert door.vault.read(taken.sha256) == came
        assert door.store.movements_of(taken.sha256)
        totals = ControlTotals.sum_of(one.totals for one in door.store.book)
        assert totals.received.files == len(door.vault.hashes())
        for one in door.store.book:
            moved = one.totals
            assert moved.received == moved.stored + moved.quarantined + moved.refused


class TestWhatMayPass:
    """A full disk or a lost server says nothing of a file: it is brought again."""

    def test_in_the_store_is_raised_and_no_refusal_is_recorded(
        self, door: Door, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def lost(**_: Any) -> None:
            raise ServerLost("The database server went away")

        with monkeypatch.context() as broken:
            broken.setattr(door.store, "record_file", lost)
            with pytest.raises(ServerLost):
                door.take(day_of_quarter_hours())
        assert door.store.book == []
        assert door.take(day_of_quarter_hours()).status == "stored"

    def test_in_the_lake_is_raised_as_it_is(self, door: Door) -> None:
        full = LakeNotWritable("The disk is full")
        door.intake = replace(door.intake, lake=PaperLake(refusal=full))  # type: ignore[arg-type]
        with pytest.raises(LakeNotWritable):
            door.take(day_of_quarter_hours())
        assert door.store.book == []

    def test_in_the_vault_is_raised_before_anything_is_read(
        self, door: Door, tmp_path: Any
    ) -> None:
        (tmp_path / "vault").write_text("a file where the folder should be")
        vault = FileVault(tmp_path / "vault", tmp_path / "keys.json")
        door.intake = replace(door.intake, vault=vault, read=None)  # type: ignore[arg-type]
        with pytest.raises(VaultNotWritable, match=r"The vault cannot be written: .* exists"):
            door.take(day_of_quarter_hours())
        assert door.store.book == []


class TestTheMostThatCanFlow:
    """300 kW through a meter whose multiplier is one: 75 kWh in a quarter-hour."""

    def energy(self, wh: int) -> str:
        return day_of_quarter_hours().replace(",R,250", f",R,{wh}", 1)

    def test_is_taken_at_the_bound(self, door: Door) -> None:
        assert door.take(self.energy(75_000)).status == "stored"
        assert door.waiting() == []

    def test_is_set_aside_above_it_with_its_energy(self, door: Door) -> None:
        taken = door.take(self.energy(75_001))
        assert taken.status == "stored"
        (item,) = door.waiting()
        assert item.line.reason.startswith(
            "Meter M1 has 75001 Wh in 900 seconds from 2026-03-09T05:00:00Z, and no more than "
            "300 kW can flow through it"
        )
        assert door.totals().quarantined == Count(0, 1, Fraction(75_001))
        assert door.totals().stored == Count(1, 95, Fraction(95 * 250))


class TestARefusedFileTriedAgain:
    def test_is_stored_once_its_meter_is_installed(self, door: Door) -> None:
        refused = door.take(day_of_quarter_hours(meter="M2"))
        install_second(door)

        taken = retry_file(sha256=refused.sha256, intake=door.intake, learned_at=NOON)

        assert taken.status == "stored"
        assert door.totals().received == Count(1, 96, Fraction(96 * 250))
        assert door.totals().refused == Count()
        with pytest.raises(NothingToRetry, match="is stored already"):
            retry_file(sha256=refused.sha256, intake=door.intake, learned_at=NOON)

    def test_may_be_told_what_was_missing(self, door: Door) -> None:
        text = "start,value\n2026-03-09T05:00:00Z,0.25\n2026-03-09T05:15:00Z,0.25\n"
        refused = door.take(text, "home.csv", meter="M1")
        assert "--unit" in refused.refusal.sentence  # type: ignore[union-attr]
        taken = retry_file(
            sha256=refused.sha256, intake=door.intake, learned_at=NOON, given={"unit": "kWh"}
        )
        assert taken.status == "stored"
        assert door.totals().stored.energy_wh == 500

    def test_that_never_came_is_refused_in_words(self, door: Door) -> None:
        with pytest.raises(NotFound, match=r"No file f+ has come"):
            retry_file(sha256="f" * 64, intake=door.intake, learned_at=NOON)


def install_second(door: Door) -> None:
    """M2 takes the place beside M1, from the beginning."""
    from meterledger.facts.places import (
        Account,
        Agreement,
        MeterInstallation,
        Premise,
        ServicePoint,
        TaxPlace,
    )
    from meterledger.kernel.span import Validity
    from meterledger.usecases.ports import ServiceStart

    days = Validity(date(2026, 1, 1))
    door.store.start_service(
        ServiceStart(
            persons=(),
            account=Account("1000000016", 1, days.from_day, NOON),
            holders=(),
            premise=Premise("P2", "2 Main St", "St. Louis", "MO", "63101", NOON),
            tax_place=TaxPlace("P2", "none", days, NOON),
            service_point=ServicePoint("SP2", "P2", NOON),
            installation=MeterInstallation("SP2", "M2", 1, days, NOON),
            agreement=Agreement("A2", "1000000016", "SP2", "1M-anytime", days, NOON),
        )
    )


def mostly_ours(strange: int = 10) -> str:
    """A day of M1, and a few quarter-hours of a meter that is not installed."""
    fields = [HEAD, "M2", "OK", "E", "KWH", "0.001", "00000015", str(strange)]
    triples = ["202603090515,R,100", *(",R,100" for _ in range(strange - 1))]
    return day_of_quarter_hours() + ",".join([*fields, *triples]) + "\r\n"


class TestTheWayOutOfQuarantine:
    def test_opens_when_the_meter_is_installed(self, door: Door) -> None:
        door.take(mostly_ours())
        (item,) = door.waiting()
        assert (item.line.rows, item.line.energy_wh) == (10, 1000)
        with pytest.raises(StillQuarantined, match="Meter M2 is not installed anywhere"):
            self.release(door, item)

        install_second(door)
        released = self.release(door, item)

        assert [one.channel.meter_id for one in released.channels] == ["M2"]
        assert door.waiting() == []
        assert door.totals().stored == Count(1, 106, Fraction(96 * 250 + 1000))
        assert door.totals().received == door.totals().stored
        with pytest.raises(Conflict, match="has its outcome already"):
            self.release(door, item)
        with pytest.raises(Conflict, match="has its outcome already"):
            self.reject(door, item)

    def test_may_be_closed_for_ever_by_a_person(self, door: Door) -> None:
        door.take(mostly_ours())
        (item,) = door.waiting()
        with pytest.raises(DecisionNotNamed, match="by a person's decision, for a reason"):
            self.reject(door, item, reason=" ")
        self.reject(door, item)
        install_second(door)
        with pytest.raises(Conflict):
            self.release(door, item)
        assert door.totals().refused == Count(0, 10, Fraction(1000))
        assert door.totals().received == Count(1, 106, Fraction(96 * 250 + 1000))

    def test_reads_a_line_again_that_came_too_early(self, door: Door) -> None:
        """A reading of the day after tomorrow is not believed; two days later it is."""
        lines = "".join(f"M1,2026-03-{day:02}T05:00:00Z,1,kWh,900\n" for day in range(10, 20))
        text = (
            "meter,start,value,unit,interval_seconds\n"
            + lines
            + "M1,2026-03-22T05:00:00Z,1,kWh,900\n"
        )
        door.take(text, "home.csv")
        (item,) = door.waiting()
        assert item.line.energy_wh is None
        with pytest.raises(StillQuarantined):
            self.release(door, item)
        released = release_line(
            quarantine_id=item.quarantine_id,
            author="Ana",
            reason="its day has come",
            intake=door.intake,
            learned_at=NOON + timedelta(days=3),
        )
        assert [len(one.readings) for one in released.channels] == [1]

    def test_is_closed_where_a_later_file_speaks(self, door: Door) -> None:
        door.take(mostly_ours())
        (item,) = door.waiting()
        install_second(door)
        door.take(day_of_quarter_hours(meter="M2", wh=300), "later.cmep", at=NOON + LATER)
        with pytest.raises(StillQuarantined, match=r"The file later.cmep was made later"):
            self.release(door, item)

    def release(self, door: Door, item: Any) -> Any:
        return release_line(
            quarantine_id=item.quarantine_id,
            author="Ana",
            reason="installed",
            intake=door.intake,
            learned_at=NOON,
        )

    def reject(self, door: Door, item: Any, reason: str = "a test meter") -> Any:
        return reject_line(
            quarantine_id=item.quarantine_id,
            author="Ana",
            reason=reason,
            store=door.store,
            learned_at=NOON,
        )


LATER = timedelta(minutes=1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NORTH = Source(
    "north", ED25519, KEY.public_key().public_bytes_raw().hex(), is_sequenced=True, learned_at=NOON
)


def signed(text: str, sequence: int | None, source: str = "north") -> str:
    return KEY.sign(signed_bytes(source, sequence, text.encode())).hex()


class TestASourceThatSigns:
    @pytest.fixture(autouse=True)
    def registered(self, door: Door) -> None:
        door.store.add_source(NORTH)

    def take(self, door: Door, text: str, sequence: int | None, **how: Any) -> Taken:
        given = {"signature": signed(text, sequence), **how}
        return door.take(text, source="north", sequence=sequence, **given)

    def sentence(self, taken: Taken) -> str:
        assert taken.status == "refused"
        assert taken.refusal is not None
        return taken.refusal.sentence

    def test_is_believed_with_its_own_signature(self, door: Door) -> None:
        taken = self.take(door, day_of_quarter_hours(), 7)
        assert (taken.status, taken.notes) == ("stored", ())
        assert door.totals("north").stored.rows == 96

    def test_is_not_believed_without_one(self, door: Door) -> None:
        said = self.sentence(self.take(door, day_of_quarter_hours(), 7, signature=None))
        assert "It is unsigned, and the source north signs what it sends" in said
        assert door.totals("north").received == Count()
        assert door.totals("").refused == Count(1)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"signature": signed(day_of_quarter_hours(), 8)},
            {"signature": signed(day_of_quarter_hours(), 7, "south")},
            {"signature": signed(day_of_quarter_hours(wh=251), 7)},
            {"signature": "00" * 64},
            {"signature": "no digits"},
        ],
        ids=["another number", "another source", "other bytes", "zeros", "no signature at all"],
    )
    def test_is_not_believed_with_another_one(self, door: Door, wrong: dict[str, Any]) -> None:
        said = self.sentence(self.take(door, day_of_quarter_hours(), 7, **wrong))
        assert "Its signature is not one of the source north" in said
        assert door.store.lake_sequence() == 0

    def test_cannot_be_replayed_under_a_number_that_came(self, door: Door) -> None:
        self.take(door, day_of_quarter_hours(), 7)
        other = day_of_quarter_hours(wh=300)
        said = self.sentence(self.take(door, other, 7))
        assert "It is a replay: the number 7 of the source north came before" in said

    def test_may_send_the_same_file_again(self, door: Door) -> None:
        self.take(door, day_of_quarter_hours(), 7)
        again = self.take(door, day_of_quarter_hours(), 7)
        assert again.status == "known"
        assert again.notes == ("File 7 of north came again",)

    def test_must_number_what_it_sends(self, door: Door) -> None:
        assert "It carries no number" in self.sentence(
            self.take(door, day_of_quarter_hours(), None)
        )

    def test_leaves_a_gap_that_is_noticed_and_may_be_filled(self, door: Door) -> None:
        texts = {number: day_of_quarter_hours(wh=number) for number in (1, 2, 3, 5)}
        self.take(door, texts[1], 1)
        gap = self.take(door, texts[5], 5)
        assert gap.notes == ("Before file 5 of north, files 2 to 4 did not come",)
        assert door.store.sequence_gaps("north") == [(2, 4)]
        late = self.take(door, texts[3], 3)
        assert late.notes == ("File 3 of north came after 5",)
        assert door.store.sequence_gaps("north") == [(2, 2), (4, 4)]

    def test_uses_up_a_number_even_with_a_file_that_is_broken(self, door: Door) -> None:
        assert self.take(door, "nonsense", 1).status == "refused"
        assert door.store.sequence_seen("north", 1).newest == 1

    def test_unproved_cannot_be_tried_again_by_hand(self, door: Door) -> None:
        taken = self.take(door, day_of_quarter_hours(), 7, signature=None)
        with pytest.raises(NothingToRetry, match="never proved to be from the source north"):
            retry_file(sha256=taken.sha256, intake=door.intake, learned_at=NOON)

    def test_unproved_leaves_the_proved_one_its_way_in(self, door: Door) -> None:
        self.take(door, day_of_quarter_hours(), 7, signature=None)
        assert self.take(door, day_of_quarter_hours(), 7).status == "stored"
        assert door.totals().received == Count(1, 96, Fraction(96 * 250))


class TestOtherSources:
    def test_are_registered_or_refused(self, door: Door) -> None:
        taken = door.take(day_of_quarter_hours(), source="nobody")
        assert taken.refusal is not None
        assert "No source nobody is registered" in taken.refusal.sentence
        assert "meterledger source add" in taken.refusal.sentence

    def test_that_do_not_sign_are_counted_under_their_name(self, door: Door) -> None:
        door.store.add_source(Source("east", UNSIGNED, "", is_sequenced=False, learned_at=NOON))
        assert door.take(day_of_quarter_hours(), source="east").status == "stored"
        assert door.totals("east").stored.rows == 96

    def test_may_share_a_key(self, door: Door, tmp_path: Any) -> None:
        import hashlib
        import hmac

        key_file = tmp_path / "west.key"
        key_file.write_bytes(b"k" * 32)
        west = Source("west", HMAC_SHA256, str(key_file), is_sequenced=False, learned_at=NOON)
        door.store.add_source(west)
        text = day_of_quarter_hours()
        said = signed_bytes("west", None, text.encode())
        good = hmac.digest(b"k" * 32, said, hashlib.sha256).hex()
        bad = hmac.digest(b"j" * 32, said, hashlib.sha256).hex()
        assert door.take(text, source="west", signature=bad).status == "refused"
        assert door.take(text, source="west", signature=good).status == "stored"
        key_file.unlink()
        taken = door.take(text, source="west", signature=good)
        assert isinstance(taken.refusal, KeyUnusable)


class TestOfTwoFilesThatDiffer:
    """The one made later speaks, whichever came first."""

    def test_a_correction_that_overtook_its_original_stays(self, door: Door) -> None:
        corrected = day_of_quarter_hours(wh=300).replace("202603101215", "202603111215")
        door.take(corrected, "corrected.cmep")
        late = door.take(day_of_quarter_hours(), "original.cmep", at=NOON + LATER)
        assert late.status == "stored"
        assert late.received is not None
        assert late.received.channels == ()
        (item,) = door.waiting()
        assert item.line.reason.startswith("The file corrected.cmep was made later")
        assert door.totals().received == Count(2, 192, Fraction(96 * 550))

    def test_the_last_that_came_speaks_where_none_says_when(self, door: Door) -> None:
        for number in (1, 2):
            row = f"M1,2026-03-09T05:00:00Z,{number},kWh,900\n"
            text = "meter,start,value,unit,interval_seconds\n" + row
            door.take(text, f"{number}.csv", at=NOON + number * LATER)
        assert door.waiting() == []

    @pytest.mark.parametrize("order", [(1, 2), (2, 1)])
    def test_the_numbers_of_a_source_decide_where_no_file_says_when(
        self, door: Door, order: tuple[int, int]
    ) -> None:
        """A table says of no instant at which it was made; the second file corrects the first."""
        door.store.add_source(Source("east", UNSIGNED, "", is_sequenced=True, learned_at=NOON))
        for minute, number in enumerate(order):
            row = f"M1,2026-03-09T05:00:00Z,{number},kWh,900\n"
            text = "meter,start,value,unit,interval_seconds\n" + row
            door.take(
                text, f"{number}.csv", at=NOON + minute * LATER, source="east", sequence=number
            )
        written = [one.readings[0].value for _, one in door.intake.lake.written]  # type: ignore[attr-defined]
        assert written == ([1, 2] if order == (1, 2) else [2])

    def test_a_time_yet_to_come_is_not_believed(self, door: Door) -> None:
        future = day_of_quarter_hours(wh=300).replace("202603101215", "209903111215")
        assert read_bytes("f.cmep", future.encode(), received_at=NOON).made_at is None
        made = datetime(2026, 3, 10, 12, 15, tzinfo=UTC).timestamp()
        sound = day_of_quarter_hours().encode()
        assert read_bytes("f.cmep", sound, received_at=NOON).made_at == made
