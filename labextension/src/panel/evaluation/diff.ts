/** Two texts word by word. */

export type Part = Readonly<{ kind: 'same' | 'gone' | 'new'; text: string }>;

/** Comparing takes the product of the numbers of words. */
const MAX_WORDS = 600;

/** What turns `before` into `after`; null when they are too long to compare. */
export function diff(before: string, after: string): readonly Part[] | null {
  const old = words(before);
  const now = words(after);
  if (Math.max(old.length, now.length) > MAX_WORDS) {
    return null;
  }
  const common = lengths(old, now);
  const parts: Part[] = [];
  const add = (kind: Part['kind'], text: string): void => {
    const last = parts.at(-1);
    if (last?.kind === kind) {
      parts[parts.length - 1] = { kind, text: last.text + text };
    } else {
      parts.push({ kind, text });
    }
  };
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    const [gone, come] = [old[i], now[j]];
    if (gone !== undefined && come !== undefined && same(gone, come)) {
      add('same', come);
      i++;
      j++;
    } else if (gone !== undefined && (come === undefined || at(common, i + 1, j) >= at(common, i, j + 1))) {
      add('gone', gone);
      i++;
    } else {
      add('new', come ?? '');
      j++;
    }
  }
  return parts;
}

/** Words with the white space behind them. */
function words(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

/** White space does not make another word. */
function same(one: string | undefined, other: string | undefined): boolean {
  return one?.trimEnd() === other?.trimEnd();
}

/** The length of the longest common rest of `old` from i and `now` from j. */
function lengths(old: readonly string[], now: readonly string[]): number[][] {
  const table = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const row = table[i];
      if (row !== undefined) {
        row[j] = same(old[i], now[j])
          ? at(table, i + 1, j + 1) + 1
          : Math.max(at(table, i + 1, j), at(table, i, j + 1));
      }
    }
  }
  return table;
}

function at(table: readonly (readonly number[])[], i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}
