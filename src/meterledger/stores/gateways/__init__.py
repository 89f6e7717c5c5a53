"""Files from outside as readings: Green Button XML, CMEP 1.20 and its dialects, plain CSV,
plain Parquet.

Others may call ``read_file`` and ``read_bytes``, and catch ``FileRefused`` and its kinds.
"""

from meterledger.stores.gateways.detecting import read_blocks, read_bytes, read_file
from meterledger.stores.gateways.opening import raw_bytes
from meterledger.stores.gateways.refusals import (
    FUTURE_ALLOWANCE_SECONDS,
    MAX_FILE_BYTES,
    MAX_READINGS,
    UNUSABLE_SHARE_MAX,
    EnvelopeBroken,
    FileRefused,
    FileUnreadable,
    FormatUnknown,
    LengthNotNamed,
    LinksUnresolved,
    MeterNotNamed,
    NothingToLoad,
    ReadingsContradict,
    TooManyReadings,
    TooMuchUnusable,
    UnitNotNamed,
    ZoneNotNamed,
)

__all__ = [
    "FUTURE_ALLOWANCE_SECONDS",
    "MAX_FILE_BYTES",
    "MAX_READINGS",
    "UNUSABLE_SHARE_MAX",
    "EnvelopeBroken",
    "FileRefused",
    "FileUnreadable",
    "FormatUnknown",
    "LengthNotNamed",
    "LinksUnresolved",
    "MeterNotNamed",
    "NothingToLoad",
    "ReadingsContradict",
    "TooManyReadings",
    "TooMuchUnusable",
    "UnitNotNamed",
    "ZoneNotNamed",
    "raw_bytes",
    "read_blocks",
    "read_bytes",
    "read_file",
]
