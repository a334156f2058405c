/** The window's pages, built alone: `decile serve` and the browser tests need no Electron. */
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type UserConfig } from 'vite';

export const renderer: UserConfig = {
  root: join(import.meta.dirname, 'src', 'renderer'),
  base: './',
  plugins: [svelte()],
  worker: { format: 'es' },
  build: {
    // Absolute: vite and electron-vite resolve a relative one against different folders.
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
};

export default defineConfig(renderer);
