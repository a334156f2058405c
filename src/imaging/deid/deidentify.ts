/** De-identified copies of DICOM files: attributes by the table, UIDs remapped consistently, private tags dropped. */

import { createHash, createHmac } from 'node:crypto';
import { streamFileAtomic, writeAll } from '../../disk/index.ts';
import { DecileError } from '../../shared/errors.ts';
import { type DataSet, type Element, parseDicom, readWhole, TRANSFER } from '../dicom/dataset.ts';
import { type DicomElement, el, encodeFile, encodeSet, join } from '../dicom/encode.ts';
import { shiftedMoment } from './dates.ts';
import { identifiersIn } from './identifiers.ts';
import { bareFrames, barePixels, withoutSpareBits } from './pixels.ts';
import { actionFor, MULTI_FRAME_DUMMIES, STRUCTURE_SET_DUMMIES } from './table.ts';
import { keptValue, type ValueRules, valueRules } from './values.ts';
import { vrOf } from './vr.ts';

export interface DeidOptions {
  /** Secret of this export: same secret and UID, same new UID; without it nobody can map them back. */
  secret: string;
  /** Removed, or every date moved back by this many days, the same for all of a patient. */
  dates: 'remove' | { shiftDays: number };
  patientName?: string;
  patientId?: string;
  /** What else must not be said, besides what the file itself says of its patient. */
  identifiers?: Iterable<string>;
}

/** The new UID of an original: 2.25 and 128 bits of a keyed hash. */
function remapUid(uid: string, secret: string): string {
  const hash = createHmac('sha256', secret).update(uid).digest();
  return `2.25.${BigInt(`0x${hash.subarray(0, 16).toString('hex')}`)}`;
}

/** Eight letters that stand for a patient: the same in every file of one export. */
const pseudonym = (patientId: string, secret: string): string =>
  `ANON-${createHash('sha256').update(`${secret}\0${patientId}`).digest('hex').slice(0, 8).toUpperCase()}`;

/** @throws deid/burned-in, deid/not-an-image, deid/pixels and what parsing throws */
export async function deidentifyFile(from: string, to: string, options: DeidOptions): Promise<void> {
  const bytes = deidentify(from, await readWhole(from), options);
  await streamFileAtomic(to, (handle) => writeAll(handle, bytes));
}

/** The de-identified file's bytes. */
export function deidentify(path: string, bytes: Uint8Array, options: DeidOptions): Uint8Array {
  const { dataSet, transferSyntax } = parseDicom(path, bytes);
  if ((dataSet.string('x00280301') ?? '').trim().toUpperCase() === 'YES') {
    throw new DecileError(
      'deid/burned-in',
      `${path} must not show text in its pixels, got an image marked as having burned-in annotation.`,
      'Leave this image out: names in pixels cannot be removed by attributes.',
    );
  }
  // Screenshots and dose reports carry the modality of their scan, and seldom the mark above.
  if (SECONDARY_CAPTURE.test(dataSet.string('x00080016') ?? '')) {
    throw new DecileError(
      'deid/burned-in',
      `${path} must not show text in its pixels, got a secondary capture (a screenshot or report page).`,
      'Leave this image out: names in pixels cannot be removed by attributes.',
    );
  }
  // Overlays in the spare bits of pixels: what they draw would stay when the attributes that describe them go.
  for (let group = 0x6000; group < 0x6020; group += 2) {
    if ((dataSet.uint16(`x${group.toString(16)}0100`) ?? 1) > 1)
      throw new DecileError(
        'deid/burned-in',
        `${path} must not show text in its pixels, got an overlay stored in their spare bits.`,
        'Leave this image out, or export it from its archive with overlays as attributes of their own.',
      );
  }
  const modality = (dataSet.string('x00080060') ?? '').trim();
  if (!['CT', 'MR', 'PT', 'NM', 'SEG', 'RTSTRUCT'].includes(modality)) {
    throw new DecileError(
      'deid/not-an-image',
      `${path} must be a CT, MR, PET, segmentation or structure set object, got ${modality || 'no modality'}.`,
      'Reports, plans and captures hold free text and pictures of text: leave them out.',
    );
  }
  const syntax = transferSyntax === TRANSFER.deflated ? TRANSFER.explicitLittle : transferSyntax;
  const writer = new Writer(path, dataSet, syntax, options);
  const body = writer.set(dataSet, true);
  const sop = remapUid((dataSet.string('x00080018') ?? '').trim(), options.secret);
  const head = encodeFile([], (dataSet.string('x00080016') ?? '').trim(), sop, syntax);
  return join([head, body]);
}

