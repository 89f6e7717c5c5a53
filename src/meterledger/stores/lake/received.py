"""What the lake tells beside the energy that is billed: of one day, received and reactive energy.

Lives here      the part of the lake that asks ``day_told`` and ``blocks`` for it.
Lives elsewhere the lake itself (``lake``); decoding (``day_told``, ``blocks``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from meterledger.facts.day_told import ChannelDay, DayTold
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.span import DaySpan
from meterledger.stores.lake import blocks, day_told
from meterledger.stores.lake.grid import one_day
from meterledger.stores.lake.index import REACTIVE
from meterledger.stores.lake.names import ensure_pseudonym
from meterledger.stores.lake.opening import Opener
from meterledger.stores.lake.reader import Listing


class ReadsBeside:
    """The part of the lake that tells of days, and of channels that are never billed alone."""

    opener: Opener
    zone: str
    threads: int

    def listing(self, at_sequence: int) -> Listing:
        """What was published up to the sequence, and which of it speaks."""
        raise NotImplementedError  # the lake that this is a part of

    def received(
        self, meters: Sequence[str], days: DaySpan, *, at_sequence: int
    ) -> list[UsageBatch]:
        """Energy that the meters received from customers, in the form of ``usage``.

        :raises MetersRefused: with the refusal of each meter whose energy cannot be given
        """
        for meter in meters:
            ensure_pseudonym(meter)
        files = self.listing(at_sequence).choose(meters, days)
        channels = (day_told.RECEIVED,)
        window = blocks.survey(self.opener, files, meters, days, self.zone, channels)
        return blocks.batches(window, self.opener, at_sequence=at_sequence, threads=self.threads)

    def reactive(
        self, meters: Sequence[str], days: DaySpan, *, at_sequence: int
    ) -> list[UsageBatch]:
        """Reactive energy of the meters in var-hours, in the form of ``usage``.

        :raises MetersRefused: with the refusal of each meter whose values cannot be given
        """
        for meter in meters:
            ensure_pseudonym(meter)
        files = self.listing(at_sequence).choose(meters, days)
        window = blocks.survey(self.opener, files, meters, days, self.zone, REACTIVE)
        return blocks.batches(window, self.opener, at_sequence=at_sequence, threads=self.threads)

    def day_told(self, meters: Sequence[str], day: date, *, at_sequence: int) -> DayTold:
        """When the day's delivered values came, from which files, and what was received.

        Same refusals as ``usage`` of damaged and missing files.
        """
        files = self.listing(at_sequence).choose(meters, one_day(day))
        return day_told.day_told(self.opener, files, meters, day, self.zone)

    def received_wh(self, meters: Sequence[str], day: date, *, at_sequence: int) -> dict[str, int]:
        """Whole watt-hours of the meters' received channels on the day, where there are any."""
        files = self.listing(at_sequence).choose(meters, one_day(day))
        return day_told.received_wh(self.opener, files, meters, day, self.zone)

    def delivered_channels(
        self, meters: Sequence[str], day: date, *, at_sequence: int
    ) -> dict[str, list[ChannelDay]]:
        """Every channel that claims to be delivered energy of the meters on the day."""
        files = self.listing(at_sequence).choose(meters, one_day(day))
        return day_told.delivered_channels(self.opener, files, meters, day, self.zone)
