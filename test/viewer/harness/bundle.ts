/** Bundles the harness page into node_modules/.cache/viewer-harness/page, in a process of its own: few test files need the bundler. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';
import { PAGE } from './built.ts';

await build({
  root: import.meta.dirname,
  base: './',
  configFile: false,
  logLevel: 'error',
  plugins: [svelte({ configFile: false })],
  worker: { format: 'es' },
  build: {
    outDir: PAGE,
    emptyOutDir: true,
    target: 'chrome140',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
