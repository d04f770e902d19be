/** `step:ID/NAME`, an output of a prepare step; undefined for any other path. */
export function stepReference(path: string): { readonly step: string; readonly output: string } | undefined {
  const found = /^step:([a-z0-9][a-z0-9._-]*)\/([a-z0-9][a-z0-9_-]*)$/.exec(path);
  return found === null ? undefined : { step: found[1] as string, output: found[2] as string };
}
