"""Tables of contracts of extensions."""
