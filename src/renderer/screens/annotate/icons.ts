/** Line icons on a 16 x 16 grid, drawn for this program; each button that shows one has its name as text alternative. */
export const ICONS = {
  navigate: 'M8 1.5v4.5M8 10v4.5M1.5 8h4.5M10 8h4.5',
  brush: 'M13.5 2.5 7.5 8.5M6.8 8.2c-1.6-.2-2.9.9-3 2.5-.1 1.3-.7 2.1-1.8 2.5 2.5 1 6.2.5 6.3-2.7',
  eraser: 'M9.5 3 3 9.5l3 3h2.5L14 7.5zM6 6.5l4.5 4.5M6 12.5h7.5',
  threshold: 'M2 13.5h12M4 13V9M6.7 13V6M9.3 13V3.5M12 13V7.5M2 8h12',
  scissors: 'M4 12.5a1.8 1.8 0 1 0 .01 0M4 3.5a1.8 1.8 0 1 0 .01 0M5.6 5.8 13.5 12M5.6 10.2 13.5 4',
  polygon: 'M8 2.2 13.8 6.5 11.6 13.5H4.4L2.2 6.5z',
  fill: 'M7 2.5 2.5 7a1 1 0 0 0 0 1.4l3.6 3.6a1 1 0 0 0 1.4 0L12.5 7zM3 8h8.5M13.5 9.5c1 1.5 1.2 2.2 0 3-1.2-.8-1-1.5 0-3',
  grow: 'M8 5.8a2.2 2.2 0 1 0 .01 0M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.5 3.5l1.3 1.3M11.2 11.2l1.3 1.3M12.5 3.5l-1.3 1.3M4.8 11.2l-1.3 1.3',
  click: 'M8 2v3M8 11v3M2 8h3M11 8h3M8 6.6a1.4 1.4 0 1 0 .01 0M12.5 3.500l-2 2M3.5 12.5l2-2',
  undo: 'M5.5 3 2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6',
  redo: 'M10.5 3l3 3-3 3M13.5 6h-7a4 4 0 0 0 0 8H10',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  unlock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 4.8-1',
  visible: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 6a2 2 0 1 0 .01 0',
  hidden:
    'M2.5 2.5l11 11M6 4c.6-.3 1.3-.5 2-.5 4 0 6.5 4.5 6.5 4.5s-.7 1.3-2 2.5M10 12.2c-.6.2-1.300.3-2 .3-4 0-6.5-4.5-6.5-4.5s.8-1.5 2.3-2.7',
  check: 'M3 8.5l3.3 3.3L13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  flag: 'M4 14V2.5h8l-2 3 2 3H4',
  interpolate: 'M3 3h10v2.5H3zM3 10.5h10V13H3zM5 8h1M7.5 8h1M10 8h1',
  copy: 'M5.5 5.5h7.5v8H5.5zM3 10.5v-8h7.5',
  keyboard: 'M1.5 4.5h13v7.5h-13zM4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.7h6',
  layout: 'M2 3h12v10H2zM9 3v10M9 8h5',
  fit: 'M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10',
  pencil: 'M3 13l.7-3L11 2.7l2.3 2.3L6 12.3z',
} as const;
export type IconName = keyof typeof ICONS;
