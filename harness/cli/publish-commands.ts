import type { Command } from "commander";
import type { Declaring } from "./store-commands.ts";

const load = () => import("./commands/publish.js");

/** `publish`, `promote` and `rollback`. */
export function declarePublishCommands({ command, action }: Pick<Declaring, "command" | "action">): void {
  const registry = (target: Command): Command =>
    target
      .option("--registry <address>", "a folder, s3://BUCKET/PREFIX, or mlflow+http://HOST:PORT", "registry")
      .option("--out-dir <dir>", "where run folders, outbox and audit log are", "results")
      .option("--reason <text>", "why, for the audit log")
      .option("--json", "print JSON alone");

  registry(
    command(
      "publish",
      "put a variant whose gates pass into a registry",
      "publish results/latest u8s8 --registry s3://models/vision",
    )
      .argument("[run]", "run folder, a file in it, or a run id; its gates are decided again")
      .argument("[variant]", "variant, as in the report")
      .option("--name <name>", "name in the registry; default: the model's id")
      .option("--alias <alias>", "alias that will name the version", "Staging")
      .option("--path-pattern <pattern>", "path of a version", "models/{name}/v{timestamp}.onnx")
      .option("--force", "publish it whatever its verdict; needs --reason, and entry and audit log say so")
      .option("--resume", "finish the publications to this registry that were interrupted"),
  ).action(action(async () => (await load()).runPublish));

  registry(
    command(
      "promote",
      "let an alias name a published version, after reading its file back",
      "promote digits --alias Production --registry s3://models/vision",
    )
      .argument("<name>", "name in the registry")
      .requiredOption("--alias <alias>", "alias to move")
      .option("--from <alias>", "the version that this alias names", "Staging")
      .option("--version <version>", "this version instead")
      .option("--force", "promote a version that was published by force"),
  ).action(action(async () => (await load()).runPromote));

  registry(
    command(
      "rollback",
      "let an alias name what it named before",
      "rollback digits --alias Production --registry s3://models/vision",
    )
      .argument("<name>", "name in the registry")
      .requiredOption("--alias <alias>", "alias to move back"),
  ).action(action(async () => (await load()).runRollback));
}
