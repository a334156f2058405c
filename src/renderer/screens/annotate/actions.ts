/** What each key of the viewer does. */
import type { ActionName } from '../../viewer/keys.ts';
import type { AnnotateState } from './annotate.svelte.ts';

/** Ways from one case to another. */
export type Step = 'next' | 'previous' | 'suggested';

/** Actions that need more than the state: the panes, the dialog, the shell. */
export interface ScreenActions {
  fit(): void;
  help(): void;
  accept(): void;
  reject(): void;
  cancel(): void;
  /** Takes the last corner of an open polygon back; false where none is open. */
  cornerBack(): boolean;
  /** Takes the last decision back where it was made after the last stroke; false where there is none. */
  undoDecision(): boolean;
  step(to: Step): void;
  /** Shows or hides the list of cases. */
  list(): void;
}

/** One function per action; `repeat`: the key is held down. */
export function actionsOf(screen: AnnotateState, own: ScreenActions): Record<ActionName, (repeat: boolean) => void> {
  const { look, position, tools } = screen;
  const move = (by: number) => position.goTo(position.main, position.sliceOf(position.main) + by);
  const once = (act: () => void) => (repeat: boolean) => {
    if (!repeat) act();
  };
  return {
    'slice.next': () => move(1),
    'slice.previous': () => move(-1),
    'slice.first': () => position.goTo(position.main, 0),
    'slice.last': () => position.goTo(position.main, position.slices(position.main) - 1),
    'crosshair.left': () => position.moveOn(position.main, -1, 0),
    'crosshair.right': () => position.moveOn(position.main, 1, 0),
    'crosshair.up': () => position.moveOn(position.main, 0, -1),
    'crosshair.down': () => position.moveOn(position.main, 0, 1),
    'slice.flagged': () => position.goToFlagged(1),
    'slice.flaggedBack': () => position.goToFlagged(-1),
    'tool.navigate': () => screen.setTool('navigate'),
    'tool.brush': () => screen.setTool('brush'),
    'tool.eraser': () => screen.setTool('eraser'),
    'tool.threshold': () => screen.setTool('threshold'),
    'tool.range': () => screen.setTool('range'),
    'tool.scissors': () => screen.setTool('scissors'),
    'tool.polygon': () => screen.setTool('polygon'),
    'tool.fill': () => screen.setTool('fill'),
    'tool.grow': () => screen.setTool('grow'),
    'tool.click': () => screen.setTool('click'),
    'tool.ruler': () => screen.setTool('ruler'),
    'tool.angle': () => screen.setTool('angle'),
    'tool.roi': () => screen.setTool('roi'),
    'click.this': once(() => screen.clickAtCrosshair(true)),
    'click.notThis': once(() => screen.clickAtCrosshair(false)),
    'tool.window': once(() => screen.setTool('window')),
    'tool.last': once(() => {
      screen.click.take();
      tools.swap();
      screen.notice = null;
    }),
    'brush.smaller': () => tools.stepRadius(-1),
    'brush.larger': () => tools.stepRadius(1),
    'brush.ball': once(() => {
      tools.settings.ball = !tools.settings.ball;
    }),
    'edit.undo': () => {
      if (!own.cornerBack() && !own.undoDecision()) screen.undo();
    },
    'edit.cornerBack': own.cornerBack,
    'edit.redo': () => screen.redo(),
    'edit.interpolate': once(() => screen.operations.interpolate()),
    'edit.follow': once(() => screen.follow.start()),
    'edit.copyPrevious': once(() => screen.operations.copyFrom(-1)),
    'edit.copyNext': once(() => screen.operations.copyFrom(1)),
    'edit.clearSlice': once(() => screen.operations.clearSlice()),
    'label.previous': () => screen.labels.step(-1),
    'label.next': () => screen.labels.step(1),
    'case.next': once(() => own.step('next')),
    'case.previous': once(() => own.step('previous')),
    'case.suggested': once(() => own.step('suggested')),
    'case.list': once(own.list),
    'mask.toggle': once(() => {
      look.maskOn = !look.maskOn;
    }),
    'mask.fainter': () => look.stepOpacity(-0.05),
    'mask.stronger': () => look.stepOpacity(0.05),
    'window.1': () => look.usePreset(0),
    'window.2': () => look.usePreset(1),
    'window.3': () => look.usePreset(2),
    'window.4': () => look.usePreset(3),
    'window.5': () => look.usePreset(4),
    'view.second': once(() => screen.second.toggle()),
    'view.invert': once(() => {
      look.invert = !look.invert;
    }),
    'channel.1': once(() => void screen.channels.show(0)),
    'channel.2': once(() => void screen.channels.show(1)),
    'channel.3': once(() => void screen.channels.show(2)),
    'channel.4': once(() => void screen.channels.show(3)),
    'channel.5': once(() => void screen.channels.show(4)),
    'channel.6': once(() => void screen.channels.show(5)),
    'channel.7': once(() => void screen.channels.show(6)),
    'channel.8': once(() => void screen.channels.show(7)),
    'channel.9': once(() => void screen.channels.show(8)),
    'view.fit': own.fit,
    'view.layout': once(() => look.nextLayout()),
    'view.heat': once(() => {
      look.showHeat = !look.showHeat;
    }),
    'view.difference': once(() => {
      look.showDifference = !look.showDifference;
    }),
    'view.before': () => {
      look.before = screen.detail?.prediction !== undefined;
    },
    'view.help': once(own.help),
    'review.accept': once(() => {
      if (!screen.click.take()) own.accept();
    }),
    'review.reject': once(own.reject),
    'review.markNext': () => screen.review.mark(1),
    'review.markBack': () => screen.review.mark(-1),
    'review.acceptSlices': once(() => {
      if (screen.detail?.prediction) void screen.review.decide('accept', { wholeCase: false });
    }),
    cancel: () => {
      const waits = [screen.click, screen.follow, screen.beside, screen.threshold];
      if (!waits.some((one) => one.cancel())) own.cancel();
    },
  };
}
