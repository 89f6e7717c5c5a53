"""Django app: which service points of an account come on one bill."""
