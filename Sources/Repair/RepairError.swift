package import Disk
internal import Inspection
package import Store

/// Why a directory could not be repaired, or a repair not be undone.
package enum RepairError: StorageErrorWrapper, Sendable, Equatable {
    case notADataDirectory(String)
    /// Another process uses the directory, or a later build has created it.
    case store(StoreError)
    case storage(StorageError)
    /// There is no repair to undo.
    case nothingToUndo(String)
    /// The file was changed after the repair: undoing would lose those changes.
    case changedSince(String)
    /// A copy in the backup does not match its checksum.
    case damagedCopy(String)
    /// The list of a backup has files that repairs do not touch, or one of them twice.
    case malformedBackup(String)
}

extension RepairError: CustomStringConvertible {
    /// For the operator's terminal.
    package var description: String {
        switch self {
        case .notADataDirectory(let path): "\(path) is not a data directory: it has no collections"
        case .store(.locked(_, let owner?)): "process \(owner) serves this directory; stop it first"
        case .store(.locked(_, nil)): "another process serves this directory; stop it first"
        case .store(.unsupportedFormat(let format)):
            "the data directory is in format \(format), newer than this build can read"
        case .storage(.corrupt(let corruption)), .store(.storage(.corrupt(let corruption))): "\(Finding(corruption))"
        case .storage(let error), .store(.storage(let error)): "\(error)"
        case .store(let error): "\(error)"
        case .nothingToUndo(let path): "\(path) has no repair to undo"
        case .changedSince(let path):
            "\(path) was changed after the repair; undoing would lose the changes. The old files are in repair-backups"
        case .malformedBackup(let path):
            "\(path) was not written by a repair: it lists a file twice, or one that repairs do not touch. Nothing was changed"
        case .damagedCopy(let path):
            "\(path) is damaged: it does not match the checksum of the backup. Nothing was changed"
        }
    }
}
