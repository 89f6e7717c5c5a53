"""What the five options of Residential 1(M) cost from 2025-06-01, written down a second time.

Read from the published figures and not from the book's files, so that a slip in either shows.
"""

from __future__ import annotations

from datetime import date
from types import ModuleType

JUNE_2025 = date(2025, 6, 1)


def options(second: ModuleType) -> dict[str, object]:
    """The options by code, without riders and without holidays (the book's own are added)."""

    def charge(kind: str, micro: int, *where: str | None) -> object:
        season, period, block = (*where, None, None, None)[:3]
        return second.Charge(kind, ((JUNE_2025, None, micro),), season, period, block)

    month = (charge("monthly", 9_000_000), charge("monthly", 190_000))
    limit = ((JUNE_2025, None, 750),)
    evening = ((0, 540, "off_peak"), (540, 1260, "on_peak"), (1260, 1440, "off_peak"))
    overnight = ((0, 360, "off_peak"), (360, 1320, "on_peak"), (1320, 1440, "off_peak"))
    smart_rest = ((0, 360, "off_peak"), (360, 1320, "mid_peak"), (1320, 1440, "off_peak"))
    smart_summer = (
        (0, 360, "off_peak"),
        (360, 900, "mid_peak"),
        (900, 1140, "on_peak"),
        (1140, 1320, "mid_peak"),
        (1320, 1440, "off_peak"),
    )
    smart_winter = (
        (0, 360, "off_peak"),
        (360, 480, "on_peak"),
        (480, 1080, "mid_peak"),
        (1080, 1200, "on_peak"),
        (1200, 1320, "mid_peak"),
        (1320, 1440, "off_peak"),
    )
    ultimate_summer = ((0, 900, "off_peak"), (900, 1140, "on_peak"), (1140, 1440, "off_peak"))
    ultimate_winter = (
        (0, 360, "off_peak"),
        (360, 480, "on_peak"),
        (480, 1080, "off_peak"),
        (1080, 1200, "on_peak"),
        (1200, 1440, "off_peak"),
    )
    all_off = ((0, 1440, "off_peak"),)

    def both(hours: object) -> dict[str, object]:
        return {"summer": hours, "winter": hours}

    return {
        "1M-anytime": second.Tariff(
            charges=(
                *month,
                charge("energy", 156_000, "summer"),
                charge("energy", 106_200, "winter", None, "first"),
                charge("energy", 71_400, "winter", None, "over"),
            ),
            block_kwh=limit,
        ),
        "1M-evening-morning": second.Tariff(
            charges=(
                *month,
                charge("energy", 158_100, "summer", "on_peak"),
                charge("energy", 152_400, "summer", "off_peak"),
                charge("energy", 107_300, "winter", "on_peak", "first"),
                charge("energy", 104_500, "winter", "off_peak", "first"),
                charge("energy", 72_700, "winter", "on_peak", "over"),
                charge("energy", 70_500, "winter", "off_peak", "over"),
            ),
            periods=("on_peak", "off_peak"),
            working=both(evening),
            resting=both(evening),
            block_kwh=limit,
        ),
        "1M-overnight": second.Tariff(
            charges=(
                *month,
                charge("energy", 184_000, "summer", "on_peak"),
                charge("energy", 73_000, "summer", "off_peak"),
                charge("energy", 103_000, "winter", "on_peak"),
                charge("energy", 63_000, "winter", "off_peak"),
            ),
            periods=("on_peak", "off_peak"),
            working=both(overnight),
            resting=both(overnight),
        ),
        "1M-smart": second.Tariff(
            charges=(
                *month,
                charge("energy", 405_000, "summer", "on_peak"),
                charge("energy", 122_000, "summer", "mid_peak"),
                charge("energy", 77_000, "summer", "off_peak"),
                charge("energy", 217_000, "winter", "on_peak"),
                charge("energy", 77_000, "winter", "mid_peak"),
                charge("energy", 64_000, "winter", "off_peak"),
            ),
            periods=("on_peak", "mid_peak", "off_peak"),
            working={"summer": smart_summer, "winter": smart_winter},
            resting=both(smart_rest),
        ),
        "1M-ultimate": second.Tariff(
            charges=(
                *month,
                charge("demand", 9_280_000, "summer"),
                charge("demand", 3_830_000, "winter"),
                charge("energy", 341_000, "summer", "on_peak"),
                charge("energy", 58_000, "summer", "off_peak"),
                charge("energy", 186_000, "winter", "on_peak"),
                charge("energy", 51_000, "winter", "off_peak"),
            ),
            periods=("on_peak", "off_peak"),
            working={"summer": ultimate_summer, "winter": ultimate_winter},
            resting=both(all_off),
        ),
    }
