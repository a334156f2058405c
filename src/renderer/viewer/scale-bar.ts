/** Length of a scale bar: 1, 2 or 5 times a power of ten in mm, at most `most` pixels long. */
export function scaleBar(zoom: number, most: number): { millimetres: number; pixels: number } {
  const longest = most / zoom;
  const power = 10 ** Math.floor(Math.log10(longest));
  const millimetres = power * (longest >= 5 * power ? 5 : longest >= 2 * power ? 2 : 1);
  return { millimetres, pixels: millimetres * zoom };
}
