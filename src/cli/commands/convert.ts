import { Command } from 'commander';
import { notice, type Output, result } from '../output.ts';
import { userPath } from '../place.ts';

export function convertCommand(): Command {
  return new Command('convert')
    .description('write any readable scan as NIfTI on its own grid')
    .argument('<SCAN>', 'a file, or a folder with one DICOM series')
    .argument('<OUT>', 'the NIfTI file, .nii or .nii.gz')
    .action(async (scan: string, out: string, flags: Output) => {
      const { convertScan } = await import('../../main/services/convert.ts');
      const made = await convertScan(userPath(scan), userPath(out));
      for (const text of made.notices) notice(flags, text);
      result(
        flags,
        made,
        `${made.output}: ${made.size.join(' x ')} voxels of ${made.spacing.map((s) => +s.toFixed(4)).join(' x ')} mm, ${made.type}.`,
      );
    });
}
