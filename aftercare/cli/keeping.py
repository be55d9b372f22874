"""Back up to one archive, and bring one back."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from aftercare.config.embedded import EmbeddedDatabase, database_for
from aftercare.config.home import aftercare_home
from aftercare.privacy.keyring import keys_file
from aftercare.refusals import Conflict, Invalid

FORMAT = "aftercare-backup 1\n"


def write_backup(path: Path, *, with_keys: bool) -> None:
    """Write database, files and (unless told not to) keys; the archive appears only when it is whole."""
    home = aftercare_home()
    partial = path.with_suffix(path.suffix + ".part")
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "database.dump"
        _run(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            f"--dbname={os.environ['DATABASE_URL']}",
            f"--file={dump}",
        )
        with (
            os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw,
            tarfile.open(fileobj=raw, mode="w") as archive,
        ):
            note = tarfile.TarInfo("FORMAT")
            note.size = len(FORMAT)
            archive.addfile(note, io.BytesIO(FORMAT.encode()))
            archive.add(dump, "database.dump")
            if (home / "files").is_dir():
                archive.add(home / "files", "files")
            if with_keys and keys_file(home).exists():
                archive.add(keys_file(home), "keys.json")
    partial.replace(path)


def read_backup(path: Path) -> None:
    """Bring an archive back. Refused unless it is one of ours and the installation is empty."""
    if not path.is_file():
        raise Invalid(f"there is no file {path}", where=str(path))
    home = aftercare_home()
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(path) as archive:
                archive.extractall(folder, filter="data")
        except (tarfile.TarError, OSError) as error:
            raise Invalid(
                "this is not a backup", where=str(path), expected="a file made by aftercare backup"
            ) from error
        root = Path(folder)
        if not (root / "FORMAT").is_file() or (root / "FORMAT").read_text() != FORMAT:
            raise Invalid("this is not a backup", where=str(path), expected="a file made by aftercare backup")
        with database_for(home) as url:
            import psycopg

            with psycopg.connect(url) as connection:
                tables = connection.execute(
                    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
                ).fetchone()
            if tables and tables[0]:
                raise Conflict(
                    "this installation is not empty",
                    where=str(home),
                    expected="an empty AFTERCARE_HOME or database",
                )
            _run(
                "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={url}", str(root / "database.dump")
            )
        if (root / "files").is_dir():
            shutil.copytree(root / "files", home / "files", dirs_exist_ok=True)
        if (root / "keys.json").is_file():
            target = keys_file(home)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write((root / "keys.json").read_text())


def _run(program: str, *arguments: str) -> None:
    own = EmbeddedDatabase(aftercare_home()).bin_path / program
    done = subprocess.run([str(own), *arguments], capture_output=True, text=True)  # noqa: S603 - the server's own tools
    if done.returncode:
        raise Conflict(
            f"{program} failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
        )
