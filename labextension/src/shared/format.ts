/** Figures as people read them; the twins of `costmagic/money.py` and of the receipt's. */

const SIGNIFICANT = 3;

/**
 * `$0.000041`, `$1.25`, `$0`, "unpriced" for null; `atLeast` puts `≥` before it.
 *
 * Two decimals from a dollar on, three significant digits below: a small price is never shown as $0.
 */
export function dollars(cost: string | null, atLeast = false): string {
  if (cost === null) {
    return 'unpriced';
  }
  const sign = atLeast ? '≥ ' : '';
  const minus = cost.startsWith('-') ? '-' : '';
  const [whole = '0', fraction = ''] = cost.replace('-', '').split('.');
  const first = fraction.search(/[1-9]/);
  if (/[1-9]/.test(whole)) {
    const [big, cents] = round(whole, fraction, 2);
    return `${sign}$${minus}${grouped(big)}.${cents}`;
  }
  if (first < 0) {
    return `${sign}$0`;
  }
  const [big, small] = round('0', fraction, first + SIGNIFICANT);
  return `${sign}$${minus}${big}.${small.replace(/0+$/, '').padEnd(2, '0')}`;
}

/** `whole.fraction` at `decimals` decimals, halves to even; in whole numbers, since floats can't hold money. */
function round(whole: string, fraction: string, decimals: number): [string, string] {
  const kept = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  const rest = fraction.slice(decimals).replace(/0+$/, '');
  const up = rest > '5' || (rest === '5' && kept % 2n === 1n);
  const digits = (kept + (up ? 1n : 0n)).toString().padStart(decimals + 1, '0');
  return [digits.slice(0, digits.length - decimals), digits.slice(digits.length - decimals)];
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1,234` */
export function integer(value: number): string {
  return grouped(String(Math.round(value)));
}

/** `3.4 ms`, `0.8 s`, `72.0 s` */
export function seconds(value: number): string {
  return value < 0.1 ? `${(value * 1000).toFixed(1)} ms` : `${value.toFixed(1)} s`;
}

/** `25%` */
export function percent(share: number): string {
  return `${(share * 100).toFixed(0)}%`;
}

/** "1 retry", "2 retries" */
export function counted(value: number, one: string, many: string): string {
  return `${integer(value)} ${value === 1 ? one : many}`;
}
