/** Names of the three ipc channels between preload and main. */
export const CHANNELS = { call: 'decile:call', event: 'decile:event', dropped: 'decile:dropped' } as const;
