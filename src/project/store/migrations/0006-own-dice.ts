/** Version 6: what a prediction says of its own Dice. */
export const ownDice = {
  version: 6,
  name: 'own-dice',
  sql: `
ALTER TABLE predictions ADD COLUMN own_dice TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(own_dice));
`,
};
