/** Orthanc with its DICOMweb plugin, both from Debian, on the loopback. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { searchStudies } from '../../src/imaging/dicomweb.ts';
import { missing } from './helpers.ts';

const PLUGIN = ['/usr/share/orthanc/plugins/libOrthancDicomWeb.so', '/usr/lib/orthanc/libOrthancDicomWeb.so'].find(
  (p) => existsSync(p),
);
/** Why there is no server here, or false. */
export const noOrthanc = missing('Orthanc') || (PLUGIN ? false : 'the DICOMweb plugin of Orthanc is not installed');

/** Starts a server that keeps its data in `home`, and calls `work` with the root of its services. */
export async function withOrthanc(home: string, work: (url: string) => Promise<void>): Promise<void> {
  mkdirSync(home, { recursive: true });
  const port = 20000 + Math.floor(Math.random() * 20000);
  writeFileSync(join(home, 'o.json'), JSON.stringify({
    Name: 'test', StorageDirectory: home, IndexDirectory: home, HttpPort: port, DicomPort: port + 1, RemoteAccessAllowed: false,
    AuthenticationEnabled: false, Plugins: [PLUGIN], DicomWeb: { Enable: true, Root: '/dicom-web/' },
  })); // biome-ignore format: a configuration
  const orthanc: ChildProcess = spawn('Orthanc', [join(home, 'o.json')], { stdio: 'ignore' });
  try {
    const url = `http://127.0.0.1:${port}/dicom-web`;
    for (let n = 0; ; n++) {
      try {
        await searchStudies({ url });
        break;
      } catch (error) {
        if (n > 150) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    await work(url);
  } finally {
    orthanc.kill();
    await new Promise((resolve) => orthanc.once('exit', resolve));
  }
}
