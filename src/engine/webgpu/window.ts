/** The hidden window's whole program: carries out what comes through the port that its preload hands over. */
import { startLocalExecutor } from './local-executor.ts';
import { GPU_PORT, type GpuCommand, type GpuReply, type Port, serveExecutor } from './remote-executor.ts';

function portOf(port: MessagePort): Port<GpuReply, GpuCommand> {
  return {
    post: (message) => port.postMessage(message),
    onMessage(listener) {
      port.onmessage = ({ data }) => listener(data as GpuCommand);
    },
    onClose: () => {},
  };
}

window.addEventListener('message', ({ source, data, ports }) => {
  if (source === window && data === GPU_PORT) void serveExecutor(portOf(ports[0]), startLocalExecutor);
});
