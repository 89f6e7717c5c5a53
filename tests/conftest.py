"""What every test shares. Fixtures of one kind of test stand beside those tests, not here.

Lives here      the profile of Hypothesis, and the same time zone and language on every machine.
Lives elsewhere browser (tests/browser/), servers and stores (tests/stores/, tests/doors/).
Read first      tests/tidy/, which holds the house rules.
"""

from __future__ import annotations

import os
import time

from hypothesis import HealthCheck, settings

os.environ["TZ"] = "Pacific/Auckland"  # far from the utility's: a day taken from here shows itself
time.tzset()

settings.register_profile(
    "house",
    deadline=None,  # two busy cores say nothing about our speed
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
