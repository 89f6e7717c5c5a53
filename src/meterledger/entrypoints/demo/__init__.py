"""The demo town: real and simulated homes that live some months of the main job.

Lives here      the town (who lives where, on which option), its meter data, the story, its telling.
Lives elsewhere every rule and every write: the town calls the journeys that an operator calls.
Read first      data/README.md: which series are real, whose they are, and how they were moved.
"""
