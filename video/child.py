"""The first breath of every ffmpeg process. Run as a file, it becomes the program that it is told to start.

    python -I -S child.py PARENT_PID MEMORY PROGRAM ARGUMENT...

It does between fork and exec what is not safe to do in a process with threads, and works under any event loop:
a process group of its own (not a session of its own: Linux's autogroup would then make the niceness useless), the
lowest priority, at most MEMORY bytes of data (0: no limit), and on Linux death by SIGKILL when the thread that started
it ends. Standard library only.
"""

import os
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9
CANNOT_START = 127


def main() -> None:
    parent, memory, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    os.setpgid(0, 0)
    os.nice(19)
    if memory:
        _limit_memory(memory)
    if sys.platform == "linux":
        import ctypes  # as slow to import as everything else here together, and of no use elsewhere

        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before it could be watched
        sys.exit(CANNOT_START)
    try:
        os.execv(program[0], program)
    except OSError as error:
        sys.stderr.write(f"cannot start {program[0]}: {error}\n")
        sys.exit(CANNOT_START)


def _limit_memory(most: int) -> None:
    """Of data, not of addresses: programs reserve far more of those than they use."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard > most:
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


if __name__ == "__main__":
    main()
