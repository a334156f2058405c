/** Loaded into a process before it computes (`--import`): the machine seems to have LITTLE_ROOM_MB of memory, all of it free. */
import os from 'node:os';

const bytes = Number(process.env.LITTLE_ROOM_MB) * 1e6;
Object.assign(os, { freemem: () => bytes, totalmem: () => bytes });
