/** Errors of this part of docs/reference/errors.md: Studies. */
import type { ErrorRow } from './row.ts';

export const studyErrors = {
  'layout/not-found': {
    when: 'A folder is not in the layout that was named; what is expected is stated',
    message: '<root> must hold <expected>, got neither.',
    cure: 'Check the path',
  },
  'study/no-region': {
    when: "A case's mask is empty, so there is nothing to crop at",
    message: 'The mask of <name> must hold a structure to crop at, got none.',
    cure: 'Take the case out',
  },
  'study/unreadable': {
    when: 'The study file cannot be read',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Check the path',
  },
  'study/invalid': {
    when: 'The study file breaks a rule; it is named',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Correct the file',
  },
  'study/unknown-method': {
    when: 'A method does not exist; the methods are named',
    message: 'A method must be one of <list>, got <value>.',
    cure: 'Check the spelling',
  },
  'study/unknown-case': {
    when: 'A list names a case that is not in the cohort',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Check the names',
  },
  'study/two-lists': {
    when: 'A case is in two lists, or twice in one',
    message: '<what> must be in one list<how>, got <name> in <value>.',
    cure: 'Take it out of one',
  },
  'study/empty-list': {
    when: 'A list names no case',
    message: '<what> must <be as expected>, got none.',
    cure: 'Add cases',
  },
  'study/no-cases': {
    when: 'The folder of images holds no scan',
    message: 'The folder of images must hold scans, got none in <images>.',
    cure: 'Check the path',
  },
  'study/too-few-cases': {
    when: 'The cohort is smaller than test and validation together',
    message: 'The cohort must have more than <value> cases, got <number>.',
    cure: 'Ask for fewer',
  },
  'study/no-labelled': {
    when: 'A fraction leaves no labelled case',
    message: '<what> must <be as expected>, got <value>.',
    cure: 'Give a larger share',
  },
  'study/no-mask': {
    when: 'A case has no mask',
    message: 'Every case of a study must have a mask, got none for <name> in <labels>.',
    cure: 'Add it, or leave the scan out',
  },
  'study/changed': {
    when: 'Lists or options changed since the study began; nothing was overwritten',
    message: 'A study that goes on must keep its lists and options, got <changed>.',
    cure: 'Put the file back, or another `--out`',
  },
  'study/other-folder': {
    when: 'The `--out` folder holds something else',
    message: "The --out folder must be empty or a study's own, got <out>.",
    cure: 'Another folder',
  },
  'study/memory': {
    when: 'A job needs more memory than the machine has',
    message: "A job must fit into the machine's memory of <value>, got an estimate of <value>.",
    cure: 'Smaller patch, width or batches',
  },
  'study/no-scheduler': {
    when: 'There is no `sbatch`, or it refuses',
    message: 'sbatch must accept the job array, got <value>.',
    cure: 'Submit the script on the login node',
  },
  'study/unknown-job': {
    when: '`--only` names no job of the study',
    message: '--only must name a job of the study, got <value>.',
    cure: 'Check the study file; the lock file lists the jobs',
  },
  'study/job-failed': {
    when: 'A job of the study failed',
    message: '<what the job said>',
    cure: 'See its message; the others went on',
  },
} as const satisfies Record<string, ErrorRow>;
