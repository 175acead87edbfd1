"""PostgreSQL refuses to run as root, so there it runs as `nobody`.

That user must be able to walk to the data folder and to the binaries: the folders on the way are opened for
passing, not for reading.
"""

import os
import pwd
from pathlib import Path


def server_user(cluster: Path, wheel: Path) -> tuple[int, int] | None:
    """The user that runs the server: ours, unless that is root; then the owner of the data, at first `nobody`."""
    if os.geteuid() != 0:
        return None
    owner = cluster.stat().st_uid if cluster.exists() else 0
    account = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    user = (account.pw_uid, account.pw_gid)
    if cluster.exists() and not owner:  # a copy that root brought back
        for path in [cluster, *cluster.rglob("*")]:
            os.chown(path, *user, follow_symlinks=False)
    _open_way_to(cluster, wheel)
    return user


def _open_way_to(cluster: Path, wheel: Path) -> None:
    """Let the user that is not root walk to the data, and run the binaries even if a strict umask hid them."""
    for folder in [*cluster.parents, *wheel.parents]:
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o001)
    for tree in [wheel, wheel.with_name(f"{wheel.name}.libs")]:
        if tree.exists() and tree.stat().st_mode & 0o005 != 0o005:
            for path in [*tree.rglob("*"), tree]:
                owner_may = path.stat().st_mode & 0o500
                path.chmod(path.stat().st_mode | owner_may >> 6)
