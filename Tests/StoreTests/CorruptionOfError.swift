internal import Disk
internal import Store

/// Returns the corruption in an error of a collection; nil for every other error.
func corruption(of error: (any Error)?) -> Corruption? {
    let storageError = error as? StorageError ?? (error as? StoreError)?.storageError
    if case .corrupt(let corruption) = storageError { return corruption }
    return nil
}
