/** WebGPU where there is no GPU: the adapter of Chromium, emulated by the processor. */
import { existsSync } from 'node:fs';

/** SwiftShader as Debian's chromium and others bring it along. */
const SOFTWARE_DRIVERS = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
];

/** Adds the software driver to those of the machine; a real GPU still comes first. */
export function addSoftwareAdapter(): void {
  const driver = SOFTWARE_DRIVERS.find((path) => existsSync(path));
  if (driver) process.env.VK_ADD_DRIVER_FILES ??= driver;
}
