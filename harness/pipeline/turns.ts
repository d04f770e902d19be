import type { Turn } from "../domain/runtime-port.ts";

interface Member {
  /** Starts the work that the member asked for; undefined while it asks for nothing. */
  start: (() => Promise<void>) | undefined;
}

/**
 * Takes turns in rounds: a round begins when every member has asked, and each then works alone, in the order in which they joined in
 * one round and in the opposite order in the next, so that none always comes first. A member that leaves is not waited for any more.
 * All members join before the first of them asks.
 */
export class Turns {
  private readonly members = new Set<Member>();
  private round = 0;
  private isBusy = false;

  join(): Turn & { leave(): void } {
    const member: Member = { start: undefined };
    this.members.add(member);
    return {
      take: <T>(work: () => Promise<T>) =>
        new Promise<T>((resolve, reject) => {
          member.start = async () => {
            member.start = undefined;
            await work().then(resolve, reject);
          };
          void this.runRound();
        }),
      leave: () => {
        this.members.delete(member);
        void this.runRound();
      },
    };
  }

  private async runRound(): Promise<void> {
    if (this.isBusy || this.members.size === 0) return;
    const starts = [...this.members].map(({ start }) => start);
    if (starts.includes(undefined)) return;
    this.isBusy = true;
    const order = this.round++ % 2 === 0 ? starts : starts.reverse();
    for (const start of order) await start?.();
    this.isBusy = false;
    void this.runRound();
  }
}
