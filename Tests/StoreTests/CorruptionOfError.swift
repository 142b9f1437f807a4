internal import Disk
internal import Store

/// Where stored bytes are damaged, as an error of a collection says; nil for every other error.
func corruption(of error: (any Error)?) -> Corruption? {
    let storageError = error as? StorageError ?? (error as? StoreError)?.storageError
    if case .corrupt(let corruption) = storageError { return corruption }
    return nil
}
