"""Writing a NACHA file: the same file has the same bytes, and reads back as what was written.

Lives here      records in their order with control totals, filled to blocks of ten.
Lives elsewhere positions (``nacha_records``), reading (``nacha``), which entries go out
                (``usecases/ach_out``).
"""

from __future__ import annotations

from meterledger.facts.ach import AchBatch, AchEntry, AchFile, AchStandard
from meterledger.stores.gateways import nacha_records as layout
from meterledger.stores.gateways.nacha import HASH_DIGITS, read_nacha
from meterledger.stores.gateways.nacha_records import BLOCKING, FILLER, day_text, packed


def write_nacha(file: AchFile) -> bytes:
    """The file's bytes, lines ended by a line feed. What was written is read back before.

    :raises NachaRefused: if a value does not fit, or the file would not be read by a bank
    """
    records = [_file_header(file)]
    for batch in file.batches:
        records.append(_batch_header(batch))
        for entry in batch.entries:
            records.append(_entry(batch, entry))
            records += _addenda(entry)
        records.append(_batch_control(batch))
    blocks = -(-(len(records) + 1) // BLOCKING)
    records.append(_file_control(file, blocks))
    records += [FILLER] * (blocks * BLOCKING - len(records))
    content = "".join(f"{one}\n" for one in records).encode("ascii")
    read_nacha(content, "the file that is written")
    return content


def _file_header(file: AchFile) -> str:
    # Nine digits stand to the right of a blank, as banks are named in a file header.
    destination, origin = (
        f" {one}" if len(one) == 9 else one for one in (file.destination, file.origin)
    )
    head = packed(
        "1",
        layout.FILE_HEADER,
        priority="01",
        destination=destination.strip(),
        origin=origin.strip(),
        created_day=day_text(file.created_day),
        created_time=file.created_time,
        modifier=file.modifier,
        record_size="094",
        blocking="10",
        format=1,
        destination_name=file.destination_name,
        origin_name=file.origin_name,
        reference=file.reference,
    )
    return head[:3] + destination.ljust(10) + origin.ljust(10) + head[23:]


def _batch_header(batch: AchBatch) -> str:
    return packed(
        "5",
        layout.BATCH_HEADER,
        service_class=batch.service_class,
        company_name=batch.company_name,
        discretionary=batch.discretionary,
        company_id=batch.company_id,
        standard=batch.standard.value,
        description=batch.description,
        descriptive_date=batch.descriptive_date,
        effective_day=day_text(batch.effective_day),
        originator="1",
        origin_bank=batch.origin_bank,
        number=batch.number,
    )


def _entry(batch: AchBatch, entry: AchEntry) -> str:
    values: dict[str, str | int] = {
        "code": entry.code,
        "bank": entry.routing_number[:8],
        "digit": entry.routing_number[8:],
        "account_number": entry.account_number,
        "cents": entry.cents,
        "identification": entry.identification,
        "name": entry.name,
        "discretionary": entry.discretionary,
        "has_addenda": min(1, entry.addenda_count),
        "trace": entry.trace,
    }
    if batch.standard is AchStandard.CTX:
        return packed("6", layout.ENTRY_CTX, addenda_count=entry.addenda_count, **values)
    fields = layout.ENTRY_CIE if batch.standard is AchStandard.CIE else layout.ENTRY
    return packed("6", fields, **values)


def _addenda(entry: AchEntry) -> list[str]:
    if entry.returned is not None:
        told = entry.returned
        return [
            packed(
                "7",
                layout.ADDENDA_RETURN,
                kind=99,
                code=told.code,
                original_trace=told.original_trace,
                died_on=day_text(told.died_on),
                original_bank=told.original_routing,
                information=told.information,
                trace=entry.trace,
            )
        ]
    if entry.change is not None:
        change = entry.change
        return [
            packed(
                "7",
                layout.ADDENDA_CHANGE,
                kind=98,
                code=change.code,
                original_trace=change.original_trace,
                original_bank=change.original_routing,
                corrected=change.corrected,
                trace=entry.trace,
            )
        ]
    return [
        packed(
            "7",
            layout.ADDENDA,
            kind="05",
            information=text,
            number=number,
            of_entry=entry.trace[-7:],
        )
        for number, text in enumerate(entry.information, start=1)
    ]


def _batch_control(batch: AchBatch) -> str:
    return packed(
        "8",
        layout.BATCH_CONTROL,
        service_class=batch.service_class,
        entry_count=batch.entry_count,
        hash=batch.routing_sum % HASH_DIGITS,
        debit_cents=batch.debit_cents,
        credit_cents=batch.credit_cents,
        company_id=batch.company_id,
        origin_bank=batch.origin_bank,
        number=batch.number,
    )


def _file_control(file: AchFile, blocks: int) -> str:
    return packed(
        "9",
        layout.FILE_CONTROL,
        batch_count=len(file.batches),
        block_count=blocks,
        entry_count=sum(one.entry_count for one in file.batches),
        hash=sum(one.routing_sum for one in file.batches) % HASH_DIGITS,
        debit_cents=file.debit_cents,
        credit_cents=file.credit_cents,
    )
