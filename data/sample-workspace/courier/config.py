"""Configuration: a TOML file, overridden by COURIER_* environment variables, checked before anything starts."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from courier.errors import ConfigError
from courier.retry import RetryPolicy


@dataclass(frozen=True)
class Config:
    database: str = "courier.sqlite"
    workers: int = 4
    request_timeout: float = 10.0
    rate_per_host: float = 5.0
    burst: int = 10
    listen: str = "127.0.0.1:8420"
    signing_secret: str = ""
    retry: RetryPolicy = RetryPolicy()


def load_config(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """Read the file, apply the environment, and refuse values that make no sense."""
    table: dict[str, Any] = {}
    if path is not None:
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError as error:
            raise ConfigError(f"there is no configuration file {path}") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: {error}") from error
    retry = RetryPolicy(**table.pop("retry", {}))
    known = {field.name for field in fields(Config)}
    if unknown := table.keys() - known:
        raise ConfigError(f"unknown settings: {', '.join(sorted(unknown))}")
    config = Config(**table, retry=retry)
    config = _apply_environment(config, environment)
    _validate(config)
    return config


def _apply_environment(config: Config, environment: Mapping[str, str]) -> Config:
    for field in fields(Config):
        text = environment.get(f"COURIER_{field.name.upper()}")
        if text is None or field.name == "retry":
            continue
        convert = type(getattr(config, field.name))
        try:
            config = replace(config, **{field.name: convert(text)})
        except ValueError as error:
            raise ConfigError(f"COURIER_{field.name.upper()}: {error}") from error
    return config


def _validate(config: Config) -> None:
    if config.workers < 1:
        raise ConfigError("workers must be at least 1")
    if config.request_timeout <= 0:
        raise ConfigError("request_timeout must be positive")
    if config.rate_per_host <= 0 or config.burst < 1:
        raise ConfigError("rate_per_host and burst must be positive")
