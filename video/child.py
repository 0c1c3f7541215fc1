"""The first breath of every ffmpeg process. Run as a file, it becomes the program that it is told to start.

    python -I -S child.py PARENT_PID PROGRAM ARGUMENT...

It does between fork and exec what is not safe to do in a process with threads, and works under any event loop:
a process group of its own (not a session of its own: Linux's autogroup would then make the niceness useless), the
lowest priority, and on Linux death by SIGKILL when the thread that started it ends. Standard library only.
"""

import os
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9
CANNOT_START = 127


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2:]
    os.setpgid(0, 0)
    os.nice(19)
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


if __name__ == "__main__":
    main()
