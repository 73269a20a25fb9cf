"""Which models to use: the embedded ones or those of the settings, their cards and their verification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path

from codeintel.cancellation import CancelCheck, never
from codeintel.errors import ModelError
from codeintel.models import encoder as onnx
from codeintel.models import static
from codeintel.models.cache import VectorCache
from codeintel.models.cache_encoder import CachedEncoder
from codeintel.models.encoder import DEFAULT_THREADS, OnnxEncoder
from codeintel.models.expanding_encoder import ExpandingEncoder
from codeintel.models.files import CHECKSUMS, check_file, find_files, read_object
from codeintel.models.outputs import (
    NO_OUTPUTS,
    Encoded,
    Layout,
    Output,
    Outputs,
    gives_outputs,
    layouts_of,
)
from codeintel.models.sentence_transformers import SentenceTransformersEncoder
from codeintel.models.splade import SpladeModel
from codeintel.models.static import StaticTable
from codeintel.models.vectors import TextEncoder
from codeintel.options import EMBEDDED, OWN_TERMS, TRANSFORMERS_PREFIX

ENCODER, STATIC = "encoder", "static"


@dataclass(frozen=True, slots=True)
class Models:
    """The contextual encoder of the meaning tier and the static table of the text tier.

    `wanted` are the encoder's outputs that channels ask for beside its dense vectors; it may lack some of them.
    """

    encoder: TextEncoder
    static: TextEncoder
    wanted: Outputs = NO_OUTPUTS

    @property
    def layouts(self) -> dict[Output, Layout]:
        """The outputs that are wanted and there, with the form of an entry; nothing else is computed or kept."""
        found = layouts_of(self.encoder) if self.wanted else {}
        return {output: layout for output, layout in found.items() if output in self.wanted}

    def maker(self, output: Output) -> str:
        """What makes the rows of an output of `layouts`."""
        assert gives_outputs(self.encoder)
        return self.encoder.maker(output)

    def encode(self, passages: Sequence[str], cancelled: CancelCheck = never) -> Encoded:
        """What the meaning tier keeps of passages: vectors and rows of the outputs of `layouts`. Raises Cancelled."""
        if gives_outputs(self.encoder) and (layouts := self.layouts):
            return self.encoder.encode_outputs(passages, frozenset(layouts), cancelled)
        return Encoded(self.encoder.encode(passages, cancelled))

    def encode_query(self, text: str) -> Encoded:
        """All that the encoder has to say of a query as typed, in one pass; the last queries are remembered."""
        if gives_outputs(self.encoder):
            return self.encoder.encode_query_outputs(text)
        return Encoded(self.encoder.encode_query(text)[None])

    @property
    def encoded(self) -> int:
        """How many passages the encoder has read; 0 where it does not count."""
        return getattr(self.encoder, "encoded", 0)

    @property
    def remembered(self) -> int:
        """How many passages the vector cache knew."""
        return getattr(self.encoder, "hits", 0)

    def close(self) -> None:
        """Let go of the vector cache; the models may be used again."""
        if isinstance(self.encoder, CachedEncoder | ExpandingEncoder):
            self.encoder.close()


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a person wants to know of a model; `base` and `licence` are empty where config.json is silent."""

    model_id: str
    folder: Path
    base: str
    licence: str
    dim: int
    max_tokens: int
    weight_bytes: int


def load_models(
    source: Path | str | None = None,
    threads: int = DEFAULT_THREADS,
    cache: VectorCache | None = None,
    wanted: Outputs = NO_OUTPUTS,
    sparse: Path | str = OWN_TERMS,
) -> Models:
    """The models of `source`, opened by their first use; what it lacks is taken from the embedded models.

    `source` is None or 'embedded', a folder with encoder/ and static/, a folder with an ONNX encoder, or
    'sentence-transformers:NAME_OR_PATH'. With `cache` the encoder asks it first; the static table, 0.1 ms a
    passage, is not worth the disk. `wanted` are the outputs that channels ask for. Raises ModelError where the source
    is none of them.
    """
    if isinstance(source, str) and source.startswith(TRANSFORMERS_PREFIX):
        static_folder = embedded_folder() / STATIC
        encoder: TextEncoder = SentenceTransformersEncoder(source.removeprefix(TRANSFORMERS_PREFIX))
    else:
        encoder_folder, static_folder = _model_folders(source)
        encoder = OnnxEncoder(encoder_folder, threads)
    kept = encoder if cache is None else CachedEncoder(encoder, cache)
    if sparse != OWN_TERMS and Output.TERMS in wanted:
        kept = ExpandingEncoder(kept, SpladeModel(Path(sparse), threads), cache)
    return Models(kept, StaticTable(static_folder), wanted)


def embedded_folder() -> Path:
    """The folder of the models that come with codeintel: package data, or data/model of a source checkout."""
    packaged = Path(str(package_files("codeintel"))) / "data" / "model"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).parents[3] / "data" / "model"
    if checkout.is_dir():
        return checkout
    raise ModelError(f"The embedded model is missing: {packaged}.", "Reinstall codeintel.")


def model_card(source: Path | str | None = None) -> tuple[ModelCard, ModelCard]:
    """The cards of a folder's encoder and static table; reads and hashes their files (about 50 ms)."""
    encoder_folder, static_folder = _model_folders(source)
    return _card(encoder_folder, onnx.WEIGHT_NAMES), _card(static_folder, static.WEIGHT_NAMES)


def verify(folder: Path | None = None) -> list[str]:
    """Compare the files of `folder` (None: embedded) with its checksums.json; the relative paths compared.

    Raises ModelError for a file that is missing or differs, and where there is no checksums.json.
    """
    folder = embedded_folder() if folder is None else folder
    if not (folder / CHECKSUMS).is_file():
        raise ModelError(
            f"{folder} has no {CHECKSUMS}.", "Only a folder that comes with one can be verified."
        )
    recorded = read_object(folder / CHECKSUMS)
    for name, entry in recorded.items():
        check_file(folder / name, entry)
    return list(recorded)


def _model_folders(source: Path | str | None) -> tuple[Path, Path]:
    folder = embedded_folder() if source in (None, EMBEDDED) else Path(str(source)).expanduser()
    if not folder.is_dir():
        raise ModelError(
            f"The model folder {folder} does not exist.", "Give a folder, or leave the setting empty."
        )
    encoder_folder = folder / ENCODER if (folder / ENCODER).is_dir() else folder
    static_folder = folder / STATIC if (folder / STATIC).is_dir() else embedded_folder() / STATIC
    return encoder_folder, static_folder


def _card(folder: Path, weight_names: tuple[str, ...]) -> ModelCard:
    files = find_files(folder, weight_names)
    model = OnnxEncoder(folder) if weight_names == onnx.WEIGHT_NAMES else StaticTable(folder)
    return ModelCard(
        model_id=model.model_id,
        folder=folder,
        base=str(files.settings.get("base", "")),
        licence=str(files.settings.get("licence", "")),
        dim=model.dim,
        max_tokens=model.max_tokens,
        weight_bytes=files.weights.stat().st_size,
    )
