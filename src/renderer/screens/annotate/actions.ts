/** What each key of the viewer does. */
import type { ActionName } from '../../viewer/keys.ts';
import { type AnnotateState, LAYOUTS } from './annotate.svelte.ts';

/** Actions that need more than the state: the panes, the dialog, the shell. */
export interface ScreenActions {
  fit(): void;
  help(): void;
  accept(): void;
  reject(): void;
  cancel(): void;
}

/** One function per action; `repeat`: the key is held down. */
export function actionsOf(screen: AnnotateState, own: ScreenActions): Record<ActionName, (repeat: boolean) => void> {
  const move = (by: number) => screen.goTo(screen.mainPlane, screen.sliceOf(screen.mainPlane) + by);
  const once = (act: () => void) => (repeat: boolean) => {
    if (!repeat) act();
  };
  return {
    'slice.next': () => move(1),
    'slice.previous': () => move(-1),
    'slice.first': () => screen.goTo(screen.mainPlane, 0),
    'slice.last': () => screen.goTo(screen.mainPlane, screen.slices(screen.mainPlane) - 1),
    'slice.flagged': () => screen.goToFlagged(1),
    'slice.flaggedBack': () => screen.goToFlagged(-1),
    'tool.navigate': () => screen.setTool('navigate'),
    'tool.brush': () => screen.setTool('brush'),
    'tool.eraser': () => screen.setTool('eraser'),
    'tool.threshold': () => screen.setTool('threshold'),
    'tool.scissors': () => screen.setTool('scissors'),
    'tool.polygon': () => screen.setTool('polygon'),
    'tool.fill': () => screen.setTool('fill'),
    'tool.grow': () => screen.setTool('grow'),
    'tool.last': once(() => screen.swapTool()),
    'brush.smaller': () => screen.stepRadius(-1),
    'brush.larger': () => screen.stepRadius(1),
    'brush.ball': once(() => {
      screen.settings.ball = !screen.settings.ball;
    }),
    'edit.undo': () => screen.undo(),
    'edit.redo': () => screen.redo(),
    'edit.interpolate': once(() => screen.operations.interpolate()),
    'edit.copyPrevious': once(() => screen.operations.copyFrom(-1)),
    'edit.copyNext': once(() => screen.operations.copyFrom(1)),
    'edit.clearSlice': once(() => screen.operations.clearSlice()),
    'label.previous': () => screen.stepLabel(-1),
    'label.next': () => screen.stepLabel(1),
    'mask.toggle': once(() => {
      screen.maskOn = !screen.maskOn;
    }),
    'mask.fainter': () => {
      screen.opacity = Math.max(0, Math.round((screen.opacity - 0.05) * 100) / 100);
    },
    'mask.stronger': () => {
      screen.opacity = Math.min(1, Math.round((screen.opacity + 0.05) * 100) / 100);
    },
    'window.1': () => screen.usePreset(0),
    'window.2': () => screen.usePreset(1),
    'window.3': () => screen.usePreset(2),
    'window.4': () => screen.usePreset(3),
    'window.5': () => screen.usePreset(4),
    'view.fit': own.fit,
    'view.layout': once(() => {
      screen.layout = LAYOUTS[(LAYOUTS.indexOf(screen.layout) + 1) % LAYOUTS.length];
    }),
    'view.heat': once(() => {
      screen.showHeat = !screen.showHeat;
    }),
    'view.difference': once(() => {
      screen.showDifference = !screen.showDifference;
    }),
    'view.before': () => {
      screen.before = screen.detail?.prediction !== undefined;
    },
    'view.help': once(own.help),
    'review.accept': once(own.accept),
    'review.reject': once(own.reject),
    cancel: own.cancel,
  };
}
