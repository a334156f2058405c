declare module '*.svelte' {
  import type { Component } from 'svelte';

  // svelte-check reads the components themselves; tsc needs only to know that they are components.
  const component: Component<Record<string, unknown>>;
  export default component;
}
declare module '*.css';
