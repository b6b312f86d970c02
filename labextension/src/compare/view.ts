/** A running comparison's elements, and how they show a state. */
import { button, element, passFocusOn, setText } from '../shared/dom';
import { counted } from '../shared/format';
import { ColumnView, isRunning } from './column';
import type { Compare, ToKernel } from './wire';

export class CompareView {
  readonly root: HTMLElement;
  private readonly _title = element('span', 'cm-compare-title');
  private readonly _against = element('select', 'cm-compare-against', {
    'aria-label': 'Show the differences from one reply',
    'data-lm-suppress-shortcuts': 'true'
  });
  private readonly _reveal = button('cm-compare-reveal', 'Show names');
  private readonly _stop = button('cm-compare-stop', 'Stop all');
  private readonly _note = element('span', 'cm-muted', { role: 'status' });
  private readonly _grid = element('div', 'cm-compare-columns');
  private _columns: ColumnView[] = [];

  constructor(
    private readonly _send: (message: ToKernel) => void,
    private readonly _signal: AbortSignal
  ) {
    this.root = element(
      'div',
      'cm-view cm-compare',
      { role: 'group', 'aria-label': 'Running comparison' },
      element('div', 'cm-compare-bar', {}, this._title, this._note, this._against, this._reveal, this._stop),
      this._grid
    );
    this._on(this._stop, 'click', () => {
      if (this._stop.getAttribute('aria-disabled') !== 'true') {
        this._stop.setAttribute('aria-disabled', 'true');
        setText(this._stop, 'Stopping…');
        this._send({ type: 'stop', column: null });
      }
    });
    this._on(this._reveal, 'click', () => {
      this._send({ type: 'reveal' });
    });
    this._on(this._against, 'change', () => {
      this._send({ type: 'against', column: this._against.value === '' ? null : Number(this._against.value) });
    });
  }

  /** `now`: milliseconds of any steady clock. */
  show(state: Compare, now: number): void {
    if (this._columns.length !== state.columns.length) {
      this._columns = state.columns.map((_, index) => new ColumnView(index, this._send, this._signal));
      this._grid.replaceChildren(...this._columns.map(column => column.root));
      this._grid.style.setProperty('--cm-compare-count', String(state.columns.length));
    }
    const running = state.columns.filter(isRunning).length;
    setText(this._title, `Comparing ${counted(state.columns.length, 'model', 'models')}`);
    this._showAgainst(state);
    this._reveal.hidden = !state.hidden;
    state.columns.forEach((column, index) => this._columns[index]?.show(column, now));
    if (running === 0) {
      passFocusOn(this.root);
    }
  }

  tick(now: number): void {
    for (const column of this._columns) {
      column.tick(now);
    }
  }

  /** Say something beside the title. */
  say(text: string): void {
    setText(this._note, text);
  }

  private _showAgainst(state: Compare): void {
    const labels = state.columns.map((column, index) => `differences from ${index + 1}. ${column.label}`);
    const key = labels.join('\n');
    if (this._against.dataset.key !== key) {
      this._against.dataset.key = key;
      const options = labels.map((label, index) => element('option', '', { value: String(index) }, label));
      this._against.replaceChildren(element('option', '', { value: '' }, 'whole replies'), ...options);
    }
    const value = state.against === null ? '' : String(state.against);
    if (this._against.value !== value && document.activeElement !== this._against) {
      this._against.value = value;
    }
  }

  private _on(target: HTMLElement, event: string, act: () => void): void {
    target.addEventListener(event, act, { signal: this._signal });
  }
}
