"""Tables of customers and places, on two clocks."""
