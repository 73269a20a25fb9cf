"""What a figure depends on besides the code that is measured: machine, versions, models, revision, date."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from codeintel.models.folder import load_models

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("faiss-cpu", "numpy", "onnxruntime", "pyarrow", "tantivy", "tokenizers", "tree-sitter")


def environment() -> dict[str, Any]:
    """Everything of it as JSON."""
    models = load_models()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "revision": _revision(),
        "machine": {
            "cpu": _cpu(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "memory_gib": _memory_gib(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "models": {"encoder": models.encoder.model_id, "static": models.static.model_id},
    }


def _revision() -> str:
    """The commit, with '+changes' where the checkout differs from it; '' outside a checkout."""
    commit = _git("rev-parse", "--short=12", "HEAD")
    return f"{commit}+changes" if commit and _git("status", "--porcelain", "server", "data") else commit


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(REPOSITORY), *arguments], capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu() -> str:
    described = Path("/proc/cpuinfo")
    if described.is_file():
        for line in described.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _memory_gib() -> int | None:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
