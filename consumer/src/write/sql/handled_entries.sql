-- handled_entries
-- Which of these entry ids some commit has counted.
SELECT entry.position
  FROM unnest($1::text[]) WITH ORDINALITY AS entry (id, position)
 WHERE EXISTS (SELECT FROM commits WHERE commits.entries @> entry.id::numeric)
