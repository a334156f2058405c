/** Version 3: runs that are an imported model, and what a run started from. */
export const models = {
  version: 3,
  name: 'models',
  sql: `
ALTER TABLE runs ADD COLUMN model TEXT CHECK (model IS NULL OR json_valid(model));
ALTER TABLE runs ADD COLUMN started_from TEXT CHECK (started_from IS NULL OR json_valid(started_from));
`,
};
