"""Reading a NACHA file: whole and sound, or refused whole.

Every count, sum and hash of its control records is worked out again from its entries. Files of
credits, of returns (addenda 99) and of notifications of change (addenda 98) are read alike.

Lives here      the order of records, and what must hold between them.
Lives elsewhere positions (``nacha_records``), writing (``nacha_write``), what entries mean
                (``usecases/ach_*``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from meterledger.facts.ach import (
    AchBatch,
    AchChange,
    AchEntry,
    AchFile,
    AchReturn,
    AchStandard,
    code_is_known,
    code_is_return,
    routing_digit,
)
from meterledger.kernel.money import usd_display
from meterledger.stores.gateways import nacha_records as layout
from meterledger.stores.gateways.nacha_records import (
    BLOCKING,
    FILLER,
    RECORD_LENGTH,
    NachaRefused,
    day_of,
    unpacked,
)

MAX_BYTES = 64 * 1024 * 1024
HASH_DIGITS = 10**10
_ADDENDA_INFORMATION, _ADDENDA_CHANGE, _ADDENDA_RETURN = "05", "98", "99"
_MIXED, _CREDITS_ONLY, _DEBITS_ONLY = 200, 220, 225
_AGAIN = "Ask the bank for a sound file; nothing of this one was kept"


def read_nacha(content: bytes, name: str) -> AchFile:
    """The file of these bytes.

    :raises NachaRefused: naming the record, and what does not hold
    """
    return _Reader(_records(content, name), name).file()


def _records(content: bytes, name: str) -> list[str]:
    if len(content) > MAX_BYTES:
        raise NachaRefused(f"The file is larger than {MAX_BYTES} bytes", where=name, do=_AGAIN)
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as problem:
        raise NachaRefused(
            f"Byte {problem.start + 1} is not ASCII", where=name, do=_AGAIN
        ) from problem
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) == 1 and text:
        lines = [text[at : at + RECORD_LENGTH] for at in range(0, len(text), RECORD_LENGTH)]
    for number, line in enumerate(lines, start=1):
        if len(line) != RECORD_LENGTH or not line.isprintable():
            raise NachaRefused(
                f"A record has {RECORD_LENGTH} printable characters and this one {len(line)}",
                where=f"{name}, record {number}",
                do=_AGAIN,
            )
    return lines


class _Reader:
    """Walks the records once, in order."""

    def __init__(self, records: list[str], name: str) -> None:
        self._records = records
        self._name = name
        self._at = 0

    def file(self) -> AchFile:
        header = self._take("1", layout.FILE_HEADER, "a file header")
        self._hold(header["priority"] == "01", "Priority code 01 is expected")
        sizes = (header["record_size"], header["blocking"], header["format"])
        self._hold(sizes == ("094", "10", "1"), "Records of 94 in blocks of 10 are expected")
        time = header["created_time"]
        self._hold(time == "" or (time.isdigit() and len(time) == 4), f"'{time}' is not a time")
        modifier = header["modifier"]
        plain = modifier.isdigit() or ("A" <= modifier <= "Z" and len(modifier) == 1)
        self._hold(plain, f"'{modifier}' does not tell files of a day apart")
        created = day_of(header["created_day"], self._where())
        batches = []
        while self._kind() == "5":
            batches.append(self._batch())
        numbers = [one.number for one in batches]
        self._hold(numbers == sorted(set(numbers)), "Batches are not in the order of their numbers")
        made = AchFile(
            destination=header["destination"],
            origin=header["origin"],
            created_day=created,
            created_time=time,
            modifier=modifier,
            destination_name=header["destination_name"],
            origin_name=header["origin_name"],
            batches=tuple(batches),
            reference=header["reference"],
        )
        self._control(made)
        return made

    def _control(self, made: AchFile) -> None:
        control = self._take("9", layout.FILE_CONTROL, "a file control")
        blocks = -(-self._at // BLOCKING)
        self._equal("batches", control["batch_count"], len(made.batches))
        self._equal("blocks", control["block_count"], blocks)
        self._equal("entries", control["entry_count"], sum(one.entry_count for one in made.batches))
        self._equal(
            "hash", control["hash"], sum(one.routing_sum for one in made.batches) % HASH_DIGITS
        )
        self._equal("debits", control["debit_cents"], made.debit_cents, usd_display)
        self._equal("credits", control["credit_cents"], made.credit_cents, usd_display)
        rest = self._records[self._at :]
        filled = len(self._records) == blocks * BLOCKING and all(one == FILLER for one in rest)
        self._hold(filled, "Behind the file control come lines of nines, to a whole block")

    def _batch(self) -> AchBatch:
        header = self._take("5", layout.BATCH_HEADER, "a batch header")
        where = self._where()
        known = {one.value: one for one in AchStandard}
        self._hold(
            header["standard"] in known,
            f"Class '{header['standard']}' is not read; {', '.join(known)} are",
        )
        service_class = int(header["service_class"])
        self._hold(
            service_class in (_MIXED, _CREDITS_ONLY, _DEBITS_ONLY),
            f"{service_class} is no service class",
        )
        day = header["effective_day"]
        entries = []
        while self._kind() == "6":
            entries.append(self._entry(known[header["standard"]]))
        traces = [one.trace for one in entries]
        self._hold(
            traces == sorted(set(traces)), "Entries are not in the order of their trace numbers"
        )
        batch = AchBatch(
            standard=known[header["standard"]],
            company_name=header["company_name"],
            company_id=header["company_id"],
            description=header["description"],
            effective_day=None if day.strip("0") == "" else day_of(day, where),
            origin_bank=header["origin_bank"],
            number=int(header["number"]),
            entries=tuple(entries),
            discretionary=header["discretionary"],
            descriptive_date=header["descriptive_date"],
            service_class=service_class,
        )
        self._batch_control(batch)
        return batch

    def _batch_control(self, batch: AchBatch) -> None:
        control = self._take("8", layout.BATCH_CONTROL, "an entry, its addenda or a batch control")
        self._equal("service class", control["service_class"], batch.service_class)
        self._equal("entries", control["entry_count"], batch.entry_count)
        self._equal("hash", control["hash"], batch.routing_sum % HASH_DIGITS)
        self._equal("debits", control["debit_cents"], batch.debit_cents, usd_display)
        self._equal("credits", control["credit_cents"], batch.credit_cents, usd_display)
        self._equal("batch number", control["number"], batch.number)
        same = (control["company_id"], control["origin_bank"])
        self._hold(
            same == (batch.company_id, batch.origin_bank),
            "The batch control names another company or bank than the batch header",
        )
        if batch.standard is AchStandard.COR:
            return
        if batch.service_class == _CREDITS_ONLY:
            self._hold(batch.debit_cents == 0, "A batch of credits holds a debit")
        if batch.service_class == _DEBITS_ONLY:
            self._hold(batch.credit_cents == 0, "A batch of debits holds a credit")

    def _entry(self, standard: AchStandard) -> AchEntry:
        fields = {AchStandard.CIE: layout.ENTRY_CIE, AchStandard.CTX: layout.ENTRY_CTX}
        told = self._take("6", fields.get(standard, layout.ENTRY), "an entry")
        code = int(told["code"])
        self._hold(code_is_known(code), f"{told['code']} is no transaction code that is read")
        self._hold(
            routing_digit(told["bank"]) == told["digit"],
            f"The routing number {told['bank']}{told['digit']} does not end with its check digit",
        )
        self._hold(told["account_number"] != "", "The entry names no bank account")
        self._hold(told["has_addenda"] in "01", "The addenda indicator is 0 or 1")
        entry = AchEntry(
            code=code,
            routing_number=told["bank"] + told["digit"],
            account_number=told["account_number"],
            cents=int(told["cents"]),
            identification=told["identification"],
            name=told["name"],
            trace=told["trace"],
            discretionary=told["discretionary"],
        )
        entry = self._with_addenda(entry)
        self._equal("addenda of the entry", told["has_addenda"], min(1, entry.addenda_count))
        if standard is AchStandard.CTX:
            self._equal("addenda of the entry", told["addenda_count"], entry.addenda_count)
        self._hold(
            code_is_return(code) == (entry.returned is not None or entry.change is not None),
            f"An entry of code {code} "
            + ("says why it came back" if code_is_return(code) else "cannot have come back"),
        )
        if standard is AchStandard.COR:
            self._hold(entry.change is not None and entry.cents == 0, "A change moves no money")
        return entry

    def _with_addenda(self, entry: AchEntry) -> AchEntry:
        if self._kind() != "7":
            return entry
        kind = self._records[self._at][1:3]
        read: dict[str, Callable[[AchEntry], AchEntry]] = {
            _ADDENDA_INFORMATION: self._information,
            _ADDENDA_CHANGE: self._change,
            _ADDENDA_RETURN: self._return,
        }
        self._hold(kind in read, f"Addenda {kind} are not read")
        return read[kind](entry)

    def _information(self, entry: AchEntry) -> AchEntry:
        found: list[str] = []
        while self._kind() == "7":
            told = self._take("7", layout.ADDENDA, "addenda")
            self._hold(told["kind"] == _ADDENDA_INFORMATION, "Addenda of an entry are of one kind")
            self._equal("number of the addenda", told["number"], len(found) + 1)
            self._equal("entry of the addenda", told["of_entry"], int(entry.trace[-7:]))
            found.append(told["information"])
        return replace(entry, information=tuple(found))

    def _change(self, entry: AchEntry) -> AchEntry:
        told = self._take("7", layout.ADDENDA_CHANGE, "addenda of a change")
        self._hold(_is_code(told["code"], "C"), f"'{told['code']}' is no code of a change")
        self._hold(told["corrected"] != "", "The change does not say what is to be other")
        change = AchChange(
            told["code"], told["original_trace"], told["original_bank"], told["corrected"]
        )
        return replace(entry, change=change)

    def _return(self, entry: AchEntry) -> AchEntry:
        told = self._take("7", layout.ADDENDA_RETURN, "addenda of a return")
        self._hold(_is_code(told["code"], "R"), f"'{told['code']}' is no code of a return")
        self._equal("trace number of the addenda", told["trace"], int(entry.trace))
        died = told["died_on"]
        returned = AchReturn(
            told["code"],
            told["original_trace"],
            told["original_bank"],
            day_of(died, self._where()) if died.strip("0") else None,
            told["information"],
        )
        return replace(entry, returned=returned)

    def _kind(self) -> str:
        return self._records[self._at][0] if self._at < len(self._records) else ""

    def _take(self, kind: str, fields: tuple[layout.Field, ...], what: str) -> dict[str, str]:
        self._at += 1
        if self._at > len(self._records) or self._records[self._at - 1][0] != kind:
            raise NachaRefused(
                f"The file lacks {what} (a record of type {kind}) here",
                where=self._where(),
                do=_AGAIN,
            )
        return unpacked(fields, self._records[self._at - 1], self._where())

    def _where(self) -> str:
        return f"{self._name}, record {self._at}"

    def _hold(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise NachaRefused(otherwise, where=self._where(), do=_AGAIN)

    def _equal(
        self, what: str, told: str, found: int, shown: Callable[[int], object] = int
    ) -> None:
        self._hold(
            int(told) == found,
            f"The control record says {what} {shown(int(told))}, and {shown(found)} are there",
        )


def _is_code(text: str, letter: str) -> bool:
    return len(text) == 3 and text[0] == letter and text[1:].isdigit()
