/** A one-node Slurm of this machine, for tests: own daemons, own ports, own folder; nothing of the system's Slurm is touched. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { until as untilTrue } from '../waits.ts';

export interface Cluster {
  /** Environment for every Slurm command. */
  env: NodeJS.ProcessEnv;
  /** Runs a Slurm command and gives its output. */
  command(name: string, ...args: string[]): string;
  /** The end of the daemons' logs. */
  logs(): string;
  stop(): Promise<void>;
}

const DAEMONS = ['munged', 'slurmctld', 'slurmd'] as const;

const findProgram = (name: string): string | undefined =>
  [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].map((folder) => join(folder, name)).find(existsSync);

/** Why there can be no cluster here, or false. */
export function noCluster(): string | false {
  const missing = [...DAEMONS, 'sbatch', 'squeue', 'scontrol'].filter((name) => !findProgram(name));
  if (missing.length > 0) return `Slurm is not installed (no ${missing.join(', ')}); Debian: slurm-wlm and munge`;
  return process.getuid?.() === 0 ? false : 'slurmd runs as root alone';
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

export async function startCluster(): Promise<Cluster> {
  // A short path: a socket's may have 107 bytes.
  const folder = mkdtempSync(join(os.tmpdir(), 'slurm-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['state', 'spool', 'log']) mkdirSync(at(name));
  chmodSync(folder, 0o755);
  writeFileSync(at('munge.key'), Buffer.from(Array.from({ length: 64 }, (_, n) => (n * 89 + process.pid) % 256)), {
    mode: 0o400,
  });
  const [controller, daemon] = [await freePort(), await freePort()];
  const name = os.hostname().split('.')[0];
  const conf = [
    'ClusterName=test',
    `SlurmctldHost=${name}(127.0.0.1)`,
    'SlurmUser=root',
    'SlurmdUser=root',
    'AuthType=auth/munge',
    // How long a requeued task waits; two minutes without it.
    `AuthInfo=socket=${at('munge.socket')},cred_expire=5`,
    `SlurmctldPort=${controller}`,
    `SlurmdPort=${daemon}`,
    `StateSaveLocation=${at('state')}`,
    `SlurmdSpoolDir=${at('spool')}`,
    `SlurmctldPidFile=${at('slurmctld.pid')}`,
    `SlurmdPidFile=${at('slurmd.pid')}`,
    `SlurmctldLogFile=${at('log/slurmctld')}`,
    `SlurmdLogFile=${at('log/slurmd')}`,
    'ProctrackType=proctrack/linuxproc',
    'TaskPlugin=task/none',
    'JobAcctGatherType=jobacct_gather/none',
    'SelectType=select/cons_tres',
    'SelectTypeParameters=CR_CPU',
    'ReturnToService=2',
    'KillWait=5',
    'MpiDefault=none',
    `NodeName=${name} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN`,
    'PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
  ];
  writeFileSync(at('slurm.conf'), `${conf.join('\n')}\n`);
  writeFileSync(at('cgroup.conf'), 'CgroupAutomount=no\n');
  const env = { ...process.env, SLURM_CONF: at('slurm.conf') };
  const running: ChildProcess[] = [];
  const logs = () =>
    ['slurmctld', 'slurmd', 'munged.out']
      .map((log) => [log, at(`log/${log}`)])
      .filter(([, path]) => existsSync(path))
      .map(([log, path]) => `${log}:\n${readFileSync(path, 'utf8').split('\n').slice(-15).join('\n')}`)
      .join('\n');
  const start = (program: (typeof DAEMONS)[number], ...args: string[]) =>
    running.push(spawn(findProgram(program) as string, args, { env, stdio: 'ignore' }));
  const command = (program: string, ...args: string[]) =>
    execFileSync(findProgram(program) as string, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = async () => {
    for (const child of running.reverse()) {
      const gone = new Promise((done) => child.once('exit', done));
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), 5000);
        await gone;
        clearTimeout(late);
      }
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    start(
      'munged',
      '--foreground',
      '--force',
      `--key-file=${at('munge.key')}`,
      `--socket=${at('munge.socket')}`,
      `--pid-file=${at('munged.pid')}`,
      `--log-file=${at('log/munged')}`,
      `--seed-file=${at('munge.seed')}`,
    );
    await until(() => existsSync(at('munge.socket')), 'munged', logs);
    start('slurmctld', '-D', '-c');
    start('slurmd', '-D', '-c');
    await until(() => /\bidle\b/.test(command('sinfo', '--noheader', '--format=%T')), 'the node', logs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, command, logs, stop };
}

/** Waits until `ready` is true; what it throws meanwhile counts as not yet. */
export async function until(ready: () => boolean, what: string, logs: () => string, seconds = 240): Promise<void> {
  const started = () => {
    try {
      return ready();
    } catch {
      return false; // The daemons are still starting.
    }
  };
  await untilTrue(started, () => `${what} must be ready\n${logs()}`, seconds);
}
