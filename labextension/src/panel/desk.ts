/** What the panel shows of one notebook, and how it talks with that notebook's kernel. */
import { DecodeError } from '../shared/decode';
import { Door, Refusal, Unreachable } from './door';
import { Evaluate } from './evaluate';
import type { Defaults } from './form';
import { Planning } from './plan/planning';
import { Store } from './store';
import type { Trans } from './trans';
import { readAlerts, type Alerts } from './spending/wire';
import { readDone, readHello, readToday, type Hello, type Today } from './wire';

/** Alerts look at two months of calls: not after each of many short cells. */
const ALERTS_EVERY_MS = 5_000;

/**
 * How the panel and the kernel stand to each other: no notebook is in front, it has no kernel, its kernel is starting
 * or is not Python, costmagic is not loaded there, or is being loaded, or can't work there, or is ready.
 */
export type Phase = 'no notebook' | 'no kernel' | 'starting' | 'foreign' | 'absent' | 'loading' | 'broken' | 'ready';

export interface Link {
  phase: Phase;
  /** Of the notebook. */
  name: string;
  /** What went wrong, in a line. */
  problem: string | null;
  /** A request waits for the running cell. */
  late: boolean;
}

export class Desk {
  readonly link: Store<Link>;
  readonly hello = new Store<Hello | null>(null);
  readonly today = new Store<Today | null>(null);
  /** What is out of line; null until the first answer. */
  readonly alerts = new Store<Alerts | null>(null);
  /** What the Spend tab shows. */
  readonly spend = new Store<{ days: number; by: string }>({ days: 7, by: 'feature' });
  /** Counts what may have changed the ledger or the policy: tabs ask anew then. */
  readonly epoch = new Store(0);
  readonly tab = new Store('evaluate');
  readonly door = new Door(late => {
    this.link.put({ late });
  });
  readonly evaluate: Evaluate;
  readonly planning = new Planning(this);
  private _waiting: ReturnType<typeof setTimeout> | null = null;
  private _askedAt = 0;

  constructor(
    name: string,
    phase: Phase,
    defaults: Defaults,
    readonly trans: Trans
  ) {
    this.link = new Store<Link>({ phase, name, problem: null, late: false });
    this.evaluate = new Evaluate(this, defaults);
  }

  /** There is no door to the kernel, for this reason. */
  disconnected(phase: Exclude<Phase, 'ready'>, problem: string | null = null): void {
    this.door.shut();
    this.link.put({ phase, problem });
  }

  /** `send` reaches a kernel that has costmagic loaded. */
  async connected(send: (message: object) => void): Promise<void> {
    this.door.open(send);
    try {
      this.hello.set(await this.door.ask('hello', {}, readHello));
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        this.link.put({ phase: 'broken', problem: this.told(error) });
      }
      return;
    }
    this.link.put({ phase: 'ready', problem: null });
    this.cellEnded();
  }

  /** There may be other variables now, and the cell may have spent money. */
  cellEnded(): void {
    if (this.link.value.phase === 'ready') {
      void this.evaluate.refresh();
      this.changed();
    }
  }

  /** Money was spent, or the policy is another. */
  changed(): void {
    this.epoch.set(this.epoch.value + 1);
    void this._askToday();
    this._askAlertsSoon();
  }

  /** Silence an alert for a time like 7d; "off" ends it. Returns what went wrong, in a line. */
  async silence(name: string, time: string): Promise<string | null> {
    try {
      await this.door.ask('silence', { name, time }, readDone);
      this.alerts.set(await this.door.ask('alerts', {}, readAlerts));
      return null;
    } catch (error) {
      return this.told(error);
    }
  }

  /** Cells that end in quick succession ask once. */
  private _askAlertsSoon(): void {
    if (this._waiting === null) {
      const wait = Math.max(0, this._askedAt + ALERTS_EVERY_MS - Date.now());
      this._waiting = setTimeout(() => {
        this._waiting = null;
        this._askedAt = Date.now();
        void this._askAlerts();
      }, wait);
    }
  }

  private async _askAlerts(): Promise<void> {
    try {
      this.alerts.set(await this.door.ask('alerts', {}, readAlerts));
    } catch (error) {
      this.told(error); // they come with the next answer
    }
  }

  private async _askToday(): Promise<void> {
    try {
      this.today.set(await this.door.ask('today', {}, readToday));
    } catch (error) {
      this.told(error); // the figure stays as it was: it says less, but nothing wrong
    }
  }

  /** An error of the door in a line for the user; any other is a mistake of this program, and raised. */
  told(error: unknown): string {
    if (error instanceof Refusal) {
      return error.message;
    }
    if (error instanceof Unreachable) {
      return this.trans.__('The kernel has gone.');
    }
    if (error instanceof DecodeError) {
      console.error('costmagic:', error.message);
      return this.trans.__('The kernel runs another version of costmagic: restart it.');
    }
    throw error;
  }

  dispose(): void {
    if (this._waiting !== null) {
      clearTimeout(this._waiting);
    }
    this.evaluate.dispose();
    this.door.shut();
  }
}
