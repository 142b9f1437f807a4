package import Disk

/// Why nothing can be told about a directory.
package enum InspectionError: StorageErrorWrapper, Sendable, Hashable {
    /// There is no directory, or nothing of ours in it.
    case notADataDirectory(String)
    /// A later build made it.
    case unsupportedFormat(Int)
    case storage(StorageError)
}

extension InspectionError: CustomStringConvertible {
    /// For the operator's terminal.
    package var description: String {
        switch self {
        case .notADataDirectory(let path): "\(path) is not a data directory: it has no ledge.json, collections or blobs"
        case .unsupportedFormat(let format): "the data directory is in format \(format), newer than this build reads"
        case .storage(let error): "\(error)"
        }
    }
}
