import { Command } from 'commander';
import type { CheckFinding, CheckReport } from '../../project/services/check.ts';
import { DecileError } from '../../shared/errors.ts';
import { EXIT, Exit, type Output, Progress, result } from '../output.ts';
import { withProject } from './common.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description('read a whole project and say what is damaged, missing or left over')
    .argument('<DIR>', 'the project')
    .option('--repair', 'put aside what is damaged and keep what can be saved of it')
    .action((folder: string, flags: Output & { repair?: boolean }) =>
      withProject(folder, flags.repair ? 'write' : 'read', async ({ check }) => {
        const progress = new Progress(flags, 'Checking');
        const report = await check({
          repair: flags.repair,
          onProgress: (done, total, name) => progress.update(done, total, name),
        }).finally(() => progress.end());
        result(flags, report, () => describe(report, folder));
        const found = report.damaged.length + report.missing.length;
        if (found === 0 || report.repaired.length === found) return;
        throw new Exit(report.repaired.length > 0 ? EXIT.partly : EXIT.failed);
      }).catch((error: unknown) => {
        if (!(error instanceof DecileError) || error.code !== 'project/corrupt') throw error;
        // The database itself: nothing else can be looked at without it.
        const what = `${error.message} ${error.cure}`;
        const damaged = [{ path: 'project.sqlite', of: 'the project', what }];
        result(
          flags,
          { damaged, missing: [], leftOver: [], repaired: [] },
          () => `Damaged:\n  project.sqlite: ${what}`,
        );
        throw new Exit(EXIT.failed);
      }),
    );
}

function describe({ damaged, missing, leftOver, repaired }: CheckReport, folder: string): string {
  const list = (title: string, found: readonly CheckFinding[]) =>
    found.length > 0 ? [`${title}:`, ...found.map(({ path, of, what }) => `  ${path} (${of}): ${what}`)] : [];
  const lines = [
    ...list('Damaged', damaged),
    ...list('Missing', missing),
    ...(leftOver.length > 0 ? ['Left over (nothing names them):', ...leftOver.map((path) => `  ${path}`)] : []),
    ...list('Put right', repaired),
  ];
  if (damaged.length + missing.length === 0) lines.unshift('The project is sound.');
  else if (repaired.length === 0)
    lines.push(`\`decile check ${folder} --repair\` puts right what can be; copy the folder first.`);
  return lines.join('\n');
}
