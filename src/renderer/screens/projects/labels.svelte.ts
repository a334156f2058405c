/** The list of labels while it is edited: in a new project and in an open one. */
import { LABEL_HUES } from '../../../core/hues.ts';
import { alike, isBlank } from '../../../core/label-names.ts';
import { LABEL_SETS, type LabelSetName } from '../../../core/label-sets.ts';
import { KNOWN_TERMS, termFor } from '../../../core/terms.ts';
import type { LabelInfo } from '../../../shared/contract/index.ts';

export class LabelList {
  labels = $state<LabelInfo[]>([]);
  /** What each label was called when the list was opened. */
  private readonly names: ReadonlyMap<number, string>;

  constructor(labels: readonly LabelInfo[]) {
    this.labels = labels.map((label) => ({ ...label }));
    this.names = new Map(labels.map(({ value, name }) => [value, name]));
  }

  /** The project gives it its value: that of a label deleted here would make it a new name for what is drawn. */
  add(name = ''): void {
    const value = Math.min(0, ...this.labels.map((label) => label.value)) - 1;
    const free =
      LABEL_HUES.find((hue) => !this.labels.some((label) => label.colour === hue)) ??
      LABEL_HUES[this.labels.length % LABEL_HUES.length];
    this.labels.push({ value, name, colour: free, locked: false, ...(termFor(name) ? { code: termFor(name) } : {}) });
  }

  /** Puts the labels of a set in the place of those that have no name yet, behind the others. */
  addSet(set: LabelSetName): void {
    this.labels = this.labels.filter((label) => !isBlank(label.name));
    const taken = this.labels.map((label) => label.name);
    for (const name of LABEL_SETS[set]) if (!taken.some((other) => alike(other, name))) this.add(name);
  }

  remove(at: number): void {
    this.labels.splice(at, 1);
  }

  /** A name that is a term brings its code along, until the user chose one. */
  rename(at: number, name: string): void {
    const label = this.labels[at];
    const suggested = termFor(label.name);
    label.name = name;
    if (!label.code || label.code.value === suggested?.value) label.code = termFor(name);
  }

  code(at: number, value: string): void {
    this.labels[at].code = KNOWN_TERMS.find((term) => term.value === value);
  }

  get problem(): string {
    if (this.labels.length === 0) return 'A project needs at least one label.';
    if (this.labels.some(({ name }) => isBlank(name))) return 'Every label needs a name.';
    // What an older project holds stays: what is named here must look like no other.
    for (const { name, value } of this.labels) {
      if (this.names.get(value) === name) continue;
      if (alike(name, 'background')) return 'Background is there already.';
      const twin = this.labels.find((other) => other.value !== value && alike(other.name, name));
      if (twin)
        return twin.name.trim() === name.trim() ? 'Two labels have the same name.' : `${name} looks like ${twin.name}.`;
    }
    return '';
  }
}
