"""Everything Commonplace raises on purpose.

The tree::

    CommonplaceError
    ├── InvalidInputError (ValueError)      a value that cannot be used; nothing was changed
    │   └── BlockedContentError             the policy blocks what it holds
    ├── RecordNotFoundError (LookupError)   no record with this id in the memory's scope
    ├── MemoryClosedError                   the memory was closed before
    ├── AccessDeniedError                   the server refuses: no such key, or not for this scope
    ├── QuotaExceededError                  more than the server lets this key send, write or ask
    ├── ExtractionError                     a language model that was to extract facts failed
    ├── EmbeddingError                      the embedder failed, or returned what is not a vector
    │   └── ModelUnavailableError           the default embedder's weights are not on this machine
    └── StoreError                          the store could not be read or written
        ├── StoreInUseError                 another process owns the directory
        ├── StoreFormatError                not a Commonplace store, or one from a newer release
        ├── EmbedderMismatchError           the store was built with another embedder
        ├── StoreDamagedError               files of the store cannot be read
        └── ServerUnavailableError          the store's server does not answer

Catch CommonplaceError for all of them.
"""


class CommonplaceError(Exception):
    """Base of every error that Commonplace raises on purpose."""


class InvalidInputError(CommonplaceError, ValueError):
    """A value that cannot be used. Nothing was changed."""


class BlockedContentError(InvalidInputError):
    """A record holds a secret or personal data, which the policy blocks. Nothing was kept."""


class RecordNotFoundError(CommonplaceError, LookupError):
    """No record with this id in the memory's scope."""


class MemoryClosedError(CommonplaceError):
    """The memory was closed before this call."""


class AccessDeniedError(CommonplaceError):
    """The server refuses the key, or the key is not for this scope."""


class QuotaExceededError(CommonplaceError):
    """More than the server lets this key send, write or ask. Nothing was changed."""


class ExtractionError(CommonplaceError):
    """The language model that was to extract facts failed. The messages are kept."""


class EmbeddingError(CommonplaceError):
    """The embedder failed, or returned what is not a vector."""


class ModelUnavailableError(EmbeddingError):
    """The weights of the default embedder are not on this machine."""


class StoreError(CommonplaceError):
    """The store could not be read or written."""


class StoreInUseError(StoreError):
    """Another opener owns the directory."""


class StoreFormatError(StoreError):
    """Not a Commonplace store, or one written by a newer release."""


class EmbedderMismatchError(StoreError):
    """The store was built with another embedder than the one given: `stored`, if that is known."""

    def __init__(self, message: str, stored: str | None = None) -> None:
        """Say so."""
        super().__init__(message)
        self.stored = stored


class StoreDamagedError(StoreError):
    """Files of the store cannot be read."""


class ServerUnavailableError(StoreError):
    """The server that owns the store does not answer."""
