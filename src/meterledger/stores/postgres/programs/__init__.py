"""The Django app of programmes: who takes part in what, on two clocks."""
