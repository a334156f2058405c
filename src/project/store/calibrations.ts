/** Table calibrations: labelled scans as short trainings of a run predict them that have not seen them. */
import { figures } from './columns.ts';
import { type Db, prepared } from './database.ts';

export interface Calibration {
  run: number;
  scan: number;
  /** What the prediction says of itself, of each class after background, percent. */
  ownDice: number[];
  /** What it is, percent. */
  dice: number[];
}

export interface CalibrationRepository {
  /** In the place of an earlier one of the same scan. */
  put(calibration: Calibration): void;
  /** Of all runs, oldest run first. */
  list(): Calibration[];
}

type Row = { [F in keyof Calibration]: Calibration[F] extends number[] ? string : Calibration[F] };

export function calibrationRepository(db: Db): CalibrationRepository {
  return {
    put({ run, scan, ownDice, dice }) {
      prepared(db, 'INSERT OR REPLACE INTO calibrations (run, scan, own_dice, dice) VALUES (?, ?, ?, ?)').run(
        ...[run, scan, JSON.stringify(ownDice), JSON.stringify(dice)],
      );
    },
    list: () =>
      (
        prepared(db, 'SELECT run, scan, own_dice AS ownDice, dice FROM calibrations ORDER BY run, scan').all() as Row[]
      ).map(({ ownDice, dice, ...row }) => ({
        ...row,
        ownDice: figures('The expected Dice of a calibration', ownDice),
        dice: figures('The Dice of a calibration', dice),
      })),
  };
}
