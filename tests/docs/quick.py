"""`recourse` without the second and a half that importing it takes: one process that has, and forks for each command.

python quick.py SOCKET serves until it is ended; the command beside it hands over words, folder, environment and files.
"""

import json
import os
import socket
import sys
from pathlib import Path

CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    asked = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(asked).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(asked)
    sys.exit(int.from_bytes(server.recv(4), "big"))
"""


def write_client(command: Path, path: Path) -> None:
    command.write_text(CLIENT.format(python=sys.executable, path=str(path)))
    command.chmod(0o755)


def serve(path: Path) -> None:
    from deploy.cli.command import COMMANDS, load, main

    for name in COMMANDS:
        load(name)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        while True:
            asker, _ = server.accept()
            if os.fork() == 0:
                _answer(asker, main)
            asker.close()


def _answer(asker: socket.socket, main: object) -> None:
    """In a process of its own, whose child is the command."""
    length, files, _, _ = socket.recv_fds(asker, 4, 3)
    asked = b""
    while len(asked) < int.from_bytes(length, "big"):
        asked += asker.recv(65536)
    pid = os.fork()
    if pid == 0:
        for number, file in enumerate(files):
            os.dup2(file, number)
        sys.argv, folder, environment = json.loads(asked)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        assert callable(main)
        main()
        os._exit(0)
    asker.sendall(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]).to_bytes(4, "big", signed=True))
    os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
