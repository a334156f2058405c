/** Three bundles: main (ES modules), preload (CommonJS, as a sandboxed preload must be) and the window. */
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';

export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      rolldownOptions: {
        input: {
          index: 'src/main/index.ts',
          'trainer-utility': 'src/main/window/trainer-utility.ts',
          // The trainer starts it by this name (src/trainer/worker/patch-threads.ts).
          'patch-thread': 'src/trainer/worker/patch-thread.ts',
        },
        output: { format: 'es', entryFileNames: '[name].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: 'src/preload/index.ts', gpu: 'src/preload/gpu.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: join(import.meta.dirname, 'src', 'renderer'),
    base: './',
    plugins: [svelte()],
    worker: { format: 'es' },
    build: {
      // Absolute: a relative one starts at `root`.
      outDir: join(import.meta.dirname, 'out', 'renderer'),
      emptyOutDir: true,
      target: 'chrome140',
      minify: true,
      // The strict content security policy forbids data: scripts and fonts, so nothing is inlined.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 8000,
      rolldownOptions: {
        input: {
          index: join(import.meta.dirname, 'src', 'renderer', 'index.html'),
          // The hidden window that lends its GPU (public/gpu.html names it).
          gpu: join(import.meta.dirname, 'src', 'engine', 'webgpu', 'window.ts'),
        },
        output: { entryFileNames: ({ name }) => (name === 'gpu' ? 'gpu.js' : 'assets/[name]-[hash].js') },
      },
    },
  },
});
