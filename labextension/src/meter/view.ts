/** The live meter's elements, and how they show a state. */
import { announcer, button, element, setText } from '../shared/dom';
import { FiguresView } from '../shared/figures';
import { counted } from '../shared/format';
import type { Meter } from '../shared/wire';

const PHASES: Record<Meter['phase'], string> = {
  waiting: 'waiting for the first token',
  streaming: 'the reply is arriving',
  stopping: 'stopping',
  done: 'done'
};

export class MeterView {
  readonly root: HTMLElement;
  readonly stop = button('cm-meter-stop', 'Stop', { 'aria-label': 'Stop this call' });
  private readonly _tier = element('span', 'cm-badge cm-badge-tier');
  private readonly _simulated = element('span', 'cm-badge cm-badge-warn', {}, 'SIMULATED');
  private readonly _reason = element('span', 'cm-meter-reason cm-muted');
  /** The tooltip again, for who can't point at it. */
  private readonly _why = element('span', 'cm-hidden');
  private readonly _figures = new FiguresView('cm-meter-cost');
  private readonly _cache = element('span', 'cm-muted');
  private readonly _retries = element('span', 'cm-badge cm-badge-warn');
  private readonly _said = announcer();
  private _phase: Meter['phase'] | null = null;

  constructor() {
    this.root = element(
      'div',
      'cm-view cm-meter',
      { role: 'group', 'aria-label': 'Running call' },
      this._tier,
      this._simulated,
      this._reason,
      this._why,
      ...this._figures.all,
      this._cache,
      this._retries,
      this.stop,
      this._said
    );
  }

  /** `now`: milliseconds of any steady clock. */
  show(state: Meter, now: number): void {
    this._tier.hidden = state.tier === null;
    setText(this._tier, state.tier ?? '');
    this._simulated.hidden = !state.simulated;
    setText(this._reason, `${state.model} · ${state.label}`);
    this._reason.title = state.reason;
    setText(this._why, state.reason);
    this._figures.show(state, now);
    setText(this._cache, `cache: ${state.cache}`);
    this._retries.hidden = state.retries === 0;
    setText(this._retries, counted(state.retries, 'retry', 'retries'));
    this._setPhase(state.phase, state.model);
  }

  tick(now: number): void {
    if (this._phase !== null && this._phase !== 'done') {
      this._figures.tick(now);
    }
  }

  /** The button keeps its focus, so it is never `disabled`. */
  showStopping(): void {
    this.stop.setAttribute('aria-disabled', 'true');
    this.stop.removeAttribute('aria-label');
    setText(this.stop, 'Stopping…');
  }

  /** Say something beside the figures. */
  say(text: string): void {
    this._said.classList.remove('cm-hidden');
    this._said.classList.add('cm-muted');
    setText(this._said, text);
  }

  private _setPhase(phase: Meter['phase'], model: string): void {
    if (phase === this._phase) {
      return;
    }
    this._phase = phase;
    setText(this._said, `${model}: ${PHASES[phase]}`);
    if (phase === 'stopping') {
      this.showStopping();
    }
  }
}
