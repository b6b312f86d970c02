/** Figures of a run as people read them. */

/** `2%`, `0.5%`, `93.3%` */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}

/** A drop in points: `+1.3`, `−0.4`, `0.0`; plus is worse than the baseline. */
export function points(share: number): string {
  const value = (Math.abs(share) * 100).toFixed(1);
  return Number(value) === 0 ? '0.0' : `${share < 0 ? '−' : '+'}${value}`;
}

/** `8 s`, `3 min`, `1.5 h` */
export function duration(seconds: number): string {
  if (seconds < 90) {
    return `${Math.max(1, Math.round(seconds))} s`;
  }
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
