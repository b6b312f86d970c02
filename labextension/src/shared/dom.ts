/** The few lines of DOM that the views share. Text is always set as text. */

type Attributes = Readonly<Record<string, string>>;

/** An element with a class, attributes and children; strings become text nodes. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Set the text only where it changes: no needless layout, nothing for a screen reader to say twice. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** A button that works from the keyboard inside a notebook, whose shortcuts would else take Enter away. */
export function button(className: string, label: string, attributes: Attributes = {}): HTMLButtonElement {
  return element(
    'button',
    `cm-button ${className}`,
    {
      type: 'button',
      'data-lm-suppress-shortcuts': 'true',
      ...attributes
    },
    label
  );
}

/** What a screen reader says when it has time; not for figures that change all the time. */
export function announcer(): HTMLElement {
  return element('span', 'cm-hidden', { role: 'status', 'aria-live': 'polite' });
}

/** Keep the focus in the notebook when what holds it is about to go. */
export function passFocusOn(leaving: HTMLElement): void {
  if (leaving.contains(document.activeElement)) {
    leaving.parentElement?.closest<HTMLElement>('[tabindex]')?.focus({ preventScroll: true });
  }
}
