// The statistics as users see them: one namespace.
export * as stats from "../../harness/stats/index.ts";
