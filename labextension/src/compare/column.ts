/** One column of a running comparison: its head, meter, reply and buttons. */
import { announcer, button, element, setText } from '../shared/dom';
import { FiguresView } from '../shared/figures';
import { nodes } from './markup';
import { VoteButtons } from './votes';
import type { Column, ToKernel } from './wire';

const PHASES: Record<Column['phase'], string> = {
  waiting: 'waiting for the first token',
  streaming: 'the reply is arriving',
  stopping: 'stopping',
  ok: 'done',
  refused: 'refused',
  error: 'failed',
  interrupted: 'stopped'
};

export function isRunning(column: Column): boolean {
  return column.phase === 'waiting' || column.phase === 'streaming' || column.phase === 'stopping';
}

export class ColumnView {
  readonly root: HTMLElement;
  private readonly _label = element('span', 'cm-compare-label');
  private readonly _model = element('span', 'cm-compare-model cm-muted');
  private readonly _badges = element('span', 'cm-compare-badges');
  private readonly _figures = new FiguresView('cm-compare-cost');
  private readonly _body = element('div', 'cm-compare-body jp-RenderedHTMLCommon', { tabindex: '0', dir: 'auto' });
  private readonly _stop = button('cm-compare-stop', 'Stop');
  private readonly _fold = button('cm-compare-fold', 'Expand', { 'aria-expanded': 'false' });
  private readonly _said = announcer();
  private readonly _votes: VoteButtons;
  private _shown: Column | null = null;

  constructor(
    private readonly _index: number,
    private readonly _send: (message: ToKernel) => void,
    signal: AbortSignal
  ) {
    this._votes = new VoteButtons(_index, _send, signal);
    const tools = element('span', 'cm-compare-tools', {}, this._fold, this._stop);
    this.root = element(
      'section',
      'cm-compare-column',
      {},
      // The buttons stand above all that grows: what moves between press and release is not clicked.
      element('div', 'cm-compare-head', {}, this._label, this._model, this._badges, tools),
      element('div', 'cm-compare-meter', {}, ...this._figures.all),
      this._body,
      this._votes.root, // can't be pressed before the reply is whole
      this._said
    );
    this._stop.addEventListener(
      'click',
      () => {
        if (this._stop.getAttribute('aria-disabled') !== 'true') {
          this._send({ type: 'stop', column: this._index });
        }
      },
      { signal }
    );
    this._fold.addEventListener(
      'click',
      () => {
        const open = this.root.classList.toggle('cm-mod-expanded');
        this._fold.setAttribute('aria-expanded', String(open));
        setText(this._fold, open ? 'Collapse' : 'Expand');
      },
      { signal }
    );
  }

  /** `now`: milliseconds of any steady clock. */
  show(column: Column, now: number): void {
    const before = this._shown;
    this._shown = column;
    this.root.setAttribute('aria-label', column.label);
    this.root.setAttribute('aria-busy', String(isRunning(column)));
    setText(this._label, `${this._index + 1}. ${column.label}`);
    setText(this._model, column.model ?? '');
    this._showBadges(column);
    this._figures.show(column.figures, now);
    if (before?.html !== column.html) {
      this._showReply(column.html);
    }
    this._body.setAttribute('aria-label', `Reply of ${column.label}`);
    this._stop.hidden = !isRunning(column);
    this._stop.setAttribute('aria-label', `Stop ${column.label}`);
    this._stop.setAttribute('aria-disabled', String(column.phase === 'stopping'));
    setText(this._stop, column.phase === 'stopping' ? 'Stopping…' : 'Stop');
    this._votes.show(column);
    if (before?.phase !== column.phase) {
      setText(this._said, `${column.label}: ${PHASES[column.phase]}`);
    }
  }

  tick(now: number): void {
    if (this._shown?.figures && isRunning(this._shown)) {
      this._figures.tick(now);
    }
  }

  private _showBadges(column: Column): void {
    const key = column.badges.map(badge => badge.text).join('\n');
    if (this._badges.dataset.key === key) {
      return;
    }
    this._badges.dataset.key = key;
    this._badges.replaceChildren(
      ...column.badges.map(badge => element('span', `cm-badge cm-badge-${badge.kind}`, {}, badge.text))
    );
  }

  private _showReply(html: string): void {
    // Whoever reads the end of a growing reply stays at its end.
    const body = this._body;
    const atEnd = body.scrollHeight - body.scrollTop - body.clientHeight < 8;
    body.replaceChildren(nodes(html));
    if (atEnd) {
      body.scrollTop = body.scrollHeight;
    }
  }
}
