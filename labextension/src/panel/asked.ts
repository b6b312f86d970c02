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

/** The answer to a request; other `fields` ask anew. */
export function useAsked<T, K extends 'policy' | 'spend'>(
  desk: Desk,
  type: K,
  decode: Decoder<T>,
  fields: Requests[K]
): Asked<T> {
  const epoch = useStore(desk.epoch);
  const asked = JSON.stringify(fields);
  const [turn, setTurn] = React.useState(0);
  const [now, setNow] = React.useState<{ value: T | null; problem: string | null }>({ value: null, problem: null });
  React.useEffect(() => {
    let wanted = true;
    desk.door.ask(type, JSON.parse(asked) as Requests[K], decode).then(
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
  }, [desk, type, decode, asked, epoch, turn]);
  return {
    ...now,
    again: () => {
      setTurn(value => value + 1);
    }
  };
}
