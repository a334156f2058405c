// The whole platform of core: what Node, browsers and workers all have beside the language. Everything else is passed in.
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  decode(bytes: Uint8Array): string;
}
