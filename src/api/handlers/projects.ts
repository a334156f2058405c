/** Settings, folders, projects. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DEMO_LABELLED, DEMO_SCANS } from '../../app.ts';
import type { CodedTerm } from '../../project/store/index.ts';
import type { About, LabelInfo } from '../../shared/contract/index.ts';
import { DecileError } from '../../shared/errors.ts';
import type { Handlers } from '../api.ts';
import type { Session } from '../session.ts';

/** What the shell around the handlers can do by itself. */
export interface Shell {
  about(): About;
  /** The system's folder dialog; null in the browser and when cancelled. */
  chooseFolder(title: string): Promise<string | null>;
  /** Folder browsing by the page itself: only where there is no system dialog. */
  browsing: boolean;
  /** Where new and demo projects go by default. */
  documents: string;
}

type Names =
  | 'app.about'
  | `settings.${'get' | 'set'}`
  | `views.${'get' | 'set'}`
  | `folders.${'choose' | 'browse' | 'create'}`
  | `projects.${'recent' | 'forget' | 'create' | 'open' | 'current' | 'close' | 'setLabels' | 'setRange' | 'demo' | 'check'}`;

const termOf = (label: Pick<LabelInfo, 'code'>): CodedTerm | null =>
  label.code ? { scheme: label.code.scheme, code: label.code.value, meaning: label.code.meaning } : null;

export const projectHandlers = (session: Session, shell: Shell): Pick<Handlers, Names> => ({
  'app.about': () => shell.about(),
  'settings.get': () => session.user.settings(),
  'settings.set'(change) {
    const next = session.user.change(change);
    if (change.person !== undefined) session.nameUser();
    return next;
  },

  'views.get': () => session.user.view(session.overview().session),
  'views.set'(view) {
    session.user.keepView(session.overview().session, view);
    return null;
  },

  async 'folders.choose'({ title }) {
    const path = await shell.chooseFolder(title);
    return path === null ? null : session.folders.register(path);
  },
  'folders.browse'(at) {
    if (!shell.browsing)
      throw new DecileError(
        'folder/dialog-only',
        "A folder must be chosen in the system's dialog here.",
        'Press the button that opens it.',
      );
    return session.folders.browse(at);
  },
  'folders.create': ({ parent, name }) => session.folders.create(parent, name),

  'projects.recent': () =>
    session.user
      .recent()
      .map(({ path, ...rest }) => ({ ...rest, path, folder: session.folders.register(path).folder })),
  'projects.forget'({ folder }) {
    session.user.forget(session.folders.resolve(folder));
    return null;
  },
  async 'projects.create'({ parent, name, preset, range, labels, stop }) {
    const folder = join(session.folders.resolve(parent), folderName(name));
    if (existsSync(folder))
      throw new DecileError(
        'project/exists',
        `The folder of a new project must not exist yet, got ${folder}.`,
        'Choose another name, or another place.',
      );
    const coded = labels.map((label) => ({ name: label.name, colour: label.colour, term: termOf(label) }));
    return session.create(folder, { name, preset, ...(range && { range }), labels: coded }, stop);
  },
  'projects.open': ({ folder, stop }) => session.open(session.folders.resolve(folder), stop),
  'projects.current': () => (session.hasProject() ? session.overview() : null),
  async 'projects.close'() {
    await session.close();
    return null;
  },
  'projects.setRange'({ range }) {
    session.project().store.project.setRange(range);
    const overview = session.overview();
    session.emitter.emit('project', overview);
    return overview;
  },
  async 'projects.setLabels'({ labels }) {
    await session.project().setLabels(
      labels.map(({ value, name, colour, locked, ...label }) => ({
        value,
        name,
        colour,
        locked,
        term: termOf(label),
      })),
    );
    const overview = session.overview();
    session.emitter.emit('project', overview);
    return overview;
  },
  'projects.check'({ repair }) {
    const project = session.project();
    const title = repair ? 'Putting the project right' : 'Checking the project';
    const { id } = session.jobs.start('check', title, async (job) => {
      const { damaged, missing, leftOver, repaired } = await project.check({
        repair,
        signal: job.signal,
        onProgress: (done, total, name) => job.update({ done, total, detail: name }),
      });
      const fixed = new Map(repaired.map(({ path, what }) => [path, what]));
      const found = [...damaged, ...missing];
      job.fail(
        found.map(({ path, of, what }) => ({
          path: of,
          code: 'project/damaged',
          message: `A project must hold its files as they were written, got ${path}: ${what.replace(/\.$/, '')}.`,
          cure: fixed.get(path) ?? 'Restore the file from a backup, or let the check put right what can be.',
        })),
      );
      if (leftOver.length > 0) job.notice(`Nothing names these files: ${leftOver.slice(0, 20).join(', ')}.`);
      if (repaired.length > 0) session.changed([]);
      if (found.length === 0) return 'The project is sound.';
      return `${damaged.length} damaged, ${missing.length} missing, ${repaired.length} put right.`;
    });
    return { job: id };
  },
  async 'projects.demo'(input) {
    if (!input?.stop) session.refuseWhileBusy();
    await session.close();
    const { id } = session.jobs.start('demo', 'Making a project of phantoms', async (job) => {
      await session.app.demo(shell.documents, session.enter, { signal: job.signal, onProgress: job.update });
      session.changed([]);
      return `${DEMO_SCANS} phantoms, ${DEMO_LABELLED} of them labelled.`;
    });
    return { job: id };
  },
});

/** A name as a folder: without what file systems refuse. */
const folderName = (name: string): string =>
  name
    .replace(/[/\\:*?"<>|\p{Cc}]/gu, '_')
    .replace(/^\.+/, '_')
    .slice(0, 100);
