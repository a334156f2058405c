import { Command, InvalidArgumentError } from 'commander';
import { expectedFigures } from '../../core/predict/expected-dice.ts';
import type { ReviewedScans } from '../../project/services/review/decide-scans.ts';
import { REJECT_REASONS, rejectReason } from '../../shared/review.ts';
import { onInterrupt } from '../interrupt.ts';
import { EXIT, Exit, type Output, Progress, result, table } from '../output.ts';
import { withProject } from './common.ts';

export function reviewCommand(): Command {
  return new Command('review')
    .description('predictions in the order in which they should be looked at, and decisions on them')
    .addCommand(listCommand())
    .addCommand(
      decideCommand('accept', 'make the masks of scans what training learns from: drawn, corrected or as predicted'),
    )
    .addCommand(
      decideCommand('reject', 'keep the masks of scans from training; nothing is deleted').option(
        '--reason <REASON>',
        `why: ${REJECT_REASONS.join(', ')}, or other words`,
      ),
    )
    .addCommand(undoCommand())
    .addCommand(compareCommand())
    .addCommand(historyCommand());
}

function listCommand(): Command {
  return new Command('list')
    .description('predicted scans that nobody decided, most worth a look first')
    .argument('<DIR>', 'the project')
    .action((folder: string, flags: Output) =>
      withProject(folder, 'read', async ({ review, compare }) => {
        const { byScan, left } = await compare.expected();
        const queue = review.queue().map((entry) => ({ ...entry, expectedDice: byScan.get(entry.scan) ?? null }));
        result(flags, { queue, left }, () => {
          if (queue.length === 0) return 'No prediction waits for review.';
          const rows = queue.map(({ rank, name, worth, flagged, slices, reasons, expectedDice }) => {
            const look = flagged.map((k) => k + 1).sort((a, b) => a - b);
            const words = expectedDice ? expectedFigures(expectedDice) : '';
            return [rank, name, worth, words, `${look.join(', ') || 'none'} of ${slices}`, reasons.join('; ')];
          });
          const until = byScan.size > 0 ? `; ${left} until 95 % are expected at 90 Dice or better` : '';
          return `${queue.length} to review, most worth a look first${until}:\n${table(['', 'scan', 'worth', 'expected Dice', 'slices to look at', 'reasons'], rows)}`;
        });
      }),
    );
}

function decideCommand(decision: 'accept' | 'reject', description: string): Command {
  return new Command(decision)
    .description(description)
    .argument('<DIR>', 'the project')
    .argument('<SCAN...>', 'names of scans')
    .option('--as <NAME>', "who decides; the system's user without it")
    .action((folder: string, names: string[], flags: Output & { reason?: string; as?: string }) =>
      withProject(folder, 'write', async ({ review, store }) => {
        if (flags.as !== undefined) store.person.name = flags.as.trim();
        const progress = new Progress(flags, decision === 'accept' ? 'Accepting' : 'Rejecting');
        const abort = new AbortController();
        const unwatch = onInterrupt(() => abort.abort());
        try {
          const report = await review.decideScans(names, decision, {
            onProgress: (done, total, name) => progress.update(done, total, name),
            signal: abort.signal,
            ...(flags.reason === undefined ? {} : { reason: rejectReason(flags.reason) }),
          });
          progress.end();
          result(flags, report, () => describe(report, decision));
          if (abort.signal.aborted) throw new Exit(EXIT.interrupted);
          if (report.refused.length > 0) throw new Exit(report.decided.length > 0 ? EXIT.partly : EXIT.failed);
        } finally {
          progress.end();
          unwatch();
        }
      }),
    );
}

function undoCommand(): Command {
  return new Command('undo')
    .description('take the last decision on scans back')
    .argument('<DIR>', 'the project')
    .argument('<SCAN...>', 'names of scans')
    .action((folder: string, names: string[], flags: Output) =>
      withProject(folder, 'write', async ({ review }) => {
        const undone = review.undoScans(names);
        result(flags, { undone }, () => undone.map(({ scan, state }) => `${scan} is ${state} again.`).join('\n'));
      }),
    );
}

function compareCommand(): Command {
  return new Command('compare')
    .description("two readers' masks of a scan against each other: Dice, 95HD, where they differ")
    .argument('<DIR>', 'the project')
    .argument('<SCAN>', 'name of the scan')
    .option('--readers <A,B>', 'whose masks; not needed where two people drew the scan', parseReaders)
    .action((folder: string, scan: string, flags: Output & { readers?: [string, string] }) =>
      withProject(folder, 'read', async ({ compare }) => {
        const found = await compare.readers(scan, flags.readers);
        result(flags, found, () => {
          const rows = found.labels.map((one) => [
            ...[one.name, one.dice, one.hd95, one.addedMl, one.removedMl],
            one.worstSlice === null ? '-' : String(one.worstSlice + 1),
          ]);
          const head = `${found.second.person} (version ${found.second.version}) against ${found.first.person} (version ${found.first.version}):`;
          return `${head}\n${table(['label', 'Dice %', '95HD mm', 'more ml', 'less ml', 'differ most on slice'], rows)}`;
        });
      }),
    );
}

function parseReaders(text: string): [string, string] {
  const names = text.split(',').map((name) => name.trim());
  if (names.length !== 2 || names[0] === names[1])
    throw new InvalidArgumentError(`It must be two names as A,B, got ${text}.`);
  return names as [string, string];
}

function historyCommand(): Command {
  return new Command('history')
    .description('who drew, predicted, accepted and rejected what, and when')
    .argument('<DIR>', 'the project')
    .argument('[SCAN...]', 'names of scans; all without them')
    .action((folder: string, names: string[], flags: Output) =>
      withProject(folder, 'read', async ({ compare }) => {
        const history = compare.history(names.length > 0 ? names : undefined);
        result(flags, { history }, () => {
          const rows = history.map(({ scan, when, who, what, version, run, reason, undone }) => [
            ...[scan, when.slice(0, 16).replace('T', ' '), who || '-', undone ? `${what}, taken back` : what],
            ...[version === null ? '-' : String(version), run, reason],
          ]);
          return table(['scan', 'when (UTC)', 'who', 'what', 'version', 'run', 'reason'], rows);
        });
      }),
    );
}

const describe = ({ decided, refused, left }: ReviewedScans, decision: 'accept' | 'reject'): string =>
  [
    `${decided.length} ${decided.length === 1 ? 'scan' : 'scans'} ${decision === 'accept' ? 'accepted' : 'rejected'}, ${left} left to review.`,
    ...refused.map(({ scan, code, message, cure }) => `  ${scan}\n    ${code}: ${message} ${cure}`),
  ].join('\n');
