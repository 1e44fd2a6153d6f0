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
    """A value cannot be used. Nothing was changed."""


class BlockedContentError(InvalidInputError):
    """A record holds a secret or personal data, which the policy blocks. Nothing was kept."""


class RecordNotFoundError(CommonplaceError, LookupError):
    """The memory's scope has no record with this id."""


class MemoryClosedError(CommonplaceError):
    """The memory was closed before this call."""


class AccessDeniedError(CommonplaceError):
    """The server refuses: the key is unknown, or is not for this scope."""


class QuotaExceededError(CommonplaceError):
    """The key has sent, written or asked more than its quota. Nothing was changed."""


class ExtractionError(CommonplaceError):
    """The language model that was to extract facts failed. The messages are kept."""


class EmbeddingError(CommonplaceError):
    """The embedder failed, or returned something other than vectors."""


class ModelUnavailableError(EmbeddingError):
    """The weights of the default embedder are not on this machine."""


class StoreError(CommonplaceError):
    """The store could not be read or written."""


class StoreInUseError(StoreError):
    """Another process owns the directory. The message names it."""


class StoreFormatError(StoreError):
    """The directory is no Commonplace store, or was written by a newer release."""


class EmbedderMismatchError(StoreError):
    """The store was made with another embedder than the one given.

    `stored` is the name of the embedder it was made with, or None if that is not known.
    """

    def __init__(self, message: str, stored: str | None = None) -> None:
        """Keep the name of the stored embedder beside the message."""
        super().__init__(message)
        self.stored = stored


class StoreDamagedError(StoreError):
    """Files of the store cannot be read."""


class ServerUnavailableError(StoreError):
    """The server that owns the store does not answer."""
