/** Version 7: figures by which results compare with others' papers, and cases that were missed or found where nothing is. */
export const surfaceScores = {
  version: 7,
  name: 'surface-scores',
  sql: `
ALTER TABLE evaluations ADD COLUMN hd95_max REAL;
ALTER TABLE evaluations ADD COLUMN surface_dice REAL;
ALTER TABLE evaluations ADD COLUMN tolerance REAL;
ALTER TABLE evaluations ADD COLUMN missed INTEGER NOT NULL DEFAULT 0 CHECK (missed IN (0, 1));
ALTER TABLE evaluations ADD COLUMN spurious INTEGER NOT NULL DEFAULT 0 CHECK (spurious IN (0, 1));
`,
};
