// Arithmetic for the collectors: whole numbers with a bound, so that what is sent stays small whatever happens in a page.

/** No count or time beyond this says more. */
const MOST = 1_000_000;

export function whole(value: number): number {
  return Math.max(0, Math.min(MOST, Math.round(value) || 0));
}

/** Mean and spread of a stream of values, none of which is kept (Welford's method). */
export class Spread {
  count = 0;
  private mean = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    const off = value - this.mean;
    this.mean += off / this.count;
    this.squares += off * (value - this.mean);
  }

  average(): number {
    return whole(this.mean);
  }

  /** Standard deviation over mean, in percent; 0 with fewer than two values. */
  cvPercent(): number {
    return this.count < 2 || this.mean <= 0 ? 0 : whole((100 * Math.sqrt(this.squares / this.count)) / this.mean);
  }
}
