internal import NIOConcurrencyHelpers

/// The directories of a disk whose sync has failed: which names in them are durable is unknown until a restart.
package final class FailedDirectories: Sendable {
    private let failures = NIOLockedValueBox<[String: StorageError]>([:])

    package init() {}

    /// Returns why the sync of a directory has failed, or nil if none has.
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
    /// After a failure it always throws the first error, without another call: as with a file, a second call may
    /// succeed although the first one has lost names.
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
