/** Models out of the project and into it, as files of the user's. */
import type { ModelReceipt, RunInfo } from '../../../shared/contract/index.ts';
import type { AppState } from '../../shell/app.svelte.ts';

export class ModelFiles {
  private readonly app: AppState;
  private readonly show: (run: number) => Promise<void>;

  /** @param show puts a new run in sight */
  constructor(app: AppState, show: (run: number) => Promise<void>) {
    this.app = app;
    this.show = show;
  }

  /** Hands the run's model to the browser (or Electron), which asks where to. */
  async save(run: Pick<RunInfo, 'id' | 'name'>): Promise<void> {
    const answer = await this.app.attempt(() => this.app.client.data(`/data/model/${run.id}`));
    if (!answer) return;
    const address = URL.createObjectURL(await answer.blob());
    const link = document.createElement('a');
    link.href = address;
    link.download = `${run.name.replace(/[^\p{L}\p{N} ._-]/gu, '_')}.safetensors`;
    link.click();
    URL.revokeObjectURL(address);
  }

  /** Brings the chosen file in as a run. */
  async open(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    const body = await file.arrayBuffer();
    input.value = ''; // the same file can be chosen again
    const answer = await this.app.attempt(() =>
      this.app.client.data(`/data/model/0?name=${encodeURIComponent(file.name)}`, { method: 'PUT', body }),
    );
    if (!answer) return;
    const { run, name, known, notices } = (await answer.json()) as ModelReceipt;
    const said = known ? `The model is in the project already, as ${name}.` : `The model is in the project as ${name}.`;
    this.app.tell({ kind: 'info', text: [said, ...notices].join(' ') });
    await this.show(run);
  }
}
