/** How text is shown; decided by the caller, who knows the terminal. */
export interface TextOptions {
  readonly color: boolean;
  /** Columns of the terminal; below 40 lines may be wider than asked. */
  readonly width: number;
}
