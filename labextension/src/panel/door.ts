/** The one way to the kernel: every request gets one answer, over whatever carries them. */
import { DecodeError, type Decoder } from '../shared/decode';
import { readAnswer, type Requests } from './wire';

/** What the kernel answered instead of what was asked for, in a line for the user. */
export class Refusal extends Error {}

/** No answer will come: there is no connection, or it broke. */
export class Unreachable extends Error {}

/** From when on a request counts as held up: where messages wait for the running cell. */
export const PATIENCE_MS = 3_000;

interface Pending {
  resolve: (body: unknown) => void;
  reject: (error: Error) => void;
  timer: ReturnType<typeof setTimeout>;
}

export class Door {
  private _next = 1;
  private _send: ((message: object) => void) | null = null;
  private readonly _pending = new Map<number, Pending>();
  private readonly _late = new Set<number>();

  /** `onLate` hears whether some request has been waiting for long. */
  constructor(private readonly _onLate: (late: boolean) => void = () => undefined) {}

  get isOpen(): boolean {
    return this._send !== null;
  }

  /** From here on `send` carries requests; what it brings back goes to `receive`. */
  open(send: (message: object) => void): void {
    this.shut();
    this._send = send;
  }

  /** Nothing carries requests any more; those under way fail as unreachable. */
  shut(): void {
    this._send = null;
    const pending = [...this._pending.values()];
    this._pending.clear();
    this._late.clear();
    this._onLate(false);
    for (const { reject, timer } of pending) {
      clearTimeout(timer);
      reject(new Unreachable('not connected'));
    }
  }

  /**
   * Ask the kernel. Rejects with `Refusal` for what the kernel refused, `Unreachable` without a connection and
   * `DecodeError` for an answer of another version.
   */
  async ask<K extends keyof Requests, T>(type: K, fields: Requests[K], decode: Decoder<T>): Promise<T> {
    const send = this._send;
    if (send === null) {
      throw new Unreachable('not connected');
    }
    const id = this._next++;
    const body = await new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => {
        this._late.add(id);
        this._onLate(true);
      }, PATIENCE_MS);
      this._pending.set(id, { resolve, reject, timer });
      send({ id, type, ...fields });
    });
    return decode(body);
  }

  /** A message from the kernel; what answers nothing that was asked is dropped. */
  receive(message: unknown): void {
    try {
      const { id, error, body } = readAnswer(message);
      const pending = id === null ? undefined : this._pending.get(id);
      if (id === null || pending === undefined) {
        console.warn('costmagic: an answer to nothing that was asked', error ?? '');
        return;
      }
      this._pending.delete(id);
      clearTimeout(pending.timer);
      if (this._late.delete(id)) {
        this._onLate(this._late.size > 0);
      }
      if (error !== null) {
        pending.reject(new Refusal(error));
      } else {
        pending.resolve(body);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) {
        throw error;
      }
      console.error('costmagic:', error.message);
    }
  }
}
