/** Table labels: the project's classes. */

import { LABEL_HUES } from '../../core/hues.ts';
import { alike, isBlank } from '../../core/label-names.ts';
import { checkedName } from '../../core/name-limit.ts';
import { MOST_LABELS } from '../../core/volume.ts';
import { DecileError } from '../../shared/errors.ts';
import { type Db, prepared } from './database.ts';
import type { CodedTerm, Label } from './types.ts';

interface LabelRow {
  value: number;
  name: string;
  colour: string;
  term_scheme: string | null;
  term_code: string | null;
  term_meaning: string | null;
  locked: number;
}

const fromRow = (row: LabelRow): Label => ({
  value: row.value,
  name: row.name,
  colour: row.colour,
  term:
    row.term_code === null
      ? null
      : { scheme: row.term_scheme ?? '', code: row.term_code, meaning: row.term_meaning ?? '' },
  locked: row.locked === 1,
});

export interface LabelRepository {
  /** By value. */
  list(): Label[];
  /** Adds a label with the next free value; throws `label/invalid` for a name that is taken or looks like one (`alike`), bad colour or a 256th label. */
  add(label: { name: string; colour?: string; term?: CodedTerm | null; value?: number }): Label;
  update(value: number, change: { name?: string; colour?: string; term?: CodedTerm | null; locked?: boolean }): Label;
  /**
   * Makes the labels those of the list, judged as they are together: names may go from one label to another. A value below 1 is a
   * label that is new. Throws as `add` and `remove`; then nothing is changed.
   */
  replace(given: readonly Label[]): void;
  /** Throws `label/in-use` while a mask holds voxels of it. */
  remove(value: number): void;
  /** Class names by value, background first. Values without a label are named 'unused N'. */
  classes(): string[];
}

export function labelRepository(db: Db): LabelRepository {
  const list = () => (prepared(db, 'SELECT * FROM labels ORDER BY value').all() as LabelRow[]).map(fromRow);
  const get = (value: number): Label => {
    const row = prepared(db, 'SELECT * FROM labels WHERE value = ?').get(value) as LabelRow | undefined;
    if (!row)
      throw new DecileError(
        'label/unknown',
        `A label must be one of the project's, got value ${value}.`,
        'Reload the list of labels.',
      );
    return fromRow(row);
  };
  const check = (label: Label, others: Label[]) => {
    if (!/^#[0-9a-f]{6}$/.test(label.colour)) {
      throw new DecileError(
        'label/invalid',
        `A label's colour must be #rrggbb, got ${label.colour}.`,
        'For instance kidney:#e69f00.',
      );
    }
    if (
      !Number.isInteger(label.value) ||
      label.value < 1 ||
      label.value > MOST_LABELS ||
      others.some((other) => other.value === label.value)
    ) {
      throw new DecileError(
        'label/invalid',
        `A label's value must be a free whole number from 1 to ${MOST_LABELS}, got ${label.value}.`,
        'Leave the value out to get the next free one.',
      );
    }
  };
  /** Names that an older project holds stay as they are. */
  const checkName = (given: string, others: Label[]) => {
    const name = checkedName('label', given);
    if (isBlank(name) || alike(name, 'background'))
      throw new DecileError(
        'label/invalid',
        `A label's name must be a word other than background, got ${JSON.stringify(given)}.`,
        'Name the structure, for instance kidney.',
      );
    const twin = others.find((other) => alike(other.name, name));
    if (!twin) return;
    if (twin.name === name)
      throw new DecileError(
        'label/invalid',
        `A label's name must be unique in the project, got ${name} twice.`,
        'Choose another name.',
      );
    throw new DecileError(
      'label/invalid',
      `A label's name must look different from those of the project, got ${name} beside ${twin.name}.`,
      'Choose another name: case, spaces, what is not seen and letters of another alphabet that look the same make none.',
    );
  };
  const write = (label: Label) => {
    prepared(
      db,
      'INSERT INTO labels VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (value) DO UPDATE SET name = excluded.name, colour = excluded.colour, term_scheme = excluded.term_scheme, term_code = excluded.term_code, term_meaning = excluded.term_meaning, locked = excluded.locked',
    ).run(
      label.value,
      label.name,
      label.colour,
      label.term?.scheme ?? null,
      label.term?.code ?? null,
      label.term?.meaning ?? null,
      label.locked ? 1 : 0,
    );
    return label;
  };
  const nextValue = (others: readonly Label[]) => Math.max(0, ...others.map((label) => label.value)) + 1;
  const remove = (value: number) => {
    const label = get(value);
    const { count } = prepared(
      db,
      "SELECT count(DISTINCT masks.scan) AS count FROM masks, json_each(masks.labels) AS present WHERE json_extract(present.value, '$.value') = ?",
    ).get(value) as { count: number };
    if (count > 0) {
      throw new DecileError(
        'label/in-use',
        `A label that is deleted must be in no mask, got ${label.name} in masks of ${count} scans.`,
        'Delete it from those masks first, or rename it.',
      );
    }
    prepared(db, 'DELETE FROM labels WHERE value = ?').run(value);
  };
  return {
    list,
    replace(given) {
      db.transaction(() => {
        const known = new Map(list().map((label) => [label.value, label]));
        for (const value of known.keys()) if (!given.some((label) => label.value === value)) remove(value);
        const result = given.filter(({ value }) => known.has(value));
        for (const label of given)
          if (!known.has(label.value)) result.push(label.value > 0 ? label : { ...label, value: nextValue(result) });
        const final = result.map((label) => {
          const kept = known.get(label.value)?.name === label.name;
          return { ...label, name: kept ? label.name : label.name.trim(), colour: label.colour.toLowerCase() };
        });
        for (const label of final) {
          const others = final.filter((other) => other !== label);
          if (known.get(label.value)?.name !== label.name) checkName(label.name, others);
          check(label, others);
        }
        // Each name is of one label at any moment: those of before go first.
        prepared(db, 'DELETE FROM labels').run();
        for (const label of final) write(label);
      })();
    },
    add(given) {
      const others = list();
      const value = given.value ?? nextValue(others);
      const colour = (given.colour ?? LABEL_HUES[(value - 1) % LABEL_HUES.length]).toLowerCase();
      const label: Label = { value, name: given.name.trim(), colour, term: given.term ?? null, locked: false };
      checkName(label.name, others);
      check(label, others);
      return write(label);
    },
    update(value, change) {
      const before = get(value);
      const label = {
        ...before,
        ...Object.fromEntries(Object.entries(change).filter(([, v]) => v !== undefined)),
      } as Label;
      const renamed = label.name !== before.name;
      if (renamed) label.name = label.name.trim();
      label.colour = label.colour.toLowerCase();
      const others = list().filter((other) => other.value !== value);
      if (renamed) checkName(label.name, others);
      check(label, others);
      return write(label);
    },
    remove,
    classes() {
      const labels = list();
      const highest = Math.max(0, ...labels.map((label) => label.value));
      return Array.from({ length: highest + 1 }, (_, value) =>
        value === 0 ? 'background' : (labels.find((label) => label.value === value)?.name ?? `unused ${value}`),
      );
    },
  };
}
