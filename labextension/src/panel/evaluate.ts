/** The evaluation of one notebook: what is put together, and the run that came of it. */
import { Unreachable } from './door';
import type { Desk } from './desk';
import { Draft } from './draft';
import {
  readAdopted,
  readCode,
  readDisagreements,
  readRun,
  readRuns,
  type Disagreement,
  type Run,
  type Stored
} from './evaluation/wire';
import type { Defaults } from './form';
import { Store } from './store';
import type { Requests } from './wire';

const POLL_MS = 400;
/** How often a run that stands still is looked at: another home of the panel may have set it going. */
const IDLE_POLL_MS = 2_000;

export interface Shown {
  run: Run | null;
  /** A click on the run's buttons is on its way. */
  asking: boolean;
  problem: string | null;
  /** What the last click has done. */
  done: string | null;
  code: string | null;
  disagreement: Disagreement | null;
  /** The candidate whose disagreements are looked at; null: none. */
  browsing: string | null;
}

const NOTHING: Shown = {
  run: null,
  asking: false,
  problem: null,
  done: null,
  code: null,
  disagreement: null,
  browsing: null
};

const MOVING: readonly Run['phase'][] = ['estimating', 'running'];

export class Evaluate {
  readonly draft: Draft;
  readonly shown = new Store<Shown>(NOTHING);
  readonly runs = new Store<readonly Stored[]>([]);
  private _poll: ReturnType<typeof setTimeout> | undefined;
  private _asked = 0;

  constructor(
    private readonly _desk: Desk,
    defaults: Defaults
  ) {
    this.draft = new Draft(_desk, defaults);
  }

  dispose(): void {
    this.draft.dispose();
    clearTimeout(this._poll);
  }

  /** Ask the kernel what there is: after connecting, and when a cell has ended. */
  async refresh(): Promise<void> {
    await this._tolerant(async () => {
      await this.draft.refresh();
      await this._listRuns();
      const { run } = this.shown.value;
      const live = this.runs.value.find(one => MOVING.some(phase => phase === one.phase));
      const id = run?.id ?? live?.id;
      if (id !== undefined) {
        await this.open(id);
      }
    });
  }

  /** Start what was estimated, and nothing else. */
  async start(): Promise<void> {
    const estimated = this.draft.estimated.value;
    if (estimated.state === 'ready') {
      this.shown.set(NOTHING);
      await this._act('run', { definition: estimated.definition });
    }
  }

  pause(): Promise<void> {
    return this._onRun('pause');
  }

  /** Go on where it stands, with another cap where one is given. */
  async resume(budget: string | null = null): Promise<void> {
    const { run } = this.shown.value;
    if (run !== null) {
      await this.goOn(run.id, budget);
    }
  }

  cancel(): Promise<void> {
    return this._onRun('cancel');
  }

  /** Show a run that is going on or stored. */
  async open(id: string): Promise<void> {
    if (this.shown.value.run?.id !== id) {
      this.shown.set(NOTHING);
    }
    await this._act('watch', { run: id });
  }

  /** Go on with a stored run. */
  async goOn(id: string, budget: string | null = null): Promise<void> {
    await this._act('resume', { run: id, budget });
  }

  async recheck(feature: string): Promise<void> {
    this.shown.set(NOTHING);
    await this._act('recheck', { feature });
  }

  /** Back to the form; the run goes on. */
  leave(): void {
    clearTimeout(this._poll);
    this.shown.set(NOTHING);
    void this._tolerant(() => this._listRuns());
  }

  async browse(candidate: string, index: number): Promise<void> {
    const { run } = this.shown.value;
    if (run !== null) {
      await this._tolerant(async () => {
        const asked = { run: run.id, candidate, index };
        const { item } = await this._desk.door.ask('disagreement', asked, readDisagreements);
        this.shown.put({ browsing: candidate, disagreement: item, problem: null });
      });
    }
  }

  async adopt(candidate: string): Promise<void> {
    const { run } = this.shown.value;
    if (run !== null) {
      await this._tolerant(async () => {
        const { policy } = await this._desk.door.ask('adopt', { run: run.id, candidate }, readAdopted);
        this.shown.put({ done: policy, problem: null });
        this._desk.changed();
      });
    }
  }

  /** The cell that reproduces the run; null when the kernel can't tell. */
  async code(): Promise<string | null> {
    const { run } = this.shown.value;
    let made: string | null = null;
    if (run !== null) {
      await this._tolerant(async () => {
        made = (await this._desk.door.ask('code', { run: run.id }, readCode)).code;
        this.shown.put({ code: made, problem: null });
      });
    }
    return made;
  }

  private async _onRun(type: 'pause' | 'cancel'): Promise<void> {
    const { run } = this.shown.value;
    if (run !== null) {
      await this._act(type, { run: run.id });
    }
  }

  /** Ask for something that is answered by the state of a run, and follow that. */
  private async _act<K extends 'run' | 'watch' | 'pause' | 'resume' | 'cancel' | 'recheck'>(
    type: K,
    fields: Requests[K]
  ): Promise<void> {
    clearTimeout(this._poll);
    const asked = ++this._asked;
    const quiet = type === 'watch';
    if (!quiet) {
      this.shown.put({ asking: true, problem: null });
    }
    try {
      const run = await this._desk.door.ask(type, fields, readRun);
      if (asked === this._asked) {
        const was = this.shown.value.run;
        this.shown.put({ run, asking: false, problem: null });
        if (was !== null && was.phase !== run.phase && !MOVING.includes(run.phase)) {
          this._desk.changed(); // money was spent, and a run has been stored
        }
        this._pollSoon(run);
      }
    } catch (error) {
      if (asked === this._asked) {
        this.shown.put({ asking: false });
        if (!(error instanceof Unreachable)) {
          this.shown.put({ problem: this._desk.told(error) });
        }
      }
    }
  }

  private _pollSoon(run: Run): void {
    const wait = MOVING.includes(run.phase) ? POLL_MS : run.phase === 'paused' ? IDLE_POLL_MS : null;
    if (wait !== null) {
      this._poll = setTimeout(() => {
        if (this.shown.value.run?.id === run.id) {
          void this._act('watch', { run: run.id });
        }
      }, wait);
    }
  }

  private async _listRuns(): Promise<void> {
    this.runs.set((await this._desk.door.ask('runs', {}, readRuns)).runs);
  }

  private async _tolerant(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        this.shown.put({ problem: this._desk.told(error) });
      }
    }
  }
}
