/** Gives a forked Node the port of Electron's utility process, and in it the ends of lines that are handed to it. */
import { EventEmitter } from 'node:events';

const port = Object.assign(new EventEmitter(), { postMessage: (message: unknown) => void process.send?.(message) });
const lent = Object.assign(new EventEmitter(), {
  postMessage: (data: unknown) => void process.send?.({ port: 'message', data }),
  start: () => {},
});
process.on('message', (message: { port?: string; data?: unknown }) => {
  if (message.port === 'opened') port.emit('message', { data: message.data, ports: [lent] });
  else if (message.port) lent.emit('message', { data: message.data });
  else port.emit('message', { data: message, ports: [] });
});
process.on('disconnect', () => process.exit(0));
Object.defineProperty(process, 'parentPort', { value: port });
