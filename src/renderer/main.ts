import { mount } from 'svelte';
import App from './App.svelte';
import { key } from './key.ts';
import './theme.css';

const target = document.getElementById('app')!;
if (location.protocol.startsWith('http') && key === null && !('decile' in globalThis)) {
  target.textContent =
    'The token must be the one that `decile serve` printed. Open the whole address from the terminal.';
} else mount(App, { target });
