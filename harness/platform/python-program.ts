/** The Python interpreter that steps and PyTorch run in: the config's, else QUANTGATE_PYTHON, else `python3`. */
export function pythonProgram({
  env,
  named,
}: {
  readonly env: NodeJS.ProcessEnv;
  readonly named?: string | undefined;
}): string {
  return named ?? (env["QUANTGATE_PYTHON"] || "python3");
}