const SECONDARY_CAPTURE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.|$)/;

/** Pixels, as whole numbers and as floating-point ones. */
const PIXELS = new Set(['7fe00008', '7fe00009', '7fe00010']);

/** Shared functional groups: what every multi-frame object has. */
const SHARED_GROUPS = 'x52009229';
/** Structures of a structure set. */
const STRUCTURES = 'x30060020';
const NONE: ReadonlyMap<string, string> = new Map();

/** Encodes a parsed data set again, element by element, in its own byte order and VR style. */
class Writer {
  private readonly path: string;
  private readonly syntax: string;
  private readonly explicit: boolean;
  private readonly big: boolean;
  private readonly options: DeidOptions;
  private readonly patient: string;
  private readonly rules: ValueRules;
  private readonly root: DataSet;
  constructor(path: string, root: DataSet, syntax: string, options: DeidOptions) {
    this.path = path;
    this.root = root;
    this.syntax = syntax;
    this.explicit = syntax !== TRANSFER.implicitLittle && syntax !== TRANSFER.privateGe;
    this.big = syntax === TRANSFER.explicitBig;
    this.options = options;
    this.patient = options.patientId ?? pseudonym(root.string('x00100020') ?? '', options.secret);
    const identifiers = [...identifiersIn(root), ...(options.identifiers ?? [])];
    this.rules = valueRules(identifiers, root, options.secret, !this.big);
  }

  set(d: DataSet, root = false): Uint8Array {
    const parts: [string, Uint8Array][] = [];
    for (const [key, element] of Object.entries(d.elements)) {
      const tag = key.slice(1);
      if (root && tag.startsWith('0002')) continue;
      const dummy = root ? this.demanded(d).get(tag) : undefined;
      const out = dummy === undefined ? this.element(tag, element, d) : this.dummy(tag, element, d, dummy);
      if (out) parts.push([tag, out]);
    }
    if (root) for (const e of this.statement()) parts.push([e.tag, this.raw(e.tag, e.vr, this.plain(e))]);
    parts.sort((a, b) => (a[0] < b[0] ? -1 : 1));
    return join(parts.map((p) => p[1]));
  }

  /** What the object's own modules demand to be there. */
  private demanded(root: DataSet): ReadonlyMap<string, string> {
    if (root.elements[SHARED_GROUPS]) return MULTI_FRAME_DUMMIES;
    return root.elements[STRUCTURES] ? STRUCTURE_SET_DUMMIES : NONE;
  }

  /** What PS3.15 demands of the result: that, how and by which profile identity was removed. */
  private statement(): DicomElement[] {
    const shifted = this.options.dates !== 'remove';
    return [
      el('00120062', 'CS', 'YES'),
      el('00120063', 'LO', `DICOM PS3.15 E.1 basic profile${shifted ? ', dates shifted' : ''} (Decile)`),
      el('00280303', 'CS', shifted ? 'MODIFIED' : 'REMOVED'),
    ];
  }

  private element(tag: string, e: Element, d: DataSet): Uint8Array | null {
    const vr = vrOf(tag, e);
    const action = actionFor(tag, e.vr);
    switch (action) {
      case 'remove':
        return null;
      case 'empty':
        return this.raw(tag, vr, new Uint8Array(0));
      case 'dummy':
        return this.raw(tag, vr, pad(tag === '00100010' ? (this.options.patientName ?? this.patient) : this.patient));
      case 'uid':
        return this.raw(tag, vr, this.uids(d, e));
      case 'date-empty':
      case 'date-remove': {
        const shifted = this.date(d, e, vr);
        if (shifted) return this.raw(tag, vr, shifted);
        return action === 'date-empty' ? this.raw(tag, vr, new Uint8Array(0)) : null;
      }
      case 'keep':
        if (vr === 'SQ') return e.items || e.length === 0 ? this.sequence(tag, e) : null;
        if (d === this.root && PIXELS.has(tag)) return this.pixels(tag, vr, e);
        return e.fragments ? null : this.kept(tag, vr, e, d);
    }
  }

