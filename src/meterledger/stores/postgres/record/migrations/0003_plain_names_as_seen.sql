-- Two names that look alike are one: an accent typed after its letter is the letter with the accent
-- (Unicode's NFKC), and what is written and not seen is left out. The same as the program's comparison
-- (kernel/people.py). What was signed before stays as it is; `meterledger verify` names it.

CREATE OR REPLACE FUNCTION plain_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN normalize(replace(replace(lower(btrim(regexp_replace(
    normalize(regexp_replace(name,
        '[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\U000E0000-\U000E0FFF]+',
        '', 'g'), NFKC),
    '[\u0009-\u000D\u001C-\u0020\u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]+',
    ' ', 'g'))), 'ß', 'ss'), 'ς', 'σ'), NFKC);
