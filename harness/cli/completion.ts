/** A command as completion sees it. */
export interface CommandShape {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly choices?: readonly string[] | undefined;
  }[];
  readonly commands: readonly CommandShape[];
}

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** A completion script for a shell: commands, verbs, options and the words an option takes; files elsewhere. It runs nothing. */
export function completionScript(shell: Shell, program: CommandShape): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program);
}

/** Every command and verb with the words typed to reach it. */
function paths(
  command: CommandShape,
  before: readonly string[] = [],
): { path: readonly string[]; command: CommandShape }[] {
  return command.commands.flatMap((one) => {
    const path = [...before, one.name];
    return [{ path, command: one }, ...paths(one, path)];
  });
}

function words({ commands, options }: CommandShape): string {
  return [...commands.map(({ name }) => name), ...options.map(({ flag }) => flag)].join(" ");
}

function bashScript(program: CommandShape): string {
  const cases = paths(program).map(({ path, command }) => `    "${path.join(" ")}") words="${words(command)}" ;;`);
  const choices = new Map<string, string>();
  for (const { command } of paths(program)) {
    for (const { flag, choices: list } of command.options) if (list) choices.set(flag, list.join(" "));
  }
  const values = [...choices].map(
    ([flag, list]) => `    ${flag}) COMPREPLY=($(compgen -W "${list}" -- "$cur")); return ;;`,
  );
  return `# bash completion of quantgate. Load it: source <(quantgate completion bash)
_quantgate() {
  local cur prev words path word
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  path=""
  case "$prev" in
${values.join("\n")}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    case " ${paths(program)
      .map(({ path }) => `|${path.join(" ")}|`)
      .join(" ")} " in
      *"|\${path:+$path }$word|"*) path="\${path:+$path }$word" ;;
      *) break ;;
    esac
  done
  case "$path" in
    "") words="${words(program)}" ;;
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then
    compopt -o default 2>/dev/null
  fi
}
complete -F _quantgate quantgate
`;
}

/** zsh runs scripts for bash through its own emulation, which keeps one source of truth. */
function zshScript(program: CommandShape): string {
  return `#compdef quantgate
# zsh completion of quantgate. Load it: source <(quantgate completion zsh)
autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bashScript(program).split("\n").slice(1).join("\n")}`;
}

function fishScript(program: CommandShape): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = [
    "# fish completion of quantgate. Load it: quantgate completion fish | source",
    ...program.commands.map(
      ({ name, description }) =>
        `complete -c quantgate -n __fish_use_subcommand -f -a ${name} -d ${quote(description)}`,
    ),
  ];
  for (const { path, command } of paths(program)) {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    for (const { name, description } of command.commands) {
      lines.push(`complete -c quantgate -n ${quote(seen)} -f -a ${name} -d ${quote(description)}`);
    }
    for (const { flag, description, choices } of command.options) {
      const values = choices === undefined ? "" : ` -x -a ${quote(choices.join(" "))}`;
      lines.push(
        `complete -c quantgate -n ${quote(seen)} -l ${flag.replace(/^--/, "")}${values} -d ${quote(description)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}
