-- When a meter measured, in one line of whole numbers: a hundred thousand to each local day, which
-- has at most ninety thousand seconds. Days that touch and instants inside them compare alike, and
-- no time zone is asked.

CREATE FUNCTION measured_seconds(days daterange, began integer, ended integer) RETURNS int8range
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN int8range((lower(days) - date '1970-01-01')::bigint * 100000 + began,
                 (upper(days) - date '1970-01-01')::bigint * 100000 + ended);
