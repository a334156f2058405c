/** The WebAssembly decoders of the Cornerstone project: JPEG, JPEG-LS, JPEG 2000, HTJ2K. Loaded when first needed. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type WasmCodec = 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

export interface DecodedFrame {
  width: number;
  height: number;
  bitsPerSample: number;
  components: number;
  isSigned: boolean;
  /** Samples of one byte up to 8 bits, two bytes little endian above. A copy: the decoder's memory is reused. */
  bytes: Uint8Array;
}

interface Decoder {
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned?: boolean };
  delete(): void;
}
type CodecModule = Record<string, new () => Decoder> & { getExceptionMessage?: (e: number) => unknown };
interface FactoryOptions {
  instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => object;
  print: () => void;
  printErr: () => void;
}
type Factory = (options: FactoryOptions) => Promise<CodecModule>;

const require = createRequire(import.meta.url);

const CODECS: Record<WasmCodec, { factory: () => Factory; wasm: string; decoder: string }> = {
  jpeg: {
    factory: () => require('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs'),
    wasm: '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm',
    decoder: 'JPEGDecoder',
  },
  'jpeg-ls': {
    factory: () => require('@cornerstonejs/codec-charls/decodewasmjs'),
    wasm: '@cornerstonejs/codec-charls/decodewasm',
    decoder: 'JpegLSDecoder',
  },
  'jpeg-2000': {
    factory: () => require('@cornerstonejs/codec-openjpeg/decodewasmjs'),
    wasm: '@cornerstonejs/codec-openjpeg/decodewasm',
    decoder: 'J2KDecoder',
  },
  htj2k: {
    factory: () => require('@cornerstonejs/codec-openjph/wasmjs'),
    wasm: '@cornerstonejs/codec-openjph/wasm',
    decoder: 'HTJ2KDecoder',
  },
};

const loaded = new Map<WasmCodec, Promise<CodecModule>>();

const compiled = new Map<WasmCodec, Promise<WebAssembly.Module>>();

/** Compiled once: a fresh start after a damaged frame costs a millisecond. */
function compile(codec: WasmCodec, path: string): Promise<WebAssembly.Module> {
  let module = compiled.get(codec);
  if (!module) {
    module = WebAssembly.compile(readFileSync(path));
    compiled.set(codec, module);
  }
  return module;
}

function load(codec: WasmCodec): Promise<CodecModule> {
  let module = loaded.get(codec);
  if (!module) {
    const { factory, wasm } = CODECS[codec];
    const start = factory();
    // The codecs print what they dislike; the thrown error says it.
    const quiet = () => {};
    module = compile(codec, require.resolve(wasm)).then((binary) =>
      start({
        instantiateWasm: (imports, done) => {
          WebAssembly.instantiate(binary, imports).then(done);
          return {};
        },
        print: quiet,
        printErr: quiet,
      }),
    );
    loaded.set(codec, module);
  }
  return module;
}

/**
 * Decodes one frame. @throws an Error with the codec's words; the caller adds code and path.
 * After a failure the codec's memory may be damaged or grown, so that the next call starts a fresh one.
 */
export async function decodeWasm(codec: WasmCodec, bytes: Uint8Array): Promise<DecodedFrame> {
  const module = await load(codec);
  let decoder: Decoder | undefined;
  try {
    decoder = new module[CODECS[codec].decoder]();
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const info = decoder.getFrameInfo();
    return {
      width: info.width,
      height: info.height,
      bitsPerSample: info.bitsPerSample,
      components: info.componentCount,
      isSigned: info.isSigned ?? false,
      bytes: new Uint8Array(decoder.getDecodedBuffer()),
    };
  } catch (error) {
    loaded.delete(codec);
    decoder = undefined;
    const said = typeof error === 'number' ? module.getExceptionMessage?.(error) : error;
    throw new Error(said instanceof Error ? said.message : String(said));
  } finally {
    decoder?.delete();
  }
}
