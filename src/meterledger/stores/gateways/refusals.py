"""Why a file of readings is refused, each reason with the words a person can act on.

Lives here      one class per situation, and the limits whose crossing is one.
Lives elsewhere noticing the situation (the readers beside this file).
"""

from __future__ import annotations

from fractions import Fraction

from meterledger.kernel.refusal import Refusal

MAX_FILE_BYTES = 256 * 1024 * 1024
"""The largest file, as it lies on disk and unpacked alike."""

MAX_READINGS = 2_000_000
"""The most readings one file may hold: about twenty thousand meter-days of quarter-hours."""

UNUSABLE_SHARE_MAX = Fraction(1, 5)
"""A file of which a greater share than this cannot be used is refused as a whole."""

MAX_UNUSABLE = 400_000
"""The most lines or readings that one file may have set aside: a fifth of the most it may hold."""

FUTURE_ALLOWANCE_SECONDS = 86_400
"""A reading may end this long after the file was received: clocks differ, days do not."""


class FileRefused(Refusal):
    """The file cannot be taken; nothing of it was kept."""


class FileUnreadable(FileRefused):
    """The file is not there, may not be read, is too large, or does not unpack."""


class FormatUnknown(FileRefused):
    """The content is none of the formats that can be read."""


class EnvelopeBroken(FileRefused):
    """The file is of a known format, but damaged: cut off, mis-encoded, not well-formed."""


class NothingToLoad(FileRefused):
    """The file is sound and holds no readings."""


class LinksUnresolved(FileRefused):
    """It cannot be told which meter, or which kind of reading, a block of values belongs to."""


class ReadingsContradict(FileRefused):
    """Two readings of one channel say different things of the same time."""


class MeterNotNamed(FileRefused):
    """Nobody says whose readings these are, or several meters are there and one was named."""


class UnitNotNamed(FileRefused):
    """Nobody says in which unit the values are."""


class ZoneNotNamed(FileRefused):
    """The times are local and nobody says where."""


class LengthNotNamed(FileRefused):
    """Nobody says how long the intervals are."""


class TooMuchUnusable(FileRefused):
    """More of the file is unusable than may be set aside."""


class TooManyReadings(FileRefused):
    """The file holds more readings than one file may."""

    @classmethod
    def of(cls, name: str) -> TooManyReadings:
        """The one sentence there is."""
        return cls(
            f"The file holds more than {MAX_READINGS:,} readings",
            where=name,
            do="Split it into smaller files and ingest them one after another",
        )
