"""Lockbox files and payments as CSV: read whole or refused, bad lines apart, no cent lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from tests.stores.gateways.lockbox_paper import lockbox

from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel
from meterledger.stores.gateways.lockbox import is_lockbox, read_lockbox
from meterledger.stores.gateways.payment_csv import read_payment_csv, read_remittances
from meterledger.stores.gateways.refusals import EnvelopeBroken

ITEMS = [("1000000018", 84_50), ("1000000026", 1), ("1000000018", 16_519)]


def broken(text: str) -> str:
    with pytest.raises(EnvelopeBroken) as no:
        read_lockbox(text.encode(), "box.txt")
    assert no.value.sentence.endswith("Nothing was kept. Ask the bank for the file again.")
    return no.value.sentence


class TestALockboxFile:
    def test_gives_every_payment_with_the_key_of_its_bank(self) -> None:
        file = read_lockbox(lockbox(ITEMS).encode(), "box.txt")
        assert [(one.account_told, one.cents) for one in file.lines] == ITEMS
        assert file.lines[0].key == "lockbox:0000077:20261120:001:001"
        assert file.lines[0].check_number == "1001"
        assert file.lines[0].tender is Tender.CHECK
        assert file.deposited_day == date(2026, 11, 20)
        assert (file.stated_cents, file.refused) == (sum(cents for _, cents in ITEMS), ())
        assert (file.channel, file.is_mailed) == (Channel.LOCKBOX, True)

    def test_keeps_nothing_of_the_payers_bank_account(self) -> None:
        text = lockbox(ITEMS)
        assert "081000032" in text
        bad = text.replace("0000000001", "00000000X1", 1)
        file = read_lockbox(bad.encode(), "box.txt")
        assert "081000032" not in repr(file)
        assert "*" * 19 in file.refused[0].text

    def test_of_which_a_detail_cannot_be_read_gives_the_rest_and_its_cents(self) -> None:
        bad = lockbox(ITEMS).replace("0000000001", "00000000X1", 1)
        file = read_lockbox(bad.encode(), "box.txt")
        assert [one.cents for one in file.lines] == [84_50, 16_519]
        (refused,) = file.refused
        assert refused.cents == 1
        assert refused.why == "its amount '00000000X1' is not a number of cents above zero"

    def test_may_name_the_account_in_the_record_that_follows(self) -> None:
        file = read_lockbox(lockbox(ITEMS, overflow=True).encode(), "box.txt")
        assert [(one.account_told, one.cents) for one in file.lines] == ITEMS

    def test_of_several_boxes_and_batches_sums_up(self) -> None:
        many = [("1000000018", cents) for cents in range(1, 1_300)]
        file = read_lockbox(lockbox(many, batch_size=500, box_batches=2).encode(), "box.txt")
        assert [one.cents for one in file.lines] == list(range(1, 1_300))
        assert len({one.key for one in file.lines}) == 1_299

    @pytest.mark.parametrize(
        ("was", "becomes", "words"),
        [
            ("9000009", "9000008", "says that it has 8 records, and has 9"),
            ("7001000000007726112000300000249", "7001000000007726112000200000249", "2 items"),
            ("\n8", "\n7", "follows another batch"),
            ("000400", "000401", "is not 400, a lockbox"),
            ("5001", "X001", "A record of type 'X' has no place here"),
            ("5001000000007726112", "5001000000007726132", "is not a day of deposit"),
            ("0000008450", "0000008451", "says $249.70, which its items do not sum to"),
        ],
    )
    def test_of_a_broken_envelope_is_refused(self, was: str, becomes: str, words: str) -> None:
        text = lockbox(ITEMS)
        assert was in text
        assert words in broken(text.replace(was, becomes, 1))

    @pytest.mark.parametrize("lines", [slice(0, -1), slice(1, None), slice(0, 3), slice(0, 2)])
    def test_that_is_cut_is_refused(self, lines: slice) -> None:
        broken("\n".join(lockbox(ITEMS).splitlines()[lines]))

    @pytest.mark.parametrize("amount", ["-000000001", "1e00000001", "0000000000", "1_00000001"])
    def test_of_a_poisoned_amount_refuses_that_line(self, amount: str) -> None:
        bad = lockbox(ITEMS).replace("0000000001", amount, 1)
        assert len(read_lockbox(bad.encode(), "box.txt").refused) == 1

    def test_that_is_not_ascii_is_refused(self) -> None:
        with pytest.raises(EnvelopeBroken, match="is not ASCII"):
            read_lockbox(lockbox(ITEMS).replace("0000000001", "٠" * 10).encode(), "box.txt")


def csv_of(lines: Sequence[str], total: str) -> bytes:
    header = "key,account,usd,received,tender,check,reference"
    return "\n".join([header, *lines, total, ""]).encode()


GOOD = "A-1,1000000018,84.50,2026-11-20,cash,,desk 4"


class TestPaymentsAsCsv:
    def test_are_read_with_their_keys(self) -> None:
        file = read_remittances(
            csv_of([GOOD], "total,1,84.50"), "agency.csv", channel=Channel.AGENCY
        )
        (one,) = file.lines
        assert (one.key, one.account_told, one.cents) == ("A-1", "1000000018", 84_50)
        assert (one.tender, one.reference) == (Tender.CASH, "desk 4")
        assert (file.channel, file.is_mailed, file.stated_cents) == (Channel.AGENCY, False, 84_50)

    @pytest.mark.parametrize(
        "bad",
        [
            "A-2,1,NaN,2026-11-20,cash,,",
            "A-2,1,1e2,2026-11-20,cash,,",
            "A-2,1,-0,2026-11-20,cash,,",
            "A-2,1,1_000,2026-11-20,cash,,",
            "A-2,1,٣,2026-11-20,cash,,",
            "A-2,1,1.00,20.11.2026,cash,,",
            "A-2,1,1.00,2026-11-20,shells,,",
            "A-2,1,1.00,2026-11-20,card,,",
            ",1,1.00,2026-11-20,cash,,",
            "A-2,1,1.00,2026-11-20,cash",
        ],
    )
    def test_of_a_bad_line_give_the_rest(self, bad: str) -> None:
        file = read_payment_csv(
            csv_of([GOOD, bad], "total,2,94.50"), "a.csv", channel=Channel.OFFICE
        )
        assert len(file.lines) == 1
        assert [one.cents for one in file.refused] == [10_00]

    @pytest.mark.parametrize(
        ("total", "words"),
        [
            ("total,2,84.50", "says '2' lines, and it has 1"),
            ("total,1,84.51", "which its lines do not sum to"),
            ("total,1,84.49", "which its lines do not sum to"),
            ("sum,1,84.50", "does not end with a line"),
        ],
    )
    def test_of_another_total_are_refused(self, total: str, words: str) -> None:
        with pytest.raises(EnvelopeBroken, match=words):
            read_payment_csv(csv_of([GOOD], total), "a.csv", channel=Channel.OFFICE)

    @pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"a,b\n1,2\n", b'"', b"1\n2\n"])
    def test_that_are_none_are_refused(self, data: bytes) -> None:
        assert not is_lockbox(data)
        with pytest.raises(EnvelopeBroken, match="neither a lockbox file nor CSV"):
            read_remittances(data, "a.bin", channel=Channel.OFFICE)
