/** The contract between window and main: calls, events, data and the client that speaks them. */
export { CALLS, type CallInput, type CallName, type CallResult, isCallName } from './calls.ts';
export { type Client, createClient, RefusedCall, type Reply, type Transport } from './client.ts';
export { applyBoxes, BOXES_TYPE, decodeBoxes, encodeBoxes, type MaskBox, PROJECT_HEADER } from './data.ts';
export {
  EVENTS_PROTOCOL,
  type EventMessage,
  type Events,
  KEY_PROTOCOL,
  type MenuCommand,
  WINDOW_PROTOCOL,
} from './events.ts';
export type * from './types.ts';
export { CASE_STATES } from './types.ts';
