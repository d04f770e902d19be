/**
 * The Python side of run-python.ts, started by isolated-python.ts inside namespaces of its own. It shuts itself in before it runs anything:
 * Landlock (Linux 5.13; syscalls 444 to 446, the same on all architectures) leaves read access to Python's own library alone, and
 * limits cap memory, CPU time and files. Where one of them cannot be had it ends with exit code 3 and runs nothing.
 */
export const PYTHON_RUNNER = `
import collections, copy, ctypes, functools, heapq, io, itertools, json, math, operator, os, random, re, resource, string, struct, sys, typing

def give_up(why):
    sys.stderr.write(why + "\\n")
    os._exit(3)

def shut_in(memory_mb, seconds):
    libc = ctypes.CDLL(None, use_errno=True)
    abi = libc.syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if abi < 1:
        give_up("the kernel has no Landlock")
    read = (1 << 2) | (1 << 3)
    handled = (1 << 13) - 1
    if abi >= 2: handled |= 1 << 13
    if abi >= 3: handled |= 1 << 14
    rules = libc.syscall(444, struct.pack("Q", handled), ctypes.c_size_t(8), ctypes.c_uint32(0))
    if rules < 0:
        give_up("Landlock makes no rules")
    for folder in {os.path.dirname(os.__file__)}:
        fd = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        if libc.syscall(445, rules, 1, struct.pack("=Qi", read, fd), 0) != 0:
            give_up("Landlock takes no rule")
        os.close(fd)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.syscall(446, rules, 0) != 0:
        give_up("Landlock cannot be entered")
    os.close(rules)
    space = (memory_mb + 96) << 20
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))

def describe(error):
    return (type(error).__name__ + ": " + str(error))[:200]

def main():
    request = json.load(sys.stdin)
    verdict = os.dup(1)
    nowhere = io.StringIO()
    os.close(0)
    limit = request["timeLimitMs"] / 1000
    shut_in(request["memoryLimitMb"], math.ceil(limit) + 1)
    import signal
    def over(*_):
        os.write(verdict, b'{"status":"timed-out"}\\n')
        os._exit(0)
    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, limit)
    sys.stdout = sys.stderr = nowhere
    space = {"__name__": "answer"}
    outcome = None
    try:
        exec(compile(request["code"], "answer.py", "exec"), space)
    except BaseException as error:
        outcome = {"status": "broke", "message": describe(error)}
    if outcome is None:
        failures = []
        for number, test in enumerate(request["tests"]):
            try:
                exec(compile(test, "test.py", "exec"), dict(space))
            except BaseException as error:
                failures.append({"test": number, "message": describe(error)})
        outcome = {"status": "ran", "failures": failures}
    os.write(verdict, (json.dumps(outcome) + "\\n").encode())
    os._exit(0)

main()
`;
