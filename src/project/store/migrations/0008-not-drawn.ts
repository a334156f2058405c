/** Version 8: how many voxels of a mask nobody drew. */
export const notDrawn = {
  version: 8,
  name: 'not-drawn',
  sql: `
ALTER TABLE masks ADD COLUMN not_drawn INTEGER NOT NULL DEFAULT 0 CHECK (not_drawn >= 0);
`,
};
