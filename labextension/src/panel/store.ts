/** A value that views follow. */
import * as React from 'react';

export class Store<T> {
  private readonly _listeners = new Set<() => void>();

  constructor(private _value: T) {}

  get value(): T {
    return this._value;
  }

  set(value: T): void {
    if (!Object.is(value, this._value)) {
      this._value = value;
      for (const listener of [...this._listeners]) {
        listener();
      }
    }
  }

  /** Changes some fields of a record. */
  put(fields: Partial<T>): void {
    this.set({ ...this._value, ...fields });
  }

  /** Call `listener` after each change; returns what ends that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this._listeners.add(listener);
    return () => {
      this._listeners.delete(listener);
    };
  };
}

export function useStore<T>(store: Store<T>): T {
  return React.useSyncExternalStore(store.subscribe, () => store.value);
}
