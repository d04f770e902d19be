import type { Command } from "commander";
import { type CommandShape, completionScript, type Shell } from "../completion.ts";

/** Prints a completion script made of the commands as they are declared. */
export async function runCompletion(shell: Shell, program: Command): Promise<number> {
  process.stdout.write(completionScript(shell, shapeOf(program)));
  return 0;
}

function shapeOf(command: Command): CommandShape {
  return {
    name: command.name(),
    description: command.description(),
    options: command.options
      .filter((option) => option.long !== undefined && !option.hidden)
      .map((option) => ({ flag: option.long as string, description: option.description, choices: option.argChoices })),
    commands: command.commands.map(shapeOf),
  };
}
