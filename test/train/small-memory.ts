/** Loaded into a process before it computes (`--import`): its WebAssembly memories end at SMALL_MEMORY_MIB. */
const limit = Number(process.env.SMALL_MEMORY_MIB) * 2 ** 20;
const { grow } = WebAssembly.Memory.prototype;
WebAssembly.Memory.prototype.grow = function (this: WebAssembly.Memory, pages: number): number {
  if (this.buffer.byteLength + pages * 65536 > limit) throw new RangeError('no more memory');
  return grow.call(this, pages);
};
