package import Disk
internal import Inspection
package import SegmentLog
package import Store

/// Why a directory could not be repaired, or a repair not be undone.
package enum RepairError: Error, Sendable, Equatable {
    case notADataDirectory(String)
    case disk(DiskError)
    /// Another process serves the directory, or a later build made it.
    case store(StoreError)
    case log(SegmentError)
    /// There is no repair that could be undone.
    case nothingToUndo(String)
    /// The file is not as the repair left it: undoing would lose what was written since.
    case changedSince(String)
    /// What `lost+found` keeps is not what was put there.
    case damagedCopy(String)
}

extension RepairError {
    static func ofDisk<Value>(_ body: () throws(DiskError) -> Value) throws(RepairError) -> Value {
        do { return try body() } catch { throw .disk(error) }
    }
}

extension RepairError: CustomStringConvertible {
    /// For the operator's terminal.
    package var description: String {
        switch self {
        case .notADataDirectory(let path): "\(path) is not a data directory: it has no collections"
        case .disk(let error), .log(.disk(let error)), .log(.noSpace(let error)): "\(error)"
        case .store(.locked(_, let owner?)): "process \(owner) serves this directory; stop it first"
        case .store(.locked(_, nil)): "another process serves this directory; stop it first"
        case .store(.unsupportedFormat(let format)):
            "the data directory is in format \(format), newer than this build reads"
        case .store(.disk(let error)): "\(error)"
        case .store(let error): "\(error)"
        case .log(.corrupt(let corruption)): "\(Finding(corruption))"
        case .log(let error): "\(error)"
        case .nothingToUndo(let path): "\(path) has no repair that could be undone"
        case .changedSince(let path):
            "\(path) is not as the repair left it; what was written since would be lost. The old files are in lost+found"
        case .damagedCopy(let path): "\(path) is not what was put there; nothing was changed"
        }
    }
}
