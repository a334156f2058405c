import { statSync } from 'node:fs';
import { Command } from 'commander';
import type { Converted } from '../../imaging/convert.ts';
import { EXIT, Exit, notice, type Output, result } from '../output.ts';
import { userPath } from '../place.ts';

const line = (made: Converted) =>
  `${made.output}: ${made.size.join(' x ')} voxels of ${made.spacing.map((s) => +s.toFixed(4)).join(' x ')} mm, ${made.type}.`;

export function convertCommand(): Command {
  return new Command('convert')
    .description('write any readable scan as NIfTI on its own grid, or every scan of a folder')
    .argument('<SCAN>', 'a file, or a folder with one DICOM series; with OUT/ a folder of any scans')
    .argument('<OUT>', 'the NIfTI file, .nii or .nii.gz; a name that ends in / for a folder')
    .action(async (scan: string, out: string, flags: Output) => {
      const { convertFolder, convertScan } = await import('../../imaging/convert.ts');
      if (!/[\\/]$/.test(out) && !statSync(userPath(out), { throwIfNoEntry: false })?.isDirectory()) {
        const made = await convertScan(userPath(scan), userPath(out));
        for (const text of made.notices) notice(flags, text);
        result(flags, made, line(made));
        return;
      }
      const all = await convertFolder(userPath(scan), userPath(out));
      for (const { output, notices } of all.converted) for (const text of notices) notice(flags, `${output}: ${text}`);
      for (const { code, message, cure } of all.failures) notice(flags, `${code}: ${message} ${cure}`);
      result(flags, all, all.converted.map(line).join('\n') || 'No scan was converted.');
      if (all.failures.length > 0) throw new Exit(all.converted.length > 0 ? EXIT.partly : EXIT.failed);
    });
}
