"""The search compiled: the source of `search.py`, word for word, with numba's compiler in the place of none."""

from pathlib import Path

_path = Path(__file__).with_name("search.py")
_source = _path.read_text(encoding="utf-8").replace("import plain as compiled", "import njit as compiled")
exec(compile(_source, str(_path), "exec"), globals())  # noqa: S102 - our own file
