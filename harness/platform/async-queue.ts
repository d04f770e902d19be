/** Values between callbacks and one reader, in order. */
export class AsyncQueue<T> {
  private readonly values: T[] = [];
  private wake: (() => void) | undefined;
  private isEnded = false;
  private error: unknown;

  push(value: T): void {
    this.values.push(value);
    this.wake?.();
  }

  /** What was pushed before is still read; then the reader ends, or meets the error. */
  end(error: unknown): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.error = error;
    this.wake?.();
  }

  /** `release` is called when the reader is done, or leaves early. */
  async *read(release: () => void): AsyncGenerator<T> {
    try {
      for (;;) {
        if (this.values.length > 0) yield this.values.shift() as T;
        else if (this.error !== undefined) throw this.error;
        else if (this.isEnded) return;
        else {
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
          this.wake = undefined;
        }
      }
    } finally {
      release();
    }
  }
}
