/** Starts Cornerstone3D once for the window, and says which way it draws. */
import { cache, getRenderingCapabilities, init as initCore, RenderingEngine, type Types } from '@cornerstonejs/core';
import { init as initTools } from '@cornerstonejs/tools';
import { MOST_BYTES } from './case-loader.ts';

/** `gpu`: WebGL on a real graphics card; `cpu`: Cornerstone3D's own drawing without WebGL. */
export type Rendering = 'cpu' | 'gpu';

/** The largest case that is shown, twice: the one before it is still open for a moment. Only what is used is taken. */
const CACHE_BYTES = 2 * MOST_BYTES;

let engine: RenderingEngine | null = null;

/** WebGL emulated by the processor is ten times slower than drawing without it, so only a real card counts. */
function chooseRendering(wanted: string | null): Rendering {
  if (wanted === 'cpu' || wanted === 'gpu') return wanted;
  const { webgl, softwareRasterizer } = getRenderingCapabilities();
  return webgl && !softwareRasterizer ? 'gpu' : 'cpu';
}

/** The one rendering engine; `?rendering=cpu` or `gpu` in the page's address overrides the choice. */
export function renderingEngine(): Types.IRenderingEngine {
  if (engine) return engine;
  const rendering = chooseRendering(new URLSearchParams(location.search).get('rendering'));
  initCore({
    debug: {},
    rendering: {
      useGenericViewport: true,
      useCPURendering: rendering === 'cpu',
      webGlContextCount: 1,
      // Slices along the voxel axes are taken as they are and only scaled, which no resampling can match in speed.
      // Planes draw themselves anew when what they show was written: the library would draw all of them.
      planar: { cpuVolume: { useViewportSamplingForLinear: false, volumeModifiedThrottleMs: 3_600_000 } },
    },
  });
  initTools();
  cache.setMaxCacheSize(CACHE_BYTES);
  document.documentElement.dataset.rendering = rendering;
  engine = new RenderingEngine('decile');
  return engine;
}
