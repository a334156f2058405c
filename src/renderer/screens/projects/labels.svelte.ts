/** The list of labels while it is edited: in a new project and in an open one. */
import { LABEL_HUES } from '../../../core/hues.ts';
import { LABEL_SETS, type LabelSetName } from '../../../core/label-sets.ts';
import { KNOWN_TERMS, termFor } from '../../../core/terms.ts';
import type { LabelInfo } from '../../../shared/contract/index.ts';

export class LabelList {
  labels = $state<LabelInfo[]>([]);

  constructor(labels: readonly LabelInfo[]) {
    this.labels = labels.map((label) => ({ ...label }));
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
    const taken = new Set(this.labels.map((label) => label.name.trim().toLowerCase()));
    this.labels = this.labels.filter((label) => label.name.trim() !== '');
    for (const name of LABEL_SETS[set]) if (!taken.has(name)) this.add(name);
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
    const names = this.labels.map((label) => label.name.trim().toLowerCase());
    if (names.includes('')) return 'Every label needs a name.';
    if (names.includes('background')) return 'Background is there already.';
    if (new Set(names).size < names.length) return 'Two labels have the same name.';
    return '';
  }
}
