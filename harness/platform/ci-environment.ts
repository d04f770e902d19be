/** Where a run was started, as the CI says. */
export interface CiFacts {
  readonly provider: "github" | "gitlab" | "other";
  readonly workflow: string | null;
  readonly job: string | null;
  readonly run_id: string | null;
  readonly run_attempt: string | null;
  readonly event: string | null;
  readonly repository: string | null;
  readonly sha: string | null;
  readonly ref: string | null;
  readonly url: string | null;
}

type Env = Readonly<Record<string, string | undefined>>;

/** What the environment says of the CI; null outside of one. */
export function ciFacts(env: Env): CiFacts | null {
  const value = (name: string): string | null => env[name] || null;
  if (env["GITHUB_ACTIONS"] === "true") {
    const [server, repository, run] = [value("GITHUB_SERVER_URL"), value("GITHUB_REPOSITORY"), value("GITHUB_RUN_ID")];
    return {
      provider: "github",
      workflow: value("GITHUB_WORKFLOW"),
      job: value("GITHUB_JOB"),
      run_id: run,
      run_attempt: value("GITHUB_RUN_ATTEMPT"),
      event: value("GITHUB_EVENT_NAME"),
      repository,
      sha: value("GITHUB_SHA"),
      ref: value("GITHUB_REF"),
      url: server && repository && run ? `${server}/${repository}/actions/runs/${run}` : null,
    };
  }
  if (env["GITLAB_CI"] === "true") {
    return {
      provider: "gitlab",
      workflow: value("CI_PIPELINE_NAME"),
      job: value("CI_JOB_NAME"),
      run_id: value("CI_PIPELINE_ID"),
      // GitLab counts jobs, not attempts: a job that is started again has another id.
      run_attempt: value("CI_JOB_ID"),
      event: value("CI_PIPELINE_SOURCE"),
      repository: value("CI_PROJECT_PATH"),
      sha: value("CI_COMMIT_SHA"),
      ref: value("CI_COMMIT_REF_NAME"),
      url: value("CI_JOB_URL"),
    };
  }
  if (!env["CI"] || env["CI"] === "false") return null;
  const none = { workflow: null, job: null, run_id: null, run_attempt: null, event: null, repository: null };
  return { provider: "other", ...none, sha: null, ref: null, url: null };
}

/** Variables that can change a measurement, or say what kind of machine it was. */
const RECORDED =
  /^(?:CI|TZ|LANG|LC_ALL|NODE_OPTIONS|UV_THREADPOOL_SIZE|LD_PRELOAD|MALLOC_ARENA_MAX|GLIBC_TUNABLES|(?:RUNNER|ImageOS|ImageVersion|QUANTGATE|ORT|OMP|KMP|GOMP|MKL|OPENBLAS|CUDA|NVIDIA|HIP|ROCR|OLLAMA)(?:_\w+)?)$/;

/** Those of them that are set, by name. */
export function recordedEnvironment(env: Env): Record<string, string> {
  const names = Object.keys(env)
    .filter((name) => RECORDED.test(name))
    .sort();
  return Object.fromEntries(names.map((name) => [name, env[name] ?? ""]));
}
