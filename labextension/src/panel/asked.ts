/** What a tab asks of the kernel whenever it is shown or something has changed there. */
import * as React from 'react';

import type { Decoder } from '../shared/decode';
import type { Desk } from './desk';
import { useStore } from './store';
import type { Requests } from './wire';

export interface Asked<T> {
  /** Null until the first answer; it stays while the next one is under way. */
  value: T | null;
  problem: string | null;
  again: () => void;
}

/** The answer to a request without fields. */
export function useAsked<T>(desk: Desk, type: 'policy' | 'spend', decode: Decoder<T>): Asked<T> {
  const epoch = useStore(desk.epoch);
  const [turn, setTurn] = React.useState(0);
  const [now, setNow] = React.useState<{ value: T | null; problem: string | null }>({ value: null, problem: null });
  React.useEffect(() => {
    let wanted = true;
    desk.door.ask(type, {} satisfies Requests[typeof type], decode).then(
      value => {
        if (wanted) {
          setNow({ value, problem: null });
        }
      },
      (error: unknown) => {
        if (wanted) {
          setNow(({ value }) => ({ value, problem: desk.told(error) }));
        }
      }
    );
    return () => {
      wanted = false;
    };
  }, [desk, type, decode, epoch, turn]);
  return {
    ...now,
    again: () => {
      setTurn(value => value + 1);
    }
  };
}
