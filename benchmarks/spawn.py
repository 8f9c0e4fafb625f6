"""Run one command as a child and print what it cost as JSON; run by `measure`, as a small process of its own.

A process started from a big one is charged with the big one's peak memory until it execs, and that is what the kernel
reports afterwards; started from here, it is charged with a few megabytes.

    python -I -S spawn.py TREE COMMAND...        TREE is 1 to sample the memory of the whole process tree
"""

import json
import os
import sys
import time


def resident(pid: int) -> int:
    """Return the proportional memory of a process and its descendants in bytes; 0 when it cannot be seen."""
    total = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            total = sum(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                total += sum(resident(int(child)) for child in file.read().split())
    except OSError:
        pass
    return total


def main() -> None:
    tree, command = sys.argv[1] == "1", sys.argv[2:]
    null = os.open(os.devnull, os.O_RDWR)
    started = time.monotonic()
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
    pid = os.posix_spawnp(command[0], command, dict(os.environ), file_actions=actions)
    most = 0
    done, status, usage = os.wait4(pid, os.WNOHANG if tree else 0)
    while not done:
        most = max(most, resident(pid))
        time.sleep(0.1)
        done, status, usage = os.wait4(pid, os.WNOHANG)
    cost = {
        "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.monotonic() - started,
        "peak": usage.ru_maxrss << (0 if sys.platform == "darwin" else 10),
        "tree": most,
        "code": os.waitstatus_to_exitcode(status),
    }
    print(json.dumps(cost))


main()
