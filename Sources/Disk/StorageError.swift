/// A failure of storage: the one error that files, logs, indexes, collections and blobs throw.
///
/// A module that can also refuse a request has an error type of its own with a case `storage(StorageError)`.
package enum StorageError: Error, Sendable, Hashable {
    /// A call failed. The operation had no effect, and the next one may succeed.
    case disk(DiskError)
    /// An earlier write or sync failed: no writes until the log or the upload is opened again. Reads continue.
    ///
    /// Whether the records of the failed group are stored is unknown until then.
    case latched(Latch)
    /// Stored bytes differ from what was written. They are not served, and nothing was repaired.
    case corrupt(Corruption)
    /// The record exceeds the log's limit. Nothing was written.
    case recordTooLarge(byteCount: Int, byteCountMax: Int)
    /// The segment was merged or dropped while it was read: its records, if any remain, are in another segment.
    case retired
    /// The order of a query needs documents of more matches than are sorted at once.
    case tooManyToSort(countMax: Int)
    /// The log or the store was closed.
    case closed
}

/// The failure after which a log or an upload takes no more writes, and when it happened.
package struct Latch: Sendable, Hashable {
    /// The log or upload that takes no more writes: `log telemetry`, `upload 7b…`.
    package let subject: String
    /// The write or sync that failed.
    package let cause: DiskError
    /// In microseconds since 1970.
    package let sinceMicroseconds: Int64

    package init(_ subject: String, cause: DiskError, sinceMicroseconds: Int64) {
        self.subject = subject
        self.cause = cause
        self.sinceMicroseconds = sinceMicroseconds
    }
}

extension StorageError {
    static func failed(_ call: DiskError.Call, _ path: String, _ code: Int32) -> StorageError {
        .disk(DiskError(call: call, path: path, code: code))
    }

    /// The call that failed, now or when the log or upload was latched; nil if no call failed.
    package var failedCall: DiskError? {
        switch self {
        case .disk(let error): error
        case .latched(let latch): latch.cause
        case .corrupt, .recordTooLarge, .retired, .tooManyToSort, .closed: nil
        }
    }

    private func isDisk(_ property: (DiskError) -> Bool) -> Bool {
        if case .disk(let error) = self { property(error) } else { false }
    }

    /// Whether the disk, or the owner's quota, is full; see ``DiskError/isNoSpace``.
    package var isNoSpace: Bool { isDisk(\.isNoSpace) }

    /// Whether the call was one that makes bytes or names durable.
    package var isSync: Bool { isDisk(\.isSync) }

    /// Whether the path does not exist.
    package var isMissing: Bool { isDisk(\.isMissing) }

    /// Whether this process lacks permission for the path.
    package var isForbidden: Bool { isDisk(\.isForbidden) }

    /// Whether the path already exists.
    package var isExisting: Bool { isDisk(\.isExisting) }

    /// Whether a part of the path is not a directory.
    package var isNotADirectory: Bool { isDisk(\.isNotADirectory) }

    /// Whether stored bytes differ from what was written.
    package var isCorrupt: Bool {
        if case .corrupt = self { true } else { false }
    }
}

extension StorageError: CustomStringConvertible {
    /// For the log and the operator's terminal.
    package var description: String {
        switch self {
        case .disk(let error): "\(error)"
        case .latched(let latch): "\(latch.subject) takes no writes until it is opened again: \(latch.cause)"
        case .corrupt(let corruption): "\(corruption)"
        case .recordTooLarge(let byteCount, let byteCountMax):
            "the record has \(byteCount) bytes; at most \(byteCountMax) are allowed"
        case .retired: "the segment was merged or dropped while it was read"
        case .tooManyToSort(let countMax): "more than \(countMax) documents would have to be read and sorted"
        case .closed: "it is closed"
        }
    }
}

/// An error type of requests with a case for failures of storage.
package protocol StorageErrorWrapper: Error {
    static func storage(_ error: StorageError) -> Self
}

extension StorageErrorWrapper {
    /// Runs a step in which only storage can fail, and converts its error to `Self`.
    package static func wrap<Value>(_ step: @autoclosure () throws(StorageError) -> Value) throws(Self) -> Value {
        do { return try step() } catch { throw .storage(error) }
    }
}
