/** sRGB (0..255) to DICOM's CIELab: three unsigned 16-bit numbers (PS3.3 C.10.7.1.1), D65 white adapted to D50. */
export function cielab([r, g, b]: readonly [number, number, number]): [number, number, number] {
  const [lr, lg, lb] = [r, g, b].map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  // Linear sRGB to XYZ of the D50 profile connection space, Bradford-adapted.
  const x = 0.4360747 * lr + 0.3850649 * lg + 0.1430804 * lb;
  const y = 0.2225045 * lr + 0.7168786 * lg + 0.0606169 * lb;
  const z = 0.0139322 * lr + 0.0971045 * lg + 0.7141733 * lb;
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [fx, fy, fz] = [f(x / 0.9642), f(y), f(z / 0.8249)];
  const l = 116 * fy - 16;
  const u16 = (v: number) => Math.max(0, Math.min(65535, Math.round(v)));
  return [
    u16((l * 65535) / 100),
    u16(((500 * (fx - fy) + 128) * 65535) / 255),
    u16(((200 * (fy - fz) + 128) * 65535) / 255),
  ];
}
