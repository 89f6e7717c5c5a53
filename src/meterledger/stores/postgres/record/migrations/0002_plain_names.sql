-- A name as two people are compared by: runs of spaces are one, none stand around it, capitals are
-- small. The same as the program's comparison (kernel/people.py) on every server: the spaces are named
-- one by one, for what a server takes for a space hangs on its locale (a no-break space in few).

CREATE FUNCTION plain_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(lower(btrim(regexp_replace(name,
    '[\u0009-\u000D\u001C-\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+',
    ' ', 'g'))), 'ß', 'ss'), 'ς', 'σ');
