/** Replies as elements. The kernel has made their HTML safe; nothing but harmless elements gets through here either. */

const TAGS = new Set(
  (
    'a b blockquote br code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i ins li ol p pre s span strong sub ' +
    'summary sup table tbody td th thead tr ul'
  ).split(' ')
);

/** Left out with all that they hold. */
const DROPPED = new Set(['script', 'style', 'template', 'noscript', 'iframe', 'object', 'svg', 'math']);

const STYLES = new Set(['white-space', 'overflow-wrap', 'text-align']);

/** The nodes that a text of HTML stands for; what is not known to be harmless becomes its text. */
export function nodes(html: string): DocumentFragment {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const fragment = document.createDocumentFragment();
  fragment.append(...copied(parsed.body));
  return fragment;
}

function copied(parent: Element): Node[] {
  return [...parent.childNodes].flatMap(node => {
    if (node.nodeType === Node.TEXT_NODE) {
      return [document.createTextNode(node.textContent ?? '')];
    }
    if (node.nodeType !== Node.ELEMENT_NODE) {
      return [];
    }
    const element = node as HTMLElement;
    const tag = element.tagName.toLowerCase();
    if (DROPPED.has(tag)) {
      return [];
    }
    return TAGS.has(tag) ? [copy(element, tag)] : copied(element);
  });
}

function copy(element: HTMLElement, tag: string): HTMLElement {
  const made = document.createElement(tag);
  if (tag === 'a' && /^(https?|mailto):/i.test(element.getAttribute('href') ?? '')) {
    made.setAttribute('href', element.getAttribute('href') ?? '');
    made.setAttribute('target', '_blank');
    made.setAttribute('rel', 'noopener noreferrer');
  }
  const start = element.getAttribute('start');
  if (tag === 'ol' && start !== null && /^\d+$/.test(start)) {
    made.setAttribute('start', start);
  }
  for (const name of STYLES) {
    const value = element.style.getPropertyValue(name);
    if (value !== '') {
      made.style.setProperty(name, value);
    }
  }
  made.append(...copied(element));
  return made;
}
