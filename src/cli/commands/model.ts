import { Command, Option } from 'commander';
import { modelCard } from '../../core/model/card.ts';
import { MODEL_FORMATS, type ModelFormat } from '../../shared/export-formats.ts';
import { notice, type Output, result } from '../output.ts';
import { userPath } from '../place.ts';
import { withProject } from './common.ts';

export function modelCommand(): Command {
  return new Command('model')
    .description('models as files that travel: out of a project, into another, and what they say of themselves')
    .addCommand(exportCommand())
    .addCommand(importCommand())
    .addCommand(infoCommand());
}

function exportCommand(): Command {
  return new Command('export')
    .description('write the model of a run into one file')
    .argument('<DIR>', 'the project')
    .argument('<FILE>', 'the file, replaced when there is one')
    .option('--run <RUN>', 'name of the run; the latest finished one without it')
    .addOption(
      new Option(
        '--format <FORMAT>',
        'safetensors, which decile reads again, or onnx; by the ending of FILE without it',
      ).choices(MODEL_FORMATS),
    )
    .action((folder: string, file: string, flags: Output & { run?: string; format?: ModelFormat }) =>
      withProject(folder, 'read', async (project) => {
        const format = flags.format ?? (/\.onnx$/i.test(file) ? 'onnx' : 'safetensors');
        const { run, path, bytes, description } = await project.models.export({
          ...{ path: userPath(file), run: flags.run, format },
        });
        if (format === 'onnx' && description.region)
          notice(
            flags,
            'The coarse model that finds the region is not in an ONNX file: what runs it reads whole scans, or the part that you cut out.',
          );
        result(
          flags,
          { run: run.name, file: path, bytes, model: description },
          () =>
            `The model of ${run.name} is in ${path} (${megabytes(bytes)}).\n${
              format === 'onnx'
                ? 'Next: docs/how-to/use-a-model-elsewhere.md has a prediction with it in Python. Decile itself reads --format safetensors.'
                : `Next: decile predict OTHER_DIR --model ${file}`
            }`,
        );
      }),
    );
}

function importCommand(): Command {
  return new Command('import')
    .description('bring a model file in as a run to predict with')
    .argument('<DIR>', 'the project')
    .argument('<FILE>', 'a file that `model export` wrote')
    .option('--name <RUN>', "name of the run; the model's own without it")
    .action((folder: string, file: string, flags: Output & { name?: string }) =>
      withProject(folder, 'write', async (project) => {
        const { run, description, known, notices } = await project.models.import({
          path: userPath(file),
          name: flags.name,
        });
        for (const text of notices) notice(flags, text);
        result(flags, { run: run.name, known, model: description }, () =>
          known
            ? `The model is in the project already, as ${run.name}.`
            : `The model is in the project as ${run.name}.\nNext: decile predict ${folder} --run ${run.name}`,
        );
      }),
    );
}

function infoCommand(): Command {
  return new Command('info')
    .description('what a model file says of itself: its model card')
    .argument('<FILE>', 'a file that `model export` wrote')
    .action(async (file: string, flags: Output) => {
      const { readModel } = await import('../../project/services/model/model-file.ts');
      const { description, sha256, bytes, tensors } = await readModel(userPath(file));
      const parameters = Object.values(tensors).reduce((sum, { values }) => sum + values.length, 0);
      result(
        flags,
        { ...description, sha256, bytes: bytes.length, parameters },
        () =>
          `${modelCard(description)}${parameters.toLocaleString('en')} weights, ${megabytes(bytes.length)}, SHA-256 ${sha256}`,
      );
    });
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
