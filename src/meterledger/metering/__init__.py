"""The metering room: whether a reading is ours, new, signed and plausible as a measurement.

Others may call nothing yet. README.md beside this file says what will be decided here.
"""

__all__: list[str] = []
