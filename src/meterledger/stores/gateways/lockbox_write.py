"""Writing lockbox files in the BAI format of 80 columns, for benches and tests.

Lives here      records by their columns, with all totals.
Lives elsewhere reading them (``lockbox``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

PAYER = "0810000321234567890"


def lockbox_text(
    items: Sequence[tuple[str, int]],
    day: date,
    *,
    batch_size: int = 999,
    box_batches: int = 10,
    overflow: bool = False,
    first_box: int = 77,
) -> str:
    """A file of (account, cents), each a check; ``overflow`` names accounts in a record 4.

    A batch holds at most 999 items, a box at most 9,999: more of them begin where those are full.
    """
    records = [
        f"101{'METERLEDGR':<10}{'BANK':<10}{day:%y%m%d}0600",
        f"2{'METERLEDGR':<10}{'BANK':<10}{'0000000000'}4000800080 1",
    ]
    batches = [items[at : at + batch_size] for at in range(0, len(items), batch_size)]
    for box in range(0, len(batches), box_batches):
        number = f"{first_box + box // box_batches:07d}"
        of_box = batches[box : box + box_batches]
        for place, batch in enumerate(of_box, start=1):
            records.append(f"5{place:03d}000{number}{day:%y%m%d}{'METERLEDGR':<10}{'BANK':<10}")
            for item, (account, cents) in enumerate(batch, start=1):
                head = f"6{place:03d}{item:03d}{cents:010d}{PAYER}{1000 + item:010d}"
                records.append(head if overflow else f"{head}{account:<20}")
                if overflow:
                    records.append(f"4{place:03d}{item:03d}6019{account:<15}{cents:010d}")
            total = sum(cents for _, cents in batch)
            records.append(f"7{place:03d}000{number}{day:%y%m%d}{len(batch):03d}{total:010d}")
        count = sum(map(len, of_box))
        total = sum(cents for batch in of_box for _, cents in batch)
        records.append(f"8000000{number}{day:%y%m%d}{count:04d}{total:010d}")
    records.append(f"9{len(records) + 1:06d}")
    return "".join(f"{record:<80}\n" for record in records)
