internal import NIOConcurrencyHelpers

/// The directories of a disk whose sync has failed: what stands in them on stable storage is unknown until a restart.
package final class FailedDirectories: Sendable {
    private let failures = NIOLockedValueBox<[String: StorageError]>([:])

    package init() {}

    /// Why the sync of a directory has failed, or nil where none has.
    package func failure(of path: String) -> StorageError? {
        failures.withLockedValue { $0[path] }
    }

    fileprivate func note(_ failure: StorageError, of path: String) {
        failures.withLockedValue { $0[path] = $0[path] ?? failure }
    }
}

extension Disk {
    /// Returns when the names in a directory are on stable storage.
    ///
    /// Once that has failed it fails for good, with the first error and without another call: as with a file, a second
    /// one may succeed without what the first one has lost.
    package func synchronizeDirectory(_ path: String) throws(StorageError) {
        if let failure = failedDirectories.failure(of: path) { throw failure }
        do {
            try synchronizeNames(in: path)
        } catch {
            if error.isSync { failedDirectories.note(error, of: path) }
            throw error
        }
    }
}
