"""NACHA files: printed positions, control totals, whole or refused, and back to the same bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.ach import (
    AchBatch,
    AchChange,
    AchEntry,
    AchFile,
    AchReturn,
    AchStandard,
    routing_digit,
)
from meterledger.stores.gateways.nacha import read_nacha
from meterledger.stores.gateways.nacha_records import NachaRefused
from meterledger.stores.gateways.nacha_write import write_nacha

BANK = "08100021"
DEBIT = AchEntry(
    *(27, "081000210", "12345678901234567", 120_34, "4000000016", "ANA RIVERA"),
    *(f"{BANK}0000001", "S"),
)
BATCH = AchBatch(
    standard=AchStandard.WEB,
    company_name="METERLEDGER",
    company_id="1430559760",
    description="ELEC BILL",
    effective_day=date(2025, 7, 22),
    origin_bank=BANK,
    number=1,
    entries=(DEBIT,),
    service_class=225,
)
FILE = AchFile(
    *("081000210", "1430559760", date(2025, 7, 21), "0600", "A", "FIRST BANK", "METERLEDGER"),
    batches=(BATCH,),
)


def lines_of(file: AchFile = FILE) -> list[str]:
    """The records of a written file."""
    return write_nacha(file).decode().splitlines()


def read(lines: list[str], end: str = "\n") -> AchFile:
    """Read records as a file."""
    return read_nacha((end.join(lines) + end).encode(), "file")


class TestRecord:
    """Positions as the rules print them, counted from 1."""

    @pytest.mark.parametrize(
        ("record", "first", "last", "text"),
        [
            (0, 1, 3, "101"),
            (0, 4, 13, " 081000210"),
            (0, 14, 23, "1430559760"),
            (0, 24, 34, "2507210600A"),
            (0, 35, 40, "094101"),
            (0, 41, 63, "FIRST BANK             "),
            (1, 1, 20, "5225METERLEDGER     "),
            (1, 41, 53, "1430559760WEB"),
            (1, 54, 63, "ELEC BILL "),
            (1, 70, 75, "250722"),
            (1, 79, 87, "108100021"),
            (1, 88, 94, "0000001"),
            (2, 1, 12, "627081000210"),
            (2, 13, 29, "12345678901234567"),
            (2, 30, 39, "0000012034"),
            (2, 40, 54, "4000000016     "),
            (2, 55, 76, "ANA RIVERA            "),
            (2, 77, 79, "S 0"),
            (2, 80, 94, "081000210000001"),
            (3, 1, 10, "8225000001"),
            (3, 11, 20, "0008100021"),
            (3, 21, 44, "000000012034000000000000"),
            (4, 1, 13, "9000001000001"),
            (4, 14, 31, "000000010008100021"),
            (5, 1, 94, "9" * 94),
        ],
    )
    def test_has_its_fields_where_they_are_printed(
        self, record: int, first: int, last: int, text: str
    ) -> None:
        assert lines_of()[record][first - 1 : last] == text

    def test_come_in_blocks_of_ten(self) -> None:
        assert len(lines_of()) == 10
        many = tuple(replace(DEBIT, trace=f"{BANK}{n:07}") for n in range(1, 8))
        lines = lines_of(replace(FILE, batches=(replace(BATCH, entries=many),)))
        assert len(lines) == 20
        assert lines[10][:13] == "9000001000002"


class TestHash:
    def test_keeps_the_last_ten_digits(self) -> None:
        bank = "99999999"
        entry = replace(DEBIT, routing_number=bank + routing_digit(bank))
        many = tuple(replace(entry, trace=f"{BANK}{n:07}") for n in range(1, 102))
        lines = lines_of(replace(FILE, batches=(replace(BATCH, entries=many),)))
        control = next(one for one in lines if one.startswith("8"))
        assert control[10:20] == "0099999899"  # 101 times 99,999,999 is 10,099,999,899


class TestFile:
    def test_is_read_with_either_end_of_line_or_none(self) -> None:
        lines = lines_of()
        assert read(lines) == read(lines, "\r\n") == FILE
        assert read_nacha("".join(lines).encode(), "file") == FILE

    @pytest.mark.parametrize(
        ("record", "first", "text", "says"),
        [
            (0, 24, "251340", "'251340' is not a day"),
            (0, 38, "09", "blocks of 10"),
            (1, 51, "XYZ", "Class 'XYZ' is not read"),
            (2, 2, "29", "29 is no transaction code"),
            (2, 12, "9", "does not end with its check digit"),
            (2, 30, "00000120.4", "is not a number"),
            (2, 30, "0000012035", "debits $120.34, and $120.35 are there"),
            (2, 79, "1", "addenda of the entry 1, and 0"),
            (3, 5, "000002", "entries 2, and 1"),
            (3, 11, "0008100022", "hash 8100022, and 8100021"),
            (3, 45, "1430559761", "another company"),
            (3, 88, "0000002", "batch number 2, and 1"),
            (4, 2, "000002", "batches 2, and 1"),
            (4, 8, "000002", "blocks 2, and 1"),
            (4, 32, "000000012035", "debits $120.35, and $120.34"),
            (5, 1, "8", "lines of nines"),
        ],
    )
    def test_with_one_wrong_field_is_refused_whole(
        self, record: int, first: int, text: str, says: str
    ) -> None:
        lines = lines_of()
        old = lines[record]
        lines[record] = old[: first - 1] + text + old[first - 1 + len(text) :]
        with pytest.raises(NachaRefused) as refused:
            read(lines)
        assert says in refused.value.sentence
        assert "nothing of this one was kept" in refused.value.sentence

    @pytest.mark.parametrize("poison", ["NaN", "1e400", "1_000", "-0", "+5", " 7", "0x10", "∞"])
    def test_refuses_what_is_no_number(self, poison: str) -> None:
        lines = lines_of()
        lines[2] = lines[2][:29] + poison.rjust(10, "0")[:10] + lines[2][39:]
        with pytest.raises(NachaRefused):
            read(lines)

    def test_refuses_digits_of_other_alphabets(self) -> None:
        text = "\n".join(lines_of()).replace("12034", "١٢٠٣٤", 1)
        with pytest.raises(NachaRefused, match="is not ASCII"):
            read_nacha(text.encode(), "file")

    @pytest.mark.parametrize("without", range(5))
    def test_lacks_no_record(self, without: int) -> None:
        lines = lines_of()
        del lines[without]
        with pytest.raises(NachaRefused):
            read(lines)

    def test_is_never_empty(self) -> None:
        with pytest.raises(NachaRefused, match="94 printable characters and this one 0"):
            read_nacha(b"", "file")

    def test_has_entries_in_order(self) -> None:
        lines = lines_of()
        lines[3:3] = [lines[2]]
        with pytest.raises(NachaRefused, match="order of their trace numbers"):
            read(lines[:-1])

    def test_holds_no_credit_in_a_batch_of_debits(self) -> None:
        mixed = replace(BATCH, entries=(replace(DEBIT, code=22),))
        with pytest.raises(NachaRefused, match="A batch of debits holds a credit"):
            write_nacha(replace(FILE, batches=(mixed,)))

    @pytest.mark.parametrize("name", ["Ana Rivera of the long house 12", "Zoë", " Ana"])
    def test_is_not_written_with_what_does_not_fit(self, name: str) -> None:
        entry = replace(DEBIT, name=name)
        with pytest.raises(NachaRefused, match="does not fit the 22 places of name"):
            write_nacha(replace(FILE, batches=(replace(BATCH, entries=(entry,)),)))


class TestReturn:
    RETURN = replace(
        DEBIT, code=26, returned=AchReturn("R01", f"{BANK}0000009", "08100021", None, "")
    )

    def file(self, entry: AchEntry) -> AchFile:
        """A file of one return."""
        return replace(FILE, batches=(replace(BATCH, service_class=200, entries=(entry,)),))

    def test_names_code_and_original_where_they_are_printed(self) -> None:
        record = lines_of(self.file(self.RETURN))[3]
        assert record[:6] == "799R01"
        assert record[6:21] == f"{BANK}0000009"
        assert record[27:35] == "08100021"
        assert record[79:] == DEBIT.trace

    def test_of_a_death_says_when(self) -> None:
        died = AchReturn("R15", f"{BANK}0000009", "08100021", date(2025, 6, 3), "")
        file = self.file(replace(self.RETURN, returned=died))
        assert lines_of(file)[3][21:27] == "250603"
        assert read(lines_of(file)) == file

    def test_without_a_reason_is_refused(self) -> None:
        with pytest.raises(NachaRefused, match="An entry of code 26 says why it came back"):
            write_nacha(self.file(replace(self.RETURN, returned=None)))

    def test_of_an_entry_that_goes_out_is_refused(self) -> None:
        with pytest.raises(NachaRefused, match="An entry of code 27 cannot have come back"):
            write_nacha(self.file(replace(self.RETURN, code=27)))


class TestChange:
    def test_names_what_is_to_be_other(self) -> None:
        change = AchChange("C01", f"{BANK}0000009", "08100021", "1918171614")
        entry = replace(DEBIT, code=26, cents=0, change=change)
        batch = replace(BATCH, standard=AchStandard.COR, entries=(entry,))
        file = replace(FILE, batches=(batch,))
        record = lines_of(file)[3]
        assert record[:6] == "798C01"
        assert record[35:64] == "1918171614".ljust(29)
        assert read(lines_of(file)) == file


class TestCredit:
    def test_of_a_bank_s_customer_has_the_number_behind_the_name(self) -> None:
        credit = replace(DEBIT, code=22, name="Ana Rivera", information=("a note",))
        batch = replace(BATCH, standard=AchStandard.CIE, service_class=220, entries=(credit,))
        record = lines_of(replace(FILE, batches=(batch,)))[2]
        assert record[39:54] == "Ana Rivera     "
        assert record[54:76] == "4000000016".ljust(22)

    def test_of_a_company_counts_its_addenda(self) -> None:
        credit = replace(DEBIT, code=22, name="A COMPANY", information=("one", "two"))
        batch = replace(BATCH, standard=AchStandard.CTX, service_class=220, entries=(credit,))
        lines = lines_of(replace(FILE, batches=(batch,)))
        assert lines[2][54:58] == "0002"
        assert lines[2][58:74] == "A COMPANY       "
        assert [one[83:94] for one in lines[3:5]] == ["00010000001", "00020000001"]


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=14)
NAME = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=14)


@st.composite
def entries(draw: st.DrawFn, standard: AchStandard, number: int) -> AchEntry:
    """Any entry of a class."""
    bank = f"{draw(st.integers(0, 99_999_999)):08}"
    trace = f"{BANK}{number:07}"
    back = standard is AchStandard.COR or draw(st.booleans())
    entry = AchEntry(
        code=draw(st.sampled_from([21, 26, 31, 36] if back else [22, 23, 27, 28, 32, 33, 37, 38])),
        routing_number=bank + routing_digit(bank),
        account_number=draw(NAME),
        cents=0 if standard is AchStandard.COR else draw(st.integers(0, 10**10 - 1)),
        identification=draw(TEXT),
        name=draw(TEXT),
        trace=trace,
        discretionary=draw(st.sampled_from(["", "S", "R"])),
    )
    original = f"{draw(st.integers(0, 10**15 - 1)):015}"
    if standard is AchStandard.COR:
        return replace(entry, change=AchChange("C02", original, bank, draw(NAME)))
    if back:
        died = draw(st.none() | st.dates(date(2001, 1, 1), date(2099, 12, 31)))
        return replace(entry, returned=AchReturn("R15", original, bank, died, draw(TEXT)))
    return replace(entry, information=tuple(draw(st.lists(TEXT, max_size=3))))


@st.composite
def files(draw: st.DrawFn) -> AchFile:
    """Any file."""
    batches = []
    for number in range(1, draw(st.integers(0, 3)) + 1):
        standard = draw(st.sampled_from(AchStandard))
        count = draw(st.integers(0, 4))
        batches.append(
            AchBatch(
                standard=standard,
                company_name=draw(TEXT),
                company_id=draw(st.sampled_from(["1430559760", "430559760"])),
                description=draw(st.sampled_from(["ELEC BILL", "RETRY PYMT", ""])),
                effective_day=draw(st.none() | st.dates(date(2001, 1, 1), date(2099, 12, 31))),
                origin_bank=BANK,
                number=number,
                entries=tuple(draw(entries(standard, n)) for n in range(1, count + 1)),
            )
        )
    return AchFile(
        *("081000210", draw(st.sampled_from(["1430559760", "430559760"]))),
        *(
            draw(st.dates(date(2001, 1, 1), date(2099, 12, 31))),
            draw(st.sampled_from(["", "0915"])),
        ),
        *(draw(st.sampled_from("A9Z")), draw(TEXT), draw(TEXT)),
        batches=tuple(batches),
        reference=draw(st.sampled_from(["", "REF-1"])),
    )


@given(files())
def test_what_is_written_is_read_back_and_written_again_to_the_byte(file: AchFile) -> None:
    written = write_nacha(file)
    assert len(written) % (95 * 10) == 0
    back = read_nacha(written, "file")
    assert back == file
    assert write_nacha(back) == written


@given(files(), st.data())
def test_no_single_digit_of_an_amount_can_change_unseen(file: AchFile, data: st.DataObject) -> None:
    lines = lines_of(file)
    numbers = [at for at, line in enumerate(lines) if line.startswith("6")]
    if not numbers:
        return
    at, place = data.draw(st.sampled_from(numbers)), data.draw(st.integers(29, 38))
    other = data.draw(st.sampled_from([one for one in "0123456789" if one != lines[at][place]]))
    lines[at] = lines[at][:place] + other + lines[at][place + 1 :]
    with pytest.raises(NachaRefused):
        read(lines)
