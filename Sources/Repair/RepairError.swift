package import Disk
internal import Inspection
package import Store

/// Why a directory could not be repaired, or a repair not be undone.
package enum RepairError: StorageErrorWrapper, Sendable, Equatable {
    case notADataDirectory(String)
    /// Another process serves the directory, or a later build made it.
    case store(StoreError)
    case storage(StorageError)
    /// There is no repair that could be undone.
    case nothingToUndo(String)
    /// The file is not as the repair left it: undoing would lose what was written since.
    case changedSince(String)
    /// What `lost+found` keeps is not what was put there.
    case damagedCopy(String)
}

extension RepairError: CustomStringConvertible {
    /// For the operator's terminal.
    package var description: String {
        switch self {
        case .notADataDirectory(let path): "\(path) is not a data directory: it has no collections"
        case .store(.locked(_, let owner?)): "process \(owner) serves this directory; stop it first"
        case .store(.locked(_, nil)): "another process serves this directory; stop it first"
        case .store(.unsupportedFormat(let format)):
            "the data directory is in format \(format), newer than this build reads"
        case .storage(.corrupt(let corruption)), .store(.storage(.corrupt(let corruption))): "\(Finding(corruption))"
        case .storage(let error), .store(.storage(let error)): "\(error)"
        case .store(let error): "\(error)"
        case .nothingToUndo(let path): "\(path) has no repair that could be undone"
        case .changedSince(let path):
            "\(path) is not as the repair left it; what was written since would be lost. The old files are in lost+found"
        case .damagedCopy(let path): "\(path) is not what was put there; nothing was changed"
        }
    }
}
