/** Version 12: which masks are the copy of a prediction that was accepted as it is; of older ones, those of equal volumes. */
export const untouched = {
  version: 12,
  name: 'untouched',
  sql: `
ALTER TABLE masks ADD COLUMN untouched INTEGER NOT NULL DEFAULT 0 CHECK (untouched IN (0, 1));
UPDATE masks SET untouched = 1 WHERE origin = 'corrected' AND (
  SELECT json_group_array(json_array(json_extract(value, '$.value'), json_extract(value, '$.voxels'))) FROM json_each(masks.labels)
) = (
  SELECT (
    SELECT json_group_array(json_array(json_extract(value, '$.value'), json_extract(value, '$.voxels'))) FROM json_each(predicted.labels)
  )
  FROM masks AS predicted
  WHERE predicted.scan = masks.scan AND predicted.origin = 'predicted' AND predicted.run = masks.run AND predicted.version < masks.version
  ORDER BY predicted.version DESC LIMIT 1
);
`,
};
