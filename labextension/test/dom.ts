/** A document, and a model as anywidget gives it, for tests of views. */
import type { AnyModel } from '@anywidget/types';
import { Window } from 'happy-dom';

import type { State } from '../src/shared/state';

const window = new Window();
Object.assign(globalThis, {
  window,
  document: window.document,
  CustomEvent: window.CustomEvent,
  Node: window.Node,
  DOMParser: window.DOMParser
});

type Listener = (message: unknown) => void;

/** What the kernel's side of a widget does, done by the test. */
export class FakeModel {
  readonly sent: unknown[] = [];
  /** What the kernel does about a message. */
  onSend: (message: unknown) => void = () => undefined;
  readonly listeners = new Map<string, Set<Listener>>();

  constructor(private _state: unknown) {}

  get(): unknown {
    return this._state;
  }

  on(event: string, listener: Listener): void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener));
  }

  off(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener);
  }

  send(message: unknown): void {
    this.sent.push(message);
    this.onSend(message);
  }

  push(state: unknown): void {
    this._state = state;
    this._emit('change:state', undefined);
  }

  answer(message: unknown): void {
    this._emit('msg:custom', message);
  }

  get listening(): number {
    return [...this.listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }

  private _emit(event: string, message: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) {
      listener(message);
    }
  }
}

interface Widget {
  render: (props: never) => void;
}

/** A widget rendered into a page; `dispose` is what the front end does when the view goes. */
export function rendered(
  widget: Widget,
  state: unknown,
  prepare: (model: FakeModel) => void = () => undefined
): { model: FakeModel; el: HTMLElement; dispose: () => void } {
  const model = new FakeModel(state);
  prepare(model);
  const el = document.createElement('div');
  document.body.replaceChildren(el);
  const controller = new AbortController();
  widget.render({ model: model as unknown as AnyModel<State>, el, signal: controller.signal } as never);
  return {
    model,
    el,
    dispose: () => {
      controller.abort();
    }
  };
}

/** The element that a selector finds, or an error. */
export function found(el: HTMLElement, selector: string): HTMLElement {
  const one = el.querySelector<HTMLElement>(selector);
  if (one === null) {
    throw new Error(`no ${selector} in ${el.textContent}`);
  }
  return one;
}
