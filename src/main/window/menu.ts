/** The native menu; its commands go to the window as events of the contract. */
import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { MenuCommand } from '../../shared/contract/index.ts';

export function setMenu(send: (command: MenuCommand) => void): void {
  const item = (label: string, command: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    accelerator,
    click: () => send(command),
  });
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const mac = process.platform === 'darwin';
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
    {
      label: '&File',
      submenu: [
        item('&New project…', 'new-project', 'CmdOrCtrl+N'),
        item('&Open project…', 'open-project', 'CmdOrCtrl+O'),
        item('&Close project', 'close-project', 'CmdOrCtrl+Shift+W'),
        separator,
        item('&Import scans…', 'import', 'CmdOrCtrl+I'),
        item('&Export…', 'export', 'CmdOrCtrl+E'),
        separator,
        mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    {
      label: '&Edit',
      // Shown without binding: the window's own key table decides, and it can be changed there.
      submenu: [
        { label: '&Undo', accelerator: 'CmdOrCtrl+Z', registerAccelerator: false, click: () => send('undo') },
        { label: '&Redo', accelerator: 'CmdOrCtrl+Shift+Z', registerAccelerator: false, click: () => send('redo') },
        separator,
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: '&View',
      submenu: [
        item('&Cases', 'go-cases', 'CmdOrCtrl+1'),
        item('&Annotate', 'go-annotate', 'CmdOrCtrl+2'),
        item('&Train', 'go-train', 'CmdOrCtrl+3'),
        item('&Review', 'go-review', 'CmdOrCtrl+4'),
        item('Re&port', 'go-report', 'CmdOrCtrl+5'),
        separator,
        item('&Light or dark', 'toggle-theme'),
        { role: 'togglefullscreen' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
      ],
    },
    { label: '&Help', role: 'help', submenu: [item('&Keys', 'help'), item('&About Decile', 'about')] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