  private kept(tag: string, vr: string, e: Element, d: DataSet): Uint8Array {
    const value = keptValue(tag, vr, e, d, this.rules);
    if (value) return this.raw(tag, vr, value);
    throw new DecileError(
      'deid/pixels',
      `The look-up table of ${this.path} must hold numbers alone, got what reads as text.`,
      'Leave this image out: without its table it would have other values.',
    );
  }

  /** A shifted date where dates are shifted, else the dummy. */
  private dummy(tag: string, e: Element, d: DataSet, dummy: string): Uint8Array {
    const vr = vrOf(tag, e);
    const moment = tag === '00080023' || tag === '00080033';
    return this.raw(tag, vr, (moment ? this.date(d, e, vr) : null) ?? pad(dummy));
  }

  private uids(d: DataSet, e: Element): Uint8Array {
    const value = ascii(d, e)
      .split('\\')
      .map((u) => u.replace(/[\0 ]+$/, '').trim());
    // UIDs of the standard itself (well-known frames of reference) name nobody.
    const own = (u: string) => u !== '' && !u.startsWith('1.2.840.10008.');
    return pad(value.map((u) => (own(u) ? remapUid(u, this.options.secret) : u)).join('\\'), 0);
  }

  /** The date moved back, or null where dates are removed or nothing of the value is one. */
  private date(d: DataSet, e: Element, vr: string): Uint8Array | null {
    const { dates } = this.options;
    const moved = dates === 'remove' ? null : shiftedMoment(ascii(d, e), vr, dates.shiftDays);
    return moved === null ? null : pad(moved);
  }

  private sequence(tag: string, e: Element): Uint8Array {
    const body = join(
      (e.items ?? []).map((item) => {
        const inner = item.dataSet ? this.set(item.dataSet) : new Uint8Array(0);
        return join([this.header('fffee000', null, inner.length), inner]);
      }),
    );
    return this.raw(tag, 'SQ', body);
  }

  /** Pixels cut to the image; of compressed ones each frame is one piece, and the offsets are made anew. */
  private pixels(tag: string, vr: string, e: Element): Uint8Array {
    if (!e.fragments) {
      const bare = barePixels(tag, e, this.root);
      return this.raw(tag, vr, tag === '7fe00010' ? withoutSpareBits(bare, this.root, !this.big) : bare);
    }
    const frames = bareFrames(this.path, this.syntax, e, this.root);
    const offsets: number[] = [];
    let at = 0;
    for (const frame of frames) {
      offsets.push(at);
      at += 8 + frame.length;
    }
    const fits = at <= 0xffffffff;
    const table = new Uint8Array(fits ? 4 * offsets.length : 0);
    const view = new DataView(table.buffer);
    if (fits) for (const [n, offset] of offsets.entries()) view.setUint32(4 * n, offset, true);
    return join([
      this.header(tag, vr === 'OW' ? 'OB' : vr, 0xffffffff),
      ...[table, ...frames].flatMap((p) => [this.header('fffee000', null, p.length), p]),
      this.header('fffee0dd', null, 0),
    ]);
  }

  private raw(tag: string, vr: string, value: Uint8Array): Uint8Array {
    return join([this.header(tag, vr, value.length), value]);
  }

  private header(tag: string, vr: string | null, length: number): Uint8Array {
    const long = vr !== null && this.explicit && /^(OB|OD|OF|OL|OV|OW|SQ|SV|UC|UN|UR|UT|UV)$/.test(vr);
    const out = new Uint8Array(long ? 12 : 8);
    const v = new DataView(out.buffer);
    const le = !this.big;
    v.setUint16(0, Number.parseInt(tag.slice(0, 4), 16), le);
    v.setUint16(2, Number.parseInt(tag.slice(4), 16), le);
    if (vr === null || !this.explicit) v.setUint32(4, length, le);
    else {
      out[4] = vr.charCodeAt(0);
      out[5] = vr.charCodeAt(1);
      if (long) v.setUint32(8, length, le);
      else v.setUint16(6, length, le);
    }
    return out;
  }

  /** The value bytes of one of our own elements. */
  private plain(e: DicomElement): Uint8Array {
    return encodeSet([e]).subarray(8);
  }
}

const ascii = (d: DataSet, e: Element) =>
  Buffer.from(d.byteArray.buffer, d.byteArray.byteOffset + e.dataOffset, e.length).toString('latin1');

function pad(text: string, filler = 0x20): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length % 2 === 0) return bytes;
  const out = new Uint8Array(bytes.length + 1).fill(filler);
  out.set(bytes);
  return out;
}
