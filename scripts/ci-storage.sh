#!/usr/bin/env bash
# Baselines and history live on a branch of their own: a fresh checkout must never stand for an empty store.
#   ci-storage.sh restore DIR          the branch as a folder; a new, empty branch where origin has none
#   ci-storage.sh save DIR MESSAGE     commits and pushes what changed; never by force
set -euo pipefail
verb="${1:?restore or save}"
dir="${2:?folder}"
branch="${QUANTGATE_STORAGE_BRANCH:-quantgate-storage}"
ref="refs/heads/$branch"

case "$verb" in
restore)
  # 2: origin answered and has no such branch. Anything else is an outage, and no reason to begin an empty store.
  found=0
  git ls-remote --exit-code origin "$ref" >/dev/null || found=$?
  if [ "$found" = 0 ]; then
    git fetch --quiet --no-tags --depth=1 origin "+$ref:refs/remotes/origin/$branch"
    git worktree add --quiet --force -B "$branch" "$dir" "refs/remotes/origin/$branch"
  elif [ "$found" = 2 ]; then
    git worktree add --quiet --detach --no-checkout "$dir" HEAD
    git -C "$dir" switch --quiet --orphan "$branch"
    echo "origin has no branch $branch yet: it begins empty"
  else
    echo "origin cannot be asked for the branch $branch" >&2
    exit "$found"
  fi
  ;;
save)
  message="${3:?message}"
  git -C "$dir" add --all
  if git -C "$dir" diff --cached --quiet; then
    echo "nothing changed on $branch"
    exit 0
  fi
  git -C "$dir" -c user.name=quantgate -c user.email=quantgate@users.noreply.github.com commit --quiet --message "$message"
  # Two jobs at once must not mix their audit logs: the later push is refused, and its job is red.
  git -C "$dir" push --quiet origin "HEAD:$ref"
  ;;
*)
  echo "unknown verb: $verb" >&2
  exit 2
  ;;
esac
