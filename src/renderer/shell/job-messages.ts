/** What the window says of a job that is done. */
import type { JobInfo } from '../../shared/contract/index.ts';

interface JobMessage {
  kind: 'info' | 'error';
  text: string;
  cure?: string;
  action?: { label: string; run(): void };
}

interface Actions {
  /** Opens the list of jobs. */
  look(): void;
  /** Puts right what a check found. */
  repair(): void;
}

export function jobMessages(job: JobInfo, { look, repair }: Actions): JobMessage[] {
  if (job.kind === 'check' && job.failures.length > 0) {
    if (job.title.startsWith('Putting')) return [];
    return [
      {
        ...{ kind: 'error', text: job.detail },
        cure: 'Copy the project folder first where there is no backup.',
        action: { label: 'Put right what can be', run: repair },
      },
    ];
  }
  const more = job.failures.length + job.notices.length;
  const messages: JobMessage[] = [
    {
      ...{ kind: 'info', text: `${job.title}: ${job.detail}` },
      ...(more ? { action: { label: 'Details', run: look } } : {}),
    },
  ];
  if (job.others?.length)
    messages.push({
      ...{ kind: 'error', text: othersWords(job.others), cure: 'Training leaves them out until you say otherwise.' },
      action: { label: 'Do they belong?', run: look },
    });
  return messages;
}

const othersWords = (others: NonNullable<JobInfo['others']>): string =>
  `${others.length === 1 ? 'One scan is' : `${others.length} scans are`} not like the project: ${[...new Set(others.map(({ why }) => why))].slice(0, 3).join(', ')}.`;
