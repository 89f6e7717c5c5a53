-- The intake's book: files that came before there was one get their row, as far as it is known.

INSERT INTO intake_movement (
    sha256, file_name, format, source, door, given, status,
    received_files, received_rows, received_energy_wh, stored_files, stored_rows, stored_energy_wh,
    quarantined_files, quarantined_rows, quarantined_energy_wh,
    refused_files, refused_rows, refused_energy_wh, unread_rows, learned_at
)
SELECT f.sha256, f.name, f.format, '', '', '{}', 'stored',
       1, f.reading_count + f.quarantined_count, e.energy_wh, 1, f.reading_count, e.energy_wh,
       0, f.quarantined_count, 0, 0, 0, 0, f.quarantined_count, f.learned_at
  FROM received_file f
 CROSS JOIN LATERAL (
        SELECT coalesce(sum((c ->> 'sum')::numeric * CASE c ->> 'unit' WHEN 'Wh' THEN 1
                            WHEN 'kWh' THEN 1000 ELSE 1000000 END), 0) AS energy_wh
          FROM jsonb_array_elements(f.channels) AS a (c)
         WHERE c ->> 'commodity' = 'electricity' AND c ->> 'kind' = 'interval'
           AND c ->> 'unit' IN ('Wh', 'kWh', 'MWh')
       ) e;

SELECT keep_append_only('intake_movement'), keep_append_only('quarantine_outcome'),
       keep_append_only('intake_source'), keep_personal('intake_movement'),
       keep_personal('quarantine_outcome');

SELECT drop_like_indexes();
