/** Shows the whole of a text that is cut off, under the pointer and where the keyboard's focus is. */

/** Room between the text and its element, and to the window's edge, px. */
const GAP = 6;
let shown: HTMLElement | null = null;

function hide(): void {
  shown?.remove();
  shown = null;
}

/** Whether an element, or one inside it, has more text than it shows. */
const isCut = (node: HTMLElement): boolean =>
  [node, ...node.querySelectorAll<HTMLElement>('*')].some(
    ({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth,
  );

function show(node: HTMLElement, text: string): void {
  hide();
  if (text === '' || !isCut(node)) return;
  const tip = document.createElement('div');
  tip.className = 'full-text';
  // The element's own name says the same to who cannot see it.
  tip.setAttribute('aria-hidden', 'true');
  tip.textContent = text;
  // Inside a dialog, whose layer lies above everything else.
  (node.closest('dialog') ?? document.body).append(tip);
  const at = node.getBoundingClientRect();
  const own = tip.getBoundingClientRect();
  const below = at.bottom + GAP + own.height <= innerHeight;
  tip.style.left = `${Math.max(GAP, Math.min(at.left, innerWidth - own.width - GAP))}px`;
  tip.style.top = `${below ? at.bottom + GAP : Math.max(GAP, at.top - own.height - GAP)}px`;
  shown = tip;
}

/** Svelte action: `use:fullText={name}` on an element whose text may end in an ellipsis. */
export function fullText(node: HTMLElement, text: string): { update(next: string): void; destroy(): void } {
  let own = text;
  const enter = () => show(node, own);
  const focus = (event: FocusEvent) => {
    if (event.target instanceof Element && event.target.matches(':focus-visible')) enter();
  };
  const listeners = { mouseenter: enter, mouseleave: hide, focusin: focus, focusout: hide, mousedown: hide } as const;
  for (const [name, listener] of Object.entries(listeners)) node.addEventListener(name, listener as EventListener);
  return {
    update(next) {
      own = next;
    },
    destroy() {
      hide();
      for (const [name, listener] of Object.entries(listeners))
        node.removeEventListener(name, listener as EventListener);
    },
  };
}
