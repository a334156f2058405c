/**
 * Hands commands through a port to a GPU elsewhere (a hidden window of Chromium, whose WebGPU Electron's Node lacks), and the
 * other end, which carries them out. Plain data: arrays are copied.
 */
import { DecileError, type ErrorCode } from '../../core/errors.ts';
import type { AdapterFacts } from './adapter.ts';
import type { Batch, Executor, FaultListener } from './executor.ts';

/** The name under which ports are handed on. */
export const GPU_PORT = 'decile:gpu-port';

export type GpuCommand =
  | { do: 'make'; id: number; bytes: number }
  | { do: 'tryMake'; id: number; bytes: number; ticket: number }
  | { do: 'free'; id: number }
  | { do: 'write'; id: number; values: Uint32Array | Float32Array | Int32Array }
  | { do: 'run'; batch: Batch }
  | { do: 'read'; id: number; bytes: number; offset: number; ticket: number }
  | { do: 'stop' };

interface Fault {
  code: ErrorCode;
  message: string;
  cure: string;
}

export type GpuReply =
  | { is: 'ready'; facts: AdapterFacts }
  | { is: 'values'; ticket: number; values: Uint8Array }
  | { is: 'failed'; ticket: number; fault: Fault }
  | { is: 'fault'; fault: Fault; batch?: number };

/** One end of a two-way line that keeps the order of messages. */
export interface Port<Out, In> {
  post(message: Out): void;
  onMessage(listener: (message: In) => void): void;
  /** The other end is gone. */
  onClose(listener: () => void): void;
}

const asFault = ({ code, message, cure }: DecileError): Fault => ({ code, message, cure });
const asError = ({ code, message, cure }: Fault): DecileError => new DecileError(code, message, cure);

const gone = (): DecileError =>
  new DecileError(
    'engine/device-lost',
    'The window that lends its GPU must stay open, got: it is gone.',
    'Resume the run: it goes on from its last checkpoint.',
  );

/** What was asked for came short: a line that does not carry arrays. */
const cutOff = (bytes: number, got: number | undefined): DecileError =>
  new DecileError(
    'engine/broken',
    `The window that lends its GPU must answer with ${bytes} bytes, got ${got ?? 'none'}.`,
    'Use --engine tensorflow or simd, and report this.',
  );

interface Waiting {
  bytes: number;
  resolve(values: ArrayBuffer): void;
  reject(error: DecileError): void;
}

/** The bytes as a buffer of their own: what came may be a part of a larger one. */
function receive(waiting: Waiting | undefined, values: Uint8Array): void {
  if (!waiting) return;
  const { bytes, resolve, reject } = waiting;
  if (values.byteLength !== bytes) reject(cutOff(bytes, values.byteLength));
  else resolve((bytes === values.buffer.byteLength ? values : values.slice()).buffer as ArrayBuffer);
}

/** Resolves when the other end has a GPU. @throws DecileError why it has none */
export function connectExecutor(port: Port<GpuCommand, GpuReply>): Promise<Executor> {
  return new Promise((resolve, reject) => {
    let ready = false;
    let fault: DecileError | undefined;
    let tell: FaultListener = () => {};
    const waiting = new Map<number, Waiting>();
    let tickets = 0;
    const fail = (error: DecileError) => {
      fault = error;
      tell(error);
      if (!ready) reject(error);
    };
    const ask = (bytes: number, command: (ticket: number) => GpuCommand): Promise<ArrayBuffer> =>
      new Promise((done, failed) => {
        if (fault) return failed(fault);
        const ticket = tickets++;
        waiting.set(ticket, { bytes, resolve: done, reject: failed });
        port.post(command(ticket));
      });
    const executor = (facts: AdapterFacts): Executor => ({
      facts,
      make: (id, bytes) => port.post({ do: 'make', id, bytes }),
      free: (id) => port.post({ do: 'free', id }),
      write: (id, values) => port.post({ do: 'write', id, values }),
      run: (batch) => port.post({ do: 'run', batch }),
      tryMake: async (id, bytes) =>
        new Uint8Array(await ask(1, (ticket) => ({ do: 'tryMake', id, bytes, ticket })))[0] === 1,
      read: (id, bytes, offset = 0) => ask(bytes, (ticket) => ({ do: 'read', id, bytes, offset, ticket })),
      onFault(listener) {
        tell = listener;
        if (fault) listener(fault);
      },
      stop: () => port.post({ do: 'stop' }),
    });
    port.onMessage((reply) => {
      switch (reply.is) {
        case 'ready':
          ready = true;
          return resolve(executor(reply.facts));
        case 'fault':
          return reply.batch === undefined ? fail(asError(reply.fault)) : tell(asError(reply.fault), reply.batch);
        case 'values':
          receive(waiting.get(reply.ticket), reply.values);
          break;
        case 'failed':
          waiting.get(reply.ticket)?.reject(asError(reply.fault));
          break;
      }
      waiting.delete(reply.ticket);
    });
    port.onClose(() => {
      fail(gone());
      for (const { reject: failed } of waiting.values()) failed(gone());
      waiting.clear();
    });
  });
}

/** The end that has the GPU: starts it and carries out what comes. */
export async function serveExecutor(port: Port<GpuReply, GpuCommand>, start: () => Promise<Executor>): Promise<void> {
  let executor: Executor;
  try {
    executor = await start();
  } catch (error) {
    return port.post({ is: 'fault', fault: asFault(error as DecileError) });
  }
  executor.onFault((fault, batch) => port.post({ is: 'fault', fault: asFault(fault), batch }));
  port.onMessage((command) => {
    switch (command.do) {
      case 'make':
        return executor.make(command.id, command.bytes);
      case 'tryMake':
        executor
          .tryMake(command.id, command.bytes)
          .then((there) => port.post({ is: 'values', ticket: command.ticket, values: Uint8Array.of(there ? 1 : 0) }));
        return;
      case 'free':
        return executor.free(command.id);
      case 'write':
        return executor.write(command.id, command.values);
      case 'run':
        return executor.run(command.batch);
      case 'read': {
        const { id, bytes, offset, ticket } = command;
        executor.read(id, bytes, offset).then(
          (values) => port.post({ is: 'values', ticket, values: new Uint8Array(values) }),
          (fault: DecileError) => port.post({ is: 'failed', ticket, fault: asFault(fault) }),
        );
        return;
      }
      case 'stop':
        return executor.stop();
    }
  });
  port.post({ is: 'ready', facts: executor.facts });
}
