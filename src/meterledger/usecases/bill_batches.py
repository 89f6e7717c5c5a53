"""How the due windows of a run are cut into batches: one window and neighboring lake buckets each.

Lives here      the sizes of batches, and where they are cut.
Lives elsewhere calculating and recording a batch (``issue_bills``), who is in which bucket
                (``kernel/ids``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from meterledger.kernel.ids import bucket_of
from meterledger.kernel.span import DaySpan
from meterledger.usecases.calculate_bills import DueBill

BATCH_METERS = 2048
"""Enough bills that a commit costs little for each, few enough that a month of a batch's usage
stays below some hundred MB."""

LARGEST_BATCH = 3072
"""A bucket of more is cut: the bills of a city's bucket, four times as many, cost a fifth more
each, as nothing that is made for them stays in the processor's caches."""


def batches_of(due: Sequence[DueBill]) -> Iterator[list[DueBill]]:
    """Each due bill in one batch, in the order of windows, buckets and meters.

    A batch takes whole buckets until it has 2,048 bills. What is more than 3,072 with the next
    bucket is cut evenly, so that each part reads its own neighboring rows of the bucket's files.
    """

    windows: dict[DaySpan, list[DueBill]] = {}
    for one in due:
        windows.setdefault(one.window.days, []).append(one)
    for days in sorted(windows):
        buckets: dict[int, list[DueBill]] = {}
        for one in windows[days]:
            buckets.setdefault(bucket_of(one.meter), []).append(one)
        batch: list[DueBill] = []
        for bucket in sorted(buckets):
            of_bucket = sorted(buckets[bucket], key=lambda one: one.meter)
            *whole, batch = _evenly([*batch, *of_bucket])
            yield from whole
            if len(batch) >= BATCH_METERS:
                yield batch
                batch = []
        if batch:
            yield batch


def _evenly(many: Sequence[DueBill]) -> list[list[DueBill]]:
    """As few parts of at most the largest size as it takes, all of one size but for one bill."""
    parts = -(-len(many) // LARGEST_BATCH)
    cuts = [len(many) * part // parts for part in range(parts + 1)]
    return [list(many[cuts[part] : cuts[part + 1]]) for part in range(parts)]
