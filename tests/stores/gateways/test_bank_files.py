"""Bank statements in BAI2, camt.053 and our CSV: read whole, or refused in a sentence."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from meterledger.facts.bank import BankFile
from meterledger.kernel.refusal import Refusal
from meterledger.stores.gateways.bank_files import bank_file_of
from meterledger.stores.gateways.opening import opened

AT = datetime(2026, 11, 26, 12, tzinfo=UTC)
BAI2 = """\
01,122099999,123456789,261126,0200,1,,,2/
02,031001234,122099999,1,261125,2359,USD,2/
03,4471,USD,010,100000,,,100,30000,2,0/
88,015,118000,,/
16,165,25000,0,BR1,LB-1125,LOCKBOX DEPOSIT/
16,142,5000,V,261126,,BR2,ACH-7,ACH SETTLEMENT/
88,AND MORE OF ITS TEXT/
16,557,12000,S,0,12000,0,BR3,,RETURNED ITEMS/
49,290000,7/
98,290000,1,9/
99,290000,1,11/
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-26T02:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><Othr><Id>4471</Id></Othr></Id><Ccy>USD</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">1000.00</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-25</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">1130.00</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-25</Dt></Dt></Bal>
<Ntry><Amt Ccy="USD">250.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><Dt>2026-11-25</Dt></BookgDt><AcctSvcrRef>BR1</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>LB-1125</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="USD">120.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-11-25</Dt></BookgDt><AddtlNtryInf>returned items</AddtlNtryInf></Ntry>
<Ntry><Amt Ccy="USD">9.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""
CSV = """\
kind,bank_account,day,amount_usd,reference,text
opening,4471,2026-11-25,1000.00,,
line,4471,2026-11-25,250.00,LB-1125,"lockbox, deposit"
line,4471,2026-11-25,-120.00,,returned items
closing,4471,2026-11-25,1130.00,,
"""


def read(text: str, name: str = "bank.txt") -> BankFile:
    return bank_file_of(opened(name, text.encode()), learned_at=AT)


def refused(text: str) -> str:
    with pytest.raises(Refusal) as refusal:
        read(text)
    return refusal.value.sentence


def test_a_bai2_file_is_read_with_its_continuations_and_funds_types() -> None:
    found = read(BAI2)
    (statement,) = found.statements
    assert (found.format, statement.bank_account) == ("BAI2", "4471")
    assert (statement.opening_cents, statement.closing_cents) == (100_000, 118_000)
    assert [(one.cents, one.reference, one.code) for one in statement.lines] == [
        (25_000, "LB-1125", "165"),
        (5_000, "ACH-7", "142"),
        (-12_000, "BR3", "557"),
    ]
    assert statement.lines[1].text == "ACH SETTLEMENT,AND MORE OF ITS TEXT"
    assert statement.lines[0].booked_day == statement.as_of_day == date(2026, 11, 25)


@pytest.mark.parametrize("read_as", [CAMT, CSV])
def test_camt053_and_our_profile_say_the_same(read_as: str) -> None:
    (statement,) = read(read_as).statements
    assert statement.statement_id == "4471:2026-11-25"
    assert [(one.cents, one.reference) for one in statement.lines] == [
        (25_000, "LB-1125"),
        (-12_000, ""),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("49,290000,7/", "49,290001,7/"), "sum of the account is 290001, and what stands"),
        (("49,290000,7/", "49,290000,8/"), "number of records of the account is 8"),
        (("98,290000,1,9/", "98,290000,2,9/"), "number of accounts is 2, and what stands is 1"),
        (("99,290000,1,11/\n", ""), "cut off"),
        (("16,165,25000", "16,165,25_000"), "is not an amount in cents"),
        (("16,165,25000", "16,165,٢٥"), "is not an amount in cents"),
        (("16,165,25000", "16,165,1e4"), "is not an amount in cents"),
        (("16,165,25000", "16,165,-25000"), "is not an amount in cents"),
        (("16,165,", "16,900,"), "neither credit nor debit of $250.00"),
        ((",0,BR1", ",Q,BR1"), "is no funds type"),
        (("261125", "261131"), "is not a day"),
        (("USD,2/", "EUR,2/"), "our books are in USD"),
        (("015,118000", "016,118000"), "no closing ledger balance (015)"),
        (("88,015", "89,015"), "stands where 16 or 49 should"),
    ],
)
def test_a_bai2_file_that_is_wrong_anywhere_is_refused_whole(
    change: tuple[str, str], words: str
) -> None:
    assert words in refused(BAI2.replace(*change, 1))


def test_a_statement_that_does_not_add_up_is_refused() -> None:
    assert "does not add up: $1,000.00 and movements of $130.00 are not $1,130.01" in refused(
        CSV.replace("1130.00", "1130.01")
    )
    assert "does not add up" in refused(CAMT.replace("1130.00", "1130.01"))


@pytest.mark.parametrize(
    "amount", ["1e4", "NaN", "-0x1", "1_000", "٢٥", "25.005", "+5", "", "9" * 10_000, "Infinity"]
)
def test_amounts_that_are_none_are_refused(amount: str) -> None:
    assert refused(CSV.replace("250.00", amount, 1))
    assert refused(CAMT.replace("250.00", amount, 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<!DOCTYPE a [<!ENTITY x 'y'>]>" + CAMT.partition("?>")[2], "is no bank statement"),
        (CAMT.replace("<GrpHdr>", "<GrpHdr>&x;", 1), "not well-formed"),
        (CAMT[:-40], "cut off"),
        (CAMT.replace("camt.053", "camt.054"), "is no bank statement"),
        (CAMT.replace('Ccy="USD">250', 'Ccy="EUR">250'), "our books are in USD"),
        (CAMT.replace("OPBD", "ITBD"), "no opening balance"),
        (CAMT.replace("<Sts>BOOK", "<Sts>MAYB"), "status is 'MAYB'"),
        (CSV.replace("closing,4471,2026-11-25,1130.00,,\n", ""), "no closing row"),
        (CSV.replace("line,4471", "line,4472", 1), "not in its place"),
        (CSV + CSV.partition("\n")[2], "two statements of account 4471 of 2026-11-25"),
        ("hello", "is no bank statement"),
        ("", "is empty"),
    ],
)
def test_what_is_no_statement_is_refused_in_a_sentence(text: str, words: str) -> None:
    assert words in refused(text)


def test_a_document_type_inside_the_message_is_refused() -> None:
    head, _, rest = CAMT.partition("?>")
    assert refused(f"{head}?><!DOCTYPE Document [<!ENTITY a 'b'>]>{rest}")
