/** Starts the built program in the stand-in of electron-stand-in.ts; once a process. */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { build, MAIN } from '../../scripts/build.ts';
import { until } from '../waits.ts';
import { control } from './electron-stand-in.ts';

const STAND_IN = new URL('./electron-stand-in.ts', import.meta.url).href;

/** The program as its main process is started. */
export async function loadProgram(configFolder: string): Promise<void> {
  build();
  process.env.DECILE_CONFIG = configFolder;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'electron' ? { url: STAND_IN, shortCircuit: true } : next(specifier, context),
  });
  await import(pathToFileURL(MAIN).href);
}

/** @returns the program's window */
export async function startProgram(configFolder: string): Promise<Page> {
  await loadProgram(configFolder);
  await until(async () => control.page !== null, 'the window');
  const page = control.page as Page;
  page.setDefaultTimeout(120_000);
  try {
    await page.getByRole('heading', { name: /Label a tenth/ }).waitFor();
  } catch (error) {
    throw new Error(`The window shows no start screen: ${control.problems.join('; ') || 'it said nothing'}.`, {
      cause: error,
    });
  }
  return page;
}
