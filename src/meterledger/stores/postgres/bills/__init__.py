"""Tables of bills: claims on service periods, bills and lines by month, citations, held bills."""
