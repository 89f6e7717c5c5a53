"""The interval lake: whole local meter-days in Parquet files, on two clocks, under pseudonyms.

Lives here      the promises of ``usecases.ports.Lake``, and the lake's own doors for generated
                populations, for other engines and for checking.
Lives elsewhere each step: ``incoming`` and ``merge`` (writing), ``blocks`` (reading), ``files`` and
                ``opening`` (bytes), ``delta`` (the log), ``checking``; publication (PostgreSQL).
Read first      README.md beside this file.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from meterledger.facts.lake_log import Tombstone
from meterledger.facts.readings import ChannelReadings, Flow, Quality
from meterledger.facts.usage import MISSING_VALUE, KnownInterval, UsageBatch
from meterledger.kernel.ensure import ensure
from meterledger.kernel.ids import BUCKET_COUNT, bucket_of
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import blocks, one_by_one
from meterledger.stores.lake.files import Partition, RunValues, WriteTerms, write_files
from meterledger.stores.lake.grid import month_of, offsets, split_by_month, tiles_day
from meterledger.stores.lake.incoming import Delivery, Origin, meter_days, naming_meters, two_flows
from meterledger.stores.lake.index import BILLABLE, Form
from meterledger.stores.lake.merge import DayKey, MeterDay, Unheard, merge, unheard
from meterledger.stores.lake.names import ensure_pseudonym, ensure_pseudonyms
from meterledger.stores.lake.opening import Opener
from meterledger.stores.lake.owners import Roll
from meterledger.stores.lake.reader import DayReader, Listing, find_versions, in_file_order
from meterledger.stores.lake.received import ReadsBeside
from meterledger.stores.lake.refusals import DayKnownAlready, NotTiling
from meterledger.stores.lake.runs import make_runs
from meterledger.stores.lake.scan import Scan, plan_scan
from meterledger.stores.lake.units import lake_unit

SOURCE_DIGITS = 16
REMEMBERED_LISTINGS = 8


def _none_at(sequence: int) -> AbstractSet[str]:
    return frozenset()


def _none_erased() -> Mapping[str, Tombstone]:
    return {}


class IntervalLake(ReadsBeside):
    """Interval values of meters, versions added and never overwritten."""

    def __init__(
        self,
        folder: Path,
        *,
        zone: str,
        files_at: Callable[[int], list[str]],
        superseded_at: Callable[[int], AbstractSet[str]] = _none_at,
        erased: Callable[[], Mapping[str, Tombstone]] = _none_erased,
        newest: Callable[[], int] | None = None,
        bucket_count: int = BUCKET_COUNT,
        threads: int = 2,
    ) -> None:
        """``files_at`` gives the names published up to a commit sequence, in their order.

        ``superseded_at`` those of them for which a compaction speaks; ``erased`` the tombstones of
        files whose bytes were deleted. With ``newest``, the newest commit sequence, what they say
        of it and of older ones is remembered: it never changes. ``bucket_count`` is for files
        written from now on; those written before keep theirs.
        """
        self.folder = folder
        self.zone = zone
        self._files_at = files_at
        self._superseded_at = superseded_at
        self._erased = erased
        self._newest = newest
        self._listings: OrderedDict[int, Listing] = OrderedDict()
        self.bucket_count = bucket_count
        self.threads = threads
        self.opener = Opener(folder, zone, erased)
        self._roll = Roll()

    def listing(self, at_sequence: int) -> Listing:
        """What was published up to the sequence, and which of it speaks."""
        known = self._listings.get(at_sequence)
        if known is not None:
            return known
        listing = Listing(self._files_at(at_sequence), self._superseded_at(at_sequence))
        if self._newest is not None and at_sequence <= self._newest():
            self._listings[at_sequence] = listing
            while len(self._listings) > REMEMBERED_LISTINGS:
                self._listings.popitem(last=False)
        return listing

    # ------------------------------------------------------------------------------- writing

    def write(
        self,
        channels: Sequence[tuple[str, ChannelReadings]],
        *,
        source_sha256: str,
        learned_at: datetime,
        at_sequence: int,
    ) -> list[str]:
        """Write new versions of the local meter-days that the readings touch.

        They are merged with what was known at ``at_sequence``; what says nothing new is not
        written. Nothing is visible until the names returned are published. All or nothing.
        Same refusals as ``write_many``.
        """
        return self.write_many(
            [Delivery(channels, source_sha256, learned_at)], at_sequence=at_sequence
        )

    def write_many(self, deliveries: Sequence[Delivery], *, at_sequence: int) -> list[str]:
        """Write what several files say, in their order, as one version of each meter-day.

        For arrivals of one run: a day that comes in many small files is written once, and every
        value keeps its own file and instant. Publish the names with the first of the files, then
        the others with none; after a stop in between, what is written again says nothing new.
        All or nothing: if one file is refused, write them one by one.

        :raises NotTiling: naming meter, start and length of a reading that has no place in a whole
            local day
        :raises ValueTooLarge: naming meter and start of a value beyond 31 bits
        :raises TwoDeliveredChannels: if two series claim to be one meter's delivered energy
        :raises IntervalLengthChanged: if a meter-day is known in another interval length
        :raises FileMissing: if a published file that is to be merged is not there
        :raises FileDamaged: if it is not what was published
        :raises LakeNotWritable: if the disk refuses
        """
        origins = [
            Origin(_source(one.source_sha256), _epoch_us(one.learned_at)) for one in deliveries
        ]
        known = self.listing(at_sequence)
        changed: dict[tuple[str, int], dict[DayKey, MeterDay]] = {}
        fresh: dict[DayKey, list[MeterDay]] = defaultdict(list)
        with naming_meters([pair for one in deliveries for pair in one.channels]):
            for one, origin in zip(deliveries, origins, strict=True):
                told = meter_days(one.channels, zone=self.zone, origin=origin)
                for key, day in told.items():
                    fresh[key].append(day)
            for partition, keys in self._by_partition(fresh).items():
                days = self._merged(keys, fresh, known)
                if days:
                    changed[partition] = days
        partitions = []
        sources = tuple(dict.fromkeys(origin.source for origin in origins))
        for (month, bucket), days in sorted(changed.items()):
            runs, sources = make_runs(days, sources)
            partitions.append(Partition(month, bucket, _span(days), partial(_ready, runs)))
        return self._write(partitions, sources, origins, len(known.names))

    def unheard(
        self, channels: Sequence[tuple[str, ChannelReadings]], *, at_sequence: int
    ) -> list[Unheard]:
        """The received values that an edit keeps from speaking, where they differ from it.

        Asked with the channels of a ``write``, at its sequence; for the people who decide
        (docs/decisions/0013). Same refusals as ``write``.
        """
        with naming_meters(channels):
            fresh = meter_days(channels, zone=self.zone, origin=Origin(b"", 0))
            if not fresh:
                return []
            meters = {key.meter for key in fresh}
            files = self.listing(at_sequence).choose(meters, _span(fresh))
            places = find_versions(self.opener, files, fresh)
            reader = DayReader(self.opener, self.zone)
            known = {key: reader.resolve(key, places[key]) for key in in_file_order(places)}
            return unheard(known, fresh, self.zone)

    def _by_partition(self, fresh: Iterable[DayKey]) -> dict[tuple[str, int], list[DayKey]]:
        partitions: dict[tuple[str, int], list[DayKey]] = defaultdict(list)
        for key in fresh:
            partitions[month_of(key.day), bucket_of(key.meter, self.bucket_count)].append(key)
        return partitions

    def _merged(
        self, keys: Sequence[DayKey], fresh: Mapping[DayKey, list[MeterDay]], listing: Listing
    ) -> dict[DayKey, MeterDay]:
        """The new versions of one partition: what differs from what is known."""
        files = listing.choose({key.meter for key in keys}, _span(keys))
        twins = {key: _twin(key) for key in keys if key.channel in BILLABLE}
        known = find_versions(self.opener, files, {*keys, *twins.values()})
        for key, twin in twins.items():
            if twin in known or twin in fresh:
                raise two_flows(key, twin)
        reader = DayReader(self.opener, self.zone)
        new = [key for key in keys if key not in known]
        merged: dict[DayKey, MeterDay] = {}
        for key in [*new, *in_file_order({key: known[key] for key in keys if key in known})]:
            places = known.get(key)
            before = reader.resolve(key, places) if places else None
            after = before
            for day in fresh[key]:
                after = merge(key, after, day)
            if after is not None and (before is None or not after.same_as(before)):
                merged[key] = after
        return merged

    def write_block(
        self,
        meters: Sequence[str],
        days: DaySpan,
        values: npt.NDArray[np.int32],
        *,
        source_sha256: str,
        learned_at: datetime,
        at_sequence: int,
        quality: npt.NDArray[np.int8] | None = None,
        method: npt.NDArray[np.int8] | None = None,
        interval_seconds: int = 900,
        unit: str = "Wh",
        scale: int = 0,
        channel: str = BILLABLE[0],
    ) -> list[str]:
        """Write whole meter-days of many meters at once, as generated populations have them.

        ``values`` Int32 [meters x slots of all days], MISSING_VALUE where there is none;
        ``quality`` Int8 of the same shape, VALID where not given; ``method`` likewise, AS_RECEIVED
        where not given. Nothing is visible until the names returned are published.

        :raises NotTiling: if the interval length does not tile every day
        :raises DayKnownAlready: if any of the meter-days is known already: use ``write``
        :raises InvariantBroken: if shapes or pseudonyms are not as described
        :raises LakeNotWritable: if the disk refuses
        """
        ensure_pseudonyms(meters)
        ensure(len(set(meters)) == len(meters), "each meter of a block stands in one row")
        for day in days.days():
            if not tiles_day(day, self.zone, interval_seconds):
                raise NotTiling(
                    f"Intervals of {interval_seconds} seconds do not fill {day} without remainder",
                    do="Use a length that tiles every day, like 900",
                )
        width = offsets(days, self.zone, interval_seconds)[-1]
        ensure(values.dtype == np.int32, "values of a block are Int32")
        ensure(values.shape == (len(meters), width), f"{days} holds {width} slots of each meter")
        if quality is not None:
            ensure(quality.shape == values.shape, "quality has a code for each value")
            ensure(
                np.array_equal(quality == Quality.MISSING.value, values == MISSING_VALUE),
                "a value is missing exactly when its quality says so",
            )
        if method is not None:
            ensure(
                method.shape == values.shape and not method[values == MISSING_VALUE].any(),
                "method has a code for each value, and 0 where there is none",
            )
        known = self.listing(at_sequence)
        self._refuse_known(meters, days, known, channel)
        form = Form(channel, interval_seconds, lake_unit(unit), scale)
        learned_us = _epoch_us(learned_at)
        partitions = self._cut_block(meters, days, values, quality, method, form, learned_us)
        origin = Origin(_source(source_sha256), learned_us)
        return self._write(partitions, (origin.source,), [origin], len(known.names))

    def _refuse_known(
        self, meters: Sequence[str], days: DaySpan, listing: Listing, channel: str
    ) -> None:
        rivals = BILLABLE if channel in BILLABLE else (channel,)
        wanted = set(meters)
        for published in listing.choose(meters, days):
            for run in self.opener.index(published.file).runs:
                if run.form.channel not in rivals or run.days.overlap(days) is None:
                    continue
                known = wanted.intersection(run.meters)
                if known:
                    raise DayKnownAlready(
                        f"Meter {min(known)} has {run.form.channel} from {run.days} already",
                        why="A block replaces whole days and merges with nothing",
                        do="Write these readings through write(), or choose other days",
                    )

    def _cut_block(
        self,
        meters: Sequence[str],
        days: DaySpan,
        values: npt.NDArray[np.int32],
        quality: npt.NDArray[np.int8] | None,
        method: npt.NDArray[np.int8] | None,
        form: Form,
        learned_us: int,
    ) -> list[Partition]:
        rows_of: dict[int, list[int]] = defaultdict(list)
        for row in sorted(range(len(meters)), key=meters.__getitem__):
            rows_of[bucket_of(meters[row], self.bucket_count)].append(row)

        def runs(month: DaySpan, rows: list[int]) -> tuple[RunValues, ...]:
            """One file's part of the block, cut out when it is written and not before."""
            first = offsets(days, self.zone, form.interval_seconds)[
                (month.from_day - days.from_day).days
            ]
            width = offsets(month, self.zone, form.interval_seconds)[-1]
            part = values[rows, first : first + width]
            if quality is None:
                codes = (part != MISSING_VALUE).astype(np.int8) * np.int8(Quality.VALID.value)
            else:
                codes = quality[rows, first : first + width]
            named = tuple(meters[row] for row in rows)
            made = 0 if method is None else method[rows, first : first + width]
            return (RunValues(form, month, named, part, codes, made, learned_us, 0),)

        return [
            Partition(month_of(month.from_day), bucket, month, partial(runs, month, rows))
            for month in split_by_month(days)
            for bucket, rows in sorted(rows_of.items())
        ]

    def _write(
        self,
        partitions: Sequence[Partition],
        sources: tuple[bytes, ...],
        origins: Sequence[Origin],
        after: int,
    ) -> list[str]:
        if not partitions:
            return []
        terms = WriteTerms(
            zone=self.zone,
            bucket_count=self.bucket_count,
            after=after,
            sources=tuple(source.decode() for source in sources),
            learned_us=max(origin.learned_us for origin in origins),
            own=tuple((origin.source.decode(), origin.learned_us) for origin in origins),
        )
        return write_files(self.folder, partitions, terms, threads=self.threads)

    # ------------------------------------------------------------------------------- reading

    def usage(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> list[UsageBatch]:
        """Delivered energy of the meters over the days, as known at the sequence, in watt-hours.

        One batch per interval length, meters in the order given; a meter of which nothing is known
        stands in the batch of 900 seconds with every interval missing. Channels of received, net or
        total energy and other commodities are never returned. Day-long intervals come as 86 400
        seconds. Energy measured finer than watt-hours is cut to whole ones as a running sum
        over the window, so that no part of the window is off by a watt-hour.

        :raises MetersRefused: with the refusal of each meter whose usage cannot be given (two
            delivered channels, two interval lengths, intervals that do not tile a day)
        :raises FileMissing: if a published file is not there
        :raises FileDamaged: if a published file is not what was published
        """
        ensure(len(set(meters)) == len(meters), "usage is asked once for each meter")
        for meter in meters:
            ensure_pseudonym(meter)
        if not meters:
            return []
        files = self.listing(at_sequence).choose(meters, days)
        window = blocks.survey(self.opener, files, meters, days, self.zone)
        return blocks.batches(window, self.opener, at_sequence=at_sequence, threads=self.threads)

    def published(self, at_sequence: int) -> list[str]:
        """The names of the files that speak at the sequence, in order of publication."""
        return [one.file.name for one in self.listing(at_sequence).files]

    def flows(self, meters: Sequence[str], days: DaySpan, *, at_sequence: int) -> dict[str, Flow]:
        """In which direction each meter's delivered energy is kept on the days, newest file last.

        Who writes further values of a meter writes them on that channel. Meters of which nothing
        is known are left out.
        """
        wanted = set(meters)
        found: dict[str, Flow] = {}
        for published in self.listing(at_sequence).choose(meters, days):
            for run in self.opener.index(published.file).runs:
                if run.form.channel in BILLABLE and run.days.overlap(days) is not None:
                    flow = Flow(run.form.channel.split("/")[1])
                    found |= dict.fromkeys(wanted.intersection(run.meters), flow)
        return found

    def known_intervals(
        self, meter: str, days: DaySpan, *, at_sequence: int
    ) -> list[KnownInterval]:
        """Every interval of one meter's delivered energy that has a value, exact, in time order.

        Days may be of different interval lengths, and incomplete: for windows that ``usage``
        cannot give as one matrix.

        :raises MetersRefused: if some day of the meter cannot be given (two delivered channels, two
            writers at once with different lengths)
        :raises FileMissing: if a published file is not there
        :raises FileDamaged: if a published file is not what was published
        """
        ensure_pseudonym(meter)
        files = self.listing(at_sequence).choose([meter], days)
        return one_by_one.known_intervals(self.opener, files, meter, days, self.zone)

    def scan(self, days: DaySpan, *, at_sequence: int, meters: Sequence[str] | None = None) -> Scan:
        """Delivered energy of all meters (or of some) as it lies in the files, for sums over many.

        Only indexes are opened here; ``Scan.read`` decodes. What it leaves out, ``usage`` gives.
        Same refusals as ``usage`` of damaged and missing files.
        """
        for meter in meters or ():
            ensure_pseudonym(meter)
        files = self.listing(at_sequence).files
        return plan_scan(
            self.opener, self._roll, files, days, meters, zone=self.zone, threads=self.threads
        )

    # -------------------------------------------------------------- other engines, and checking

    def sync_delta(self, at_sequence: int) -> int:
        """Bring the Delta log up to what is published; the number of files added or removed.

        Called after publication. Safe to call again, by two at once, and after any crash: until
        then other engines see an older state, and bills do not depend on it.

        :raises FileMissing: if a published file is not there
        :raises FileDamaged: if it is not what was published
        :raises LakeNotWritable: if the disk refuses
        """
        from meterledger.stores.lake.delta import sync  # deltalake takes long to import

        erased = self._erased()
        files = [one for one in self.listing(at_sequence).files if one.file.name not in erased]
        return sync(self.folder, self.opener, self.zone, files)

    def verify(self, at_sequence: int) -> tuple[int, list[str]]:
        """Check every published file: there, unchanged, whole meter-days, index true to the rows;
        and that nothing is left of those that were deleted on schedule.

        Returns how many files were checked, and a sentence for each that is broken.
        """
        from meterledger.stores.lake.checking import check_files

        erased = self._erased()
        names = [name for name in self._files_at(at_sequence) if name not in erased]
        self.opener.forget()
        left = [
            f"Lake file {name} was deleted on {stone.on_day}, and its bytes are still there. "
            "Run `meterledger lake sweep`, which finishes what was stopped"
            for name, stone in sorted(erased.items())
            if (self.folder / name).exists()
        ]
        return len(names), [*check_files(self.opener, self.zone, names), *left]


def _span(keys: Iterable[DayKey]) -> DaySpan:
    days = {key.day for key in keys}
    return DaySpan(min(days), max(days) + timedelta(days=1))


def _ready(runs: tuple[RunValues, ...]) -> tuple[RunValues, ...]:
    return runs


def _twin(key: DayKey) -> DayKey:
    """The same meter-day on the other channel that would be billed as delivered."""
    (other,) = (channel for channel in BILLABLE if channel != key.channel)
    return DayKey(other, key.meter, key.day)


def _source(source_sha256: str) -> bytes:
    ensure(
        len(source_sha256) >= SOURCE_DIGITS and source_sha256.isascii(),
        "a source is named by its SHA-256",
    )
    return source_sha256[:SOURCE_DIGITS].encode()


def _epoch_us(instant: datetime) -> int:
    ensure(instant.tzinfo is not None, "an instant says its time zone")
    return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
