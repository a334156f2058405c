/** The migrations in order. Add the next number; a migration that was released is never edited. */
import { initial } from './0001-initial.ts';
import { foreignKeyIndexes } from './0002-foreign-key-indexes.ts';
import { models } from './0003-models.ts';
import { channels } from './0004-channels.ts';
import { decisions } from './0005-decisions.ts';
import { ownDice } from './0006-own-dice.ts';
import { surfaceScores } from './0007-surface-scores.ts';
import { notDrawn } from './0008-not-drawn.ts';
import { measurements } from './0009-measurements.ts';
import { learning } from './0010-learning.ts';
import { calibration } from './0011-calibration.ts';
import { untouched } from './0012-untouched.ts';

export interface Migration {
  /** The database's user_version after it. */
  version: number;
  name: string;
  sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  initial,
  foreignKeyIndexes,
  models,
  channels,
  decisions,
  ownDice,
  surfaceScores,
  notDrawn,
  measurements,
  learning,
  calibration,
  untouched,
];
export const LATEST_VERSION = MIGRATIONS[MIGRATIONS.length - 1].version;
