"""Names of lake files: what a file holds is read from its name, without opening it.

``month=2025-07/bucket=7/b7of64-d01-31-n12-<32 hexadecimal digits>.parquet``: the local days 1 to 31
of July 2025, of the meters in bucket 7 of 64, merged with what the first 12 published files say;
then the beginning of the SHA-256 of the file's bytes.

Lives here      writing and reading such names, and deciding whether a file can matter.
Lives elsewhere the bytes (``files``), which meter-days are inside (``index``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import bucket_of
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake.refusals import FileDamaged

SHA_DIGITS = 32

_FORM = re.compile(
    r"month=(?P<year>\d{4})-(?P<month>\d{2})/bucket=(?P<bucket>\d{1,6})/"
    r"b(?P=bucket)of(?P<of>\d{1,6})-d(?P<first>\d{2})-(?P<last>\d{2})"
    r"-n(?P<after>\d{1,12})-(?P<sha>[0-9a-f]{32})\.parquet"
)
_PSEUDONYM = re.compile(r"[0-9a-f]{16}")
_HEXADECIMAL = re.compile(r"[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A lake file as its name tells it. ``after`` files were published when it was merged."""

    name: str
    days: DaySpan
    bucket: int
    bucket_count: int
    after: int
    sha_start: str

    @property
    def month(self) -> str:
        """The calendar month, ``2025-07``."""
        return self.name[6:13]

    @property
    def partition(self) -> tuple[str, int, int]:
        """Month, bucket and bucket count: only files that share them can hold the same day."""
        return (self.month, self.bucket, self.bucket_count)


def file_name(
    *, month: str, bucket: int, bucket_count: int, days: DaySpan, after: int, sha256: str
) -> str:
    """The name of a file of one month and bucket."""
    return (
        f"month={month}/bucket={bucket}/b{bucket}of{bucket_count}"
        f"-d{days.from_day.day:02d}-{days.last_day.day:02d}-n{after}-{sha256[:SHA_DIGITS]}.parquet"
    )


@lru_cache(maxsize=262_144)
def read_name(name: str) -> LakeFile:
    """Read a published name.

    :raises FileDamaged: if it is not a name that the lake gives
    """
    form = _FORM.fullmatch(name)
    try:
        if form is None:
            raise ValueError(name)
        year, month = int(form["year"]), int(form["month"])
        first = date(year, month, int(form["first"]))
        last = date(year, month, int(form["last"]))
        if last < first:
            raise ValueError(name)
    except ValueError:
        raise FileDamaged(
            f"'{name[:120]}' is published as a lake file, and is not the name of one",
            why="Names say what a file holds; a file under another name cannot be trusted",
            do="Find who published it; restore the database from a backup if nobody knows",
        ) from None
    return LakeFile(
        name=name,
        days=DaySpan(first, last + timedelta(days=1)),
        bucket=int(form["bucket"]),
        bucket_count=int(form["of"]),
        after=int(form["after"]),
        sha_start=form["sha"],
    )


def newest_day(names: Iterable[str]) -> date | None:
    """The newest local day that files of these names hold; None where there is no name."""
    return max((read_name(name).days.last_day for name in names), default=None)


def ensure_pseudonym(meter: str) -> None:
    """Stop before a meter's own number, or anything else that names somebody, enters the lake."""
    ensure(
        _PSEUDONYM.fullmatch(meter) is not None,
        "the lake knows a meter by its pseudonym of 16 hexadecimal digits only",
    )


def ensure_pseudonyms(meters: Sequence[str]) -> None:
    """The same for very many at once."""
    sound = set(map(len, meters)) <= {16} and _HEXADECIMAL.fullmatch("".join(meters)) is not None
    ensure(sound, "the lake knows a meter by its pseudonym of 16 hexadecimal digits only")


class Chooser:
    """Tells which files can hold meter-days of some meters on some days."""

    def __init__(self, meters: Iterable[str], days: DaySpan) -> None:
        self._meters = tuple(meters)
        self._days = days
        self._buckets: dict[int, frozenset[int]] = {}

    def wants(self, file: LakeFile) -> bool:
        """Whether the file's name leaves it possible."""
        buckets = self._buckets.get(file.bucket_count)
        if buckets is None:
            buckets = frozenset(bucket_of(meter, file.bucket_count) for meter in self._meters)
            self._buckets[file.bucket_count] = buckets
        return (
            file.bucket in buckets
            and file.days.from_day < self._days.until_day
            and self._days.from_day < file.days.until_day
        )
