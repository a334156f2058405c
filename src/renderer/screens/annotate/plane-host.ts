/** What the tools of a plane get from the screen, and tell it. */
import type { PlaneName } from '../../../core/edit/planes.ts';
import type { CaseEditor } from '../../viewer/case-editor.ts';
import type { PointerHost } from '../../viewer/pointer-host.ts';
import type { AnnotateState } from './annotate.svelte.ts';

/** What only the plane's pane knows. */
export interface PlaneParts {
  /** It is turned against the voxels. */
  turned(): boolean;
  /** Directions in which the other planes cut it, pixels. */
  cuts(): PointerHost['cuts'];
  overlayChanged(): void;
}

export function planeHost(screen: AnnotateState, editor: CaseEditor, name: PlaneName, parts: PlaneParts): PointerHost {
  return {
    editor,
    settings: screen.tools.settings,
    get window() {
      return screen.look.window;
    },
    setWindow: (next) => {
      screen.look.window = next;
    },
    get panning() {
      return screen.hand.held;
    },
    panned: () => screen.hand.use(),
    toolUsed: () => screen.tools.swap(),
    moveSlice: (by) => screen.position.goTo(name, screen.position.sliceOf(name) + by),
    moveCrosshair: (index) => screen.position.moveCrosshair(index),
    get isTurned() {
      return parts.turned();
    },
    get crosshair() {
      return screen.position.crosshair;
    },
    get cuts() {
      return parts.cuts();
    },
    turnOthers: (angle) => screen.position.turns.turn(name, angle),
    say: (text, cure) => {
      screen.notice = { text, cure };
    },
    stepRadius: (way) => screen.tools.stepRadius(way),
    setTolerance: (tolerance) => {
      screen.tools.settings.tolerance = tolerance;
    },
    edit: (edit, act) => {
      try {
        editor.apply(edit, act, true);
      } catch (error) {
        screen.refuse(error);
      }
    },
    job: (edit, job) => screen.beside.do(edit, job, { limited: true }),
    grower: () => screen.beside.grower(),
    keep: (edit, coming) => screen.beside.keep(edit, coming, { limited: true }),
    overlayChanged: parts.overlayChanged,
    seed: (voxels, inside) => void screen.click.add(voxels, inside),
    measured: (shape) => screen.measurements.add(shape),
    refuse: (error) => screen.refuse(error),
  };
}
