/** The tool in hand and its settings; stay as they are from case to case. */
import { DEFAULT_SETTINGS, stepRadius, type ToolId, type ToolSettings } from '../../viewer/tools.ts';

export class ToolState {
  settings = $state<ToolSettings>({ ...DEFAULT_SETTINGS });
  private last: ToolId = 'brush';

  use(tool: ToolId): void {
    if (tool === this.settings.tool) return;
    this.last = this.settings.tool;
    this.settings.tool = tool;
  }

  swap(): void {
    this.use(this.last);
  }

  stepRadius(way: 1 | -1): void {
    this.settings.radius = stepRadius(this.settings.radius, way);
  }

  /** Ranges that suit a scan. @param percentiles its 1st and 99th */
  suit([low, high]: readonly [number, number]): void {
    this.settings.range = [Math.round(low + (high - low) * 0.4), Math.round(high)];
    this.settings.tolerance = Math.max(1, Math.round((high - low) * 0.06));
  }
}
