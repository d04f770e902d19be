#!/usr/bin/env python3
"""Recomputes the verdicts of a stored run from plan and journal, and compares them with gate.json.

    python3 scripts/recheck.py results/latest

An independent check: another language, the standard library alone, no code of harness/, and other routes to the same numbers
where there are any (binomial sums instead of the incomplete beta function, bisection of the likelihood instead of Tango's closed
form, counted-out rank sums; recheck_early.py for runs that may stop early). Gates it does not cover are named. Exit code 0: all agree.
"""

import array, base64, hashlib, json, math, os, statistics, sys

import recheck_early as early

folder = sys.argv[1] if len(sys.argv) == 2 else sys.exit("usage: recheck.py RUN_FOLDER")
problems, skipped = [], []


def expect(what, actual, stored):
    if actual != stored:
        problems.append(f"{what}: recomputed {actual}, stored {stored}")


def read(name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def sha(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


class Token(str):
    """A number as the file spells it: another language would spell it differently."""


def canonical(x):
    if isinstance(x, Token):
        return str(x)
    if isinstance(x, dict):
        return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + canonical(x[k]) for k in sorted(x)) + "}"
    if isinstance(x, list):
        return "[" + ",".join(map(canonical, x)) + "]"
    return json.dumps(x, ensure_ascii=False)


# --- plan and journal ---------------------------------------------------------------------------------------------------------
plan = json.loads(read("plan.json"))
outside = {"plan_digest", "commit_sha", "origins", "invocation", "estimate", "power", "notices"}
tokens = json.loads(read("plan.json"), parse_float=Token, parse_int=Token)
expect("plan digest", sha(canonical({k: v for k, v in tokens.items() if k not in outside})), plan["plan_digest"])
bodies = []
for number, line in enumerate(read("journal.ndjson").decode().split("\n")[:-1]):
    content = json.loads(line)
    # The line is canonical JSON whose last key is the checksum of the rest.
    expect(f"line {number} checksum", sha(line[: line.rindex(',"sha256":')] + "}"), content["sha256"])
    expect(f"line {number} place", (content["seq"], content["plan"]), (number, plan["plan_digest"]))
    bodies.append(content["body"])
trials = [b for b in bodies if b["kind"] == "trial"]
made = {b["variant_id"]: b for b in bodies if b["kind"] == "variant"}
expect("trials, each once", len({t["trial_id"] for t in trials}), len(trials))
is_complete = bodies[-1]["kind"] == "end" and bodies[-1]["state"] == "complete"
stored_labels = read(bodies[0]["labels"]["file"])
expect("labels digest", sha(stored_labels), bodies[0]["labels"]["sha256"])
labels = array.array("i", stored_labels)
stop = plan.get("stop")
if stop:
    stop["order"] = early.item_order(plan["experimental_controls"]["seed"], len(labels))
    expect("order of the items", sha(canonical(stop["order"])), stop["order_sha256"])

# --- statistics, by the plainest route ------------------------------------------------------------------------------------------
normal = statistics.NormalDist()


def crossing(low, high, rises):
    """Where a function that rises through 0 does so."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if rises(middle) < 0 else (low, middle)
    return (low + high) / 2


def at_most(k, n, p):
    """P(X <= k) of a binomial."""
    if p in (0, 1):
        return float(k >= n * p)
    log = lambda i: math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log1p(-p)
    return min(1.0, math.fsum(math.exp(log(i)) for i in range(k + 1)))


def clopper_pearson(k, n, alpha):
    low = 0 if k == 0 else crossing(0, 1, lambda p: 1 - at_most(k - 1, n, p) - alpha)
    return k / n, low, 1 if k == n else crossing(0, 1, lambda p: alpha - at_most(k, n, p))


def tango_z(b, c, n, delta, corrected=False):
    """Score statistic; the nuisance parameter maximizes the likelihood of (b, c) under drop = delta. `corrected`: for the claim
    "the drop exceeds delta", less half an item and Cornish-Fisher's skewness term, and never above the plain one."""
    least, most, tiny = max(0.0, -delta), (1 - delta) / 2, 1e-300
    falls = lambda q: b / (q + delta or tiny) + c / (q or tiny) - 2 * (n - b - c) / (1 - 2 * q - delta or tiny)
    q = crossing(least, most, lambda x: -falls(x))
    variance = 2 * q + delta - delta * delta
    difference = b - c - n * delta
    if variance <= 1e-12 / n:
        return math.copysign(math.inf, difference)
    plain, z = (x / math.sqrt(n * variance) for x in (difference, difference - 0.5))
    skewness = (delta - 3 * delta * (2 * q + delta) + 2 * delta**3) / (math.sqrt(n) * variance**1.5)
    return min(plain, z - skewness * (z * z - 1) / 6) if corrected else plain


def tango(b, c, n, alpha):
    z, edge = normal.inv_cdf(1 - alpha), 1 - 1e-12
    low = crossing(-edge, (b - c) / n, lambda d: z - tango_z(b, c, n, d, corrected=True))
    return (b - c) / n, low, crossing(-edge, edge, lambda d: -z - tango_z(b, c, n, d))


def rank_sum_counts(n):
    counts = [1]
    for rank in range(1, n + 1):
        counts = [a + b for a, b in zip(counts + [0] * rank, [0] * rank + counts)]
    return counts


def hodges_lehmann(x, alpha):
    walsh = sorted((a + b) / 2 for i, a in enumerate(x) for b in x[i:])
    rank = total = 0
    for count in rank_sum_counts(len(x)):
        total += count
        if total / 2 ** len(x) > alpha:
            break
        rank += 1
    limits = (walsh[rank - 1], walsh[-rank]) if rank else (-math.inf, math.inf)
    return (statistics.median(walsh), *limits)


def signed_rank(x, location, side):
    """One-sided p; continuous measurements have no ties."""
    ranked = sorted((v - location for v in x), key=abs)
    positive = sum(i + 1 for i, v in enumerate(ranked) if v > 0)
    extreme = positive if side == "less" else len(x) * (len(x) + 1) // 2 - positive
    return sum(rank_sum_counts(len(x))[: extreme + 1]) / 2 ** len(x)


def holm(ps):
    adjusted, running = [0.0] * len(ps), 0.0
    for rank, i in enumerate(sorted(range(len(ps)), key=lambda i: ps[i])):
        running = adjusted[i] = max(running, min(1, (len(ps) - rank) * ps[i]))
    return adjusted


def judge(policy, effect, threshold):
    value, low, high = effect
    passes, fails = {
        "non-inferiority": (high < threshold, low > threshold),
        "any-regression": (high < threshold, low > 0),
        "equivalence": (-threshold < low and high < threshold, low > threshold or high < -threshold),
        "floor": (low >= threshold, high < threshold),
        "ceiling": (high <= threshold, low > threshold),
        "exact": (value <= threshold, value > threshold),
    }[policy]
    return "fail" if fails else "pass" if passes else "inconclusive"


# --- cells ------------------------------------------------------------------------------------------------------------------------
class Cell:
    def __init__(self, planned):
        self.id, self.baseline = planned["cell_id"], planned["baseline_cell_id"]
        self.made = made.get(planned["variant_id"])
        self.role = next(v["role"] for v in plan["variants"] if v["variant_id"] == planned["variant_id"])
        self.trials = [t for t in trials if t["cell_id"] == self.id and t["trial_kind"] == "trial"]
        self.done = [t for t in self.trials if t["measured"]]
        full = [t["measured"] for t in self.trials if t["evaluates"] == "all"]
        bits = {m["quality"]["correct_bits"] if m else None for m in full}
        self.invalid = any(m["quality"]["invalid_rows"] for m in full if m)
        # Right or wrong, an item: only where every full run completed and all agree.
        packed = base64.b64decode(bits.pop()) if len(bits) == 1 and None not in bits else None
        self.right = packed and [packed[i >> 3] >> (i & 7) & 1 for i in range(len(labels))]
        self.blocks = {
            "latency.call": {t["block"]: statistics.median(t["measured"]["latency_ns"]) for t in self.done},
            "memory.peak_rss": {t["block"]: t["measured"]["memory"]["peak_rss_bytes"] for t in self.done},
            "throughput.items": {t["block"]: t["measured"]["throughput"]["items_per_second"] for t in self.done},
        }

    def agreeing(self):
        subset = [t["measured"]["subset"]["outputs_sha256"] for t in self.done]
        whole = [t["measured"]["outputs_sha256"] if t["evaluates"] == "all" else None for t in self.done]
        usual = lambda values: statistics.mode([v for v in values if v] or [None])
        return sum(s == usual(subset) and w in (None, usual(whole)) for s, w in zip(subset, whole))


cells = {planned["cell_id"]: Cell(planned) for planned in plan["cells"]}


def decide(spec, cell, is_noisy):
    """(verdict, p of the pass, p of the fail); None where this checker does not cover the gate."""
    base, metric, policy, alpha = cells[cell.baseline], spec["metric"], spec["policy"], spec["alpha"]
    margin, limit, has_limit = spec["margin"], spec["limit"], policy in ("floor", "ceiling", "quantile-limit")
    if cell.role == "baseline" and not has_limit and metric != "determinism.rate":
        return "reference", None, None
    if cell.made and cell.made["state"] == "failed":
        return "fail", None, None
    doubtful = not cell.done or (not is_complete if stop else len(cell.trials) < plan["trial_counts"]["per_cell"])
    if stop and policy != "exact" and metric not in ("determinism.rate", "size.bytes_on_disk"):
        result = early.decide(spec, stop, base, cell, labels)
        if result is None or (is_noisy and not metric.startswith(("quality", "memory"))):
            return result and ("inconclusive", None, None)
        doubtful = doubtful or (metric in cell.blocks and any(len(c.done) < len(c.trials) for c in (cell, base)))
    elif metric.startswith("quality."):
        if cell.right is None or base.right is None or cell.invalid or base.invalid:
            return None
        if has_limit:
            n, k = len(labels), sum(cell.right)
            ps = 1 - at_most(k - 1, n, limit), at_most(k, n, limit)
            result = (judge(policy, clopper_pearson(k, n, alpha), limit), *(ps if policy == "floor" else ps[::-1]))
        else:
            groups = [range(len(labels))]
            if metric == "quality.class_accuracy":
                groups = [[i for i in groups[0] if labels[i] == c] for c in sorted(set(labels))]
            tables = []
            for items in groups:
                pairs = [(base.right[i], cell.right[i]) for i in items]
                tables.append((pairs.count((1, 0)), pairs.count((0, 1)), len(pairs)))
            verdicts = []
            for table in tables:
                value, _, high = tango(*table, alpha)
                verdicts.append(judge(policy, (value, tango(*table, alpha / len(tables))[1], high), margin))
            p_pass = max(normal.cdf(tango_z(*t, margin)) for t in tables)
            worse_than = 0 if policy == "any-regression" else margin
            p_fail = min(1, len(tables) * min(normal.cdf(-tango_z(*t, worse_than, True)) for t in tables))
            result = next((v for v in ("fail", "inconclusive") if v in verdicts), "pass"), p_pass, p_fail
    elif metric == "size.bytes_on_disk" and not has_limit:
        own, other = cell.made["bytes_on_disk"], base.made["bytes_on_disk"]
        change = (own - other) / (other if spec["margin_kind"] == "relative" else 1)
        result = judge("exact", (change, change, change), margin), None, None
    elif metric == "determinism.rate" and policy == "exact":
        if len(cell.trials) < 2:
            return "inconclusive", None, None
        flips = 1 - cell.agreeing() / len(cell.trials)
        result = judge("exact", (flips, flips, flips), margin), None, None
    elif metric in cell.blocks and not has_limit:
        own, other = cell.blocks[metric], base.blocks[metric]
        sign = -1 if metric == "throughput.items" else 1
        x = [sign * math.log(own[block] / other[block]) for block in own if block in other]
        if not x or (is_noisy and metric != "memory.peak_rss"):
            return "inconclusive", None, None
        effect = [math.expm1(v) if math.isfinite(v) else v for v in hodges_lehmann(x, alpha)]
        worse_than = 0 if policy == "any-regression" else math.log1p(margin)
        ps = signed_rank(x, math.log1p(margin), "less"), signed_rank(x, worse_than, "more")
        result = (judge(policy, effect, margin), *ps)
        doubtful = doubtful or len(cell.done) < len(cell.trials)
    else:
        return None
    return ("inconclusive", None, None) if doubtful and result[0] != "fail" else result


# --- compare ----------------------------------------------------------------------------------------------------------------------
stored = json.loads(read("gate.json"))
is_noisy = any("noisy" in g["reasons"] for row in stored["results"] for g in row["gates"])
rows, compared = [], 0
for row in stored["results"]:
    cell, results = cells[row["cell_id"]], []
    for spec, there in zip(stored["gates"], row["gates"]):
        name = f"{cell.id} {spec['id']}"
        result = decide(spec, cell, is_noisy)
        if result is None:
            skipped.append(name)
            result = there["verdict"], there["p_pass"], there["p_fail"]
        else:
            compared += 1
            expect(name, result[0], there["verdict"])
            for which, p in (("p_pass", result[1]), ("p_fail", result[2])):
                if None not in (p, there[which]) and not math.isclose(p, there[which], rel_tol=1e-6, abs_tol=1e-9):
                    problems.append(f"{name} {which}: recomputed {p}, stored {there[which]}")
        results.append((spec, *result))
    primary = [r for r in results if r[0]["tier"] == "primary"]
    fails = [r for r in primary if r[1] == "fail"]
    chance = [r for r in primary if r[0]["policy"] != "exact"]
    adjusted = holm([(r[3] or 0) if r[1] == "fail" else 1 for r in chance])
    surviving = [r for p, r in zip(adjusted, chance) if r[1] == "fail" and p <= r[0]["alpha"]]
    certain = surviving or any(r[3] is None for r in fails)
    passes = primary and all(r[1] == "pass" for r in primary)
    verdict = ("fail" if certain else "inconclusive") if fails else "pass" if passes else "inconclusive"
    p = max([0, *(r[2] or 0 for r in primary)]) if verdict == "pass" else 1
    expect(f"{cell.id} row", "reference" if cell.role == "baseline" else verdict, row["verdict"])
    rows.append((cell.role, verdict, p, bool(fails)))
alpha = min([0.05, *(g["alpha"] for g in stored["gates"] if g["tier"] == "primary")])
required, candidates = [r[1] for r in rows if r[0] == "required"], [r for r in rows if r[0] == "candidate"]
certified = any(p <= alpha and r[1] == "pass" for p, r in zip(holm([r[2] for r in candidates]), candidates))
if any(r[0] == "baseline" and r[3] for r in rows) or "fail" in required:
    exit_code = 3
elif "inconclusive" in required or not is_complete:
    exit_code = 4
else:
    exit_code = 0 if required or certified else 4 if any(r[1] != "fail" for r in candidates) else 3
if len(required) < 2:
    expect("exit code of the suite", exit_code, stored["suite"]["exit_code"])
print(f"{compared} gates of {len(rows)} rows recomputed, {len(skipped)} not covered, {len(problems)} differences")
print("\n".join([f"not covered: {name}" for name in skipped] + [f"DIFFERS: {problem}" for problem in problems]))
sys.exit(1 if problems else 0)
