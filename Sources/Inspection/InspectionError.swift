package import Disk

/// Why a directory cannot be inspected.
package enum InspectionError: StorageErrorWrapper, Sendable, Hashable {
    /// The directory does not exist, or contains no Ledge files.
    case notADataDirectory(String)
    /// It was created by a later build.
    case unsupportedFormat(Int)
    case storage(StorageError)
}

extension InspectionError: CustomStringConvertible {
    /// For the operator's terminal.
    package var description: String {
        switch self {
        case .notADataDirectory(let path): "\(path) is not a data directory: it has no ledge.json, collections or blobs"
        case .unsupportedFormat(let format): "the data directory is in format \(format), newer than this build can read"
        case .storage(let error): "\(error)"
        }
    }
}
