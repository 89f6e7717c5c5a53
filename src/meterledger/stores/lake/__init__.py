"""The interval lake: meter-days in Parquet files, versions added and never overwritten.

Others may call ``IntervalLake`` and ``newest_day`` and catch the refusals listed here.
"""

from meterledger.stores.lake.incoming import Delivery
from meterledger.stores.lake.lake import IntervalLake
from meterledger.stores.lake.merge import Unheard
from meterledger.stores.lake.names import newest_day
from meterledger.stores.lake.refusals import (
    DayKnownAlready,
    FileDamaged,
    FileErased,
    FileMissing,
    IntervalLengthChanged,
    LakeBusy,
    LakeNotWritable,
    MetersRefused,
    NotTiling,
    TwoDeliveredChannels,
    ValueTooLarge,
)
from meterledger.stores.lake.upkeep import LakeUpkeep

__all__ = [
    "DayKnownAlready",
    "Delivery",
    "FileDamaged",
    "FileErased",
    "FileMissing",
    "IntervalLake",
    "IntervalLengthChanged",
    "LakeBusy",
    "LakeNotWritable",
    "LakeUpkeep",
    "MetersRefused",
    "NotTiling",
    "TwoDeliveredChannels",
    "Unheard",
    "ValueTooLarge",
    "newest_day",
]
