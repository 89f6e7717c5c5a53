"""Tables of charges adjusted by agreement."""
