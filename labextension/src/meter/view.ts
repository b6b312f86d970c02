/** The live meter's elements, and how they show a state. */
import { announcer, button, element, setText } from '../shared/dom';
import { counted, dollars, integer, seconds } from '../shared/format';
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
  private readonly _tokens = element('span', 'cm-number');
  private readonly _cost = element('span', 'cm-number cm-meter-cost');
  private readonly _pace = element('span', 'cm-number cm-muted');
  private readonly _elapsed = element('span', 'cm-number cm-muted');
  private readonly _cache = element('span', 'cm-muted');
  private readonly _retries = element('span', 'cm-badge cm-badge-warn');
  private readonly _said = announcer();
  private _phase: Meter['phase'] | null = null;
  private _base = { elapsed: 0, at: 0 };

  constructor() {
    this.root = element(
      'div',
      'cm-view cm-meter',
      { role: 'group', 'aria-label': 'Running call' },
      this._tier,
      this._simulated,
      this._reason,
      this._why,
      this._tokens,
      this._cost,
      this._pace,
      this._elapsed,
      this._cache,
      this._retries,
      this.stop,
      this._said
    );
  }

  /** `now`: milliseconds of any steady clock. */
  show(state: Meter, now: number): void {
    const about = state.usage === 'estimated' ? '≈ ' : '';
    this._tier.hidden = state.tier === null;
    setText(this._tier, state.tier ?? '');
    this._simulated.hidden = !state.simulated;
    setText(this._reason, `${state.model} · ${state.label}`);
    this._reason.title = state.reason;
    setText(this._why, state.reason);
    setText(
      this._tokens,
      `${about}${state.input_tokens === null ? '?' : integer(state.input_tokens)} → ${integer(state.output_tokens)} tok`
    );
    setText(
      this._cost,
      state.input_tokens === null ? '' : state.cost === null ? dollars(null) : about + dollars(state.cost)
    );
    setText(this._pace, state.tokens_per_s === null ? '– tok/s' : `${integer(state.tokens_per_s)} tok/s`);
    setText(this._cache, `cache: ${state.cache}`);
    this._retries.hidden = state.retries === 0;
    setText(this._retries, counted(state.retries, 'retry', 'retries'));
    this._base = { elapsed: state.elapsed_s, at: now };
    setText(this._elapsed, seconds(state.elapsed_s));
    this._setPhase(state.phase, state.model);
  }

  /** The kernel says nothing while it waits: its clock goes on here. */
  tick(now: number): void {
    if (this._phase !== null && this._phase !== 'done') {
      setText(this._elapsed, seconds(this._base.elapsed + (now - this._base.at) / 1000));
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
