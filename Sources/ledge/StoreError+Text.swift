internal import Disk
internal import Inspection
internal import Store

extension StorageError {
    /// What a person at the terminal reads when the data directory cannot be used.
    var text: String {
        if case .corrupt(let place) = self { return "\(Finding(place)); nothing was changed, see ledge repair" }
        return "\(self)"
    }
}

extension StoreError {
    /// What a person at the terminal reads when a data directory cannot be served, or a document not be stored.
    var text: String {
        switch self {
        case .locked(let path, let owner?): "process \(owner) serves this directory already; it holds \(path)"
        case .locked(let path, nil): "another process serves this directory already; it holds \(path)"
        case .unsupportedFormat(let format): "the data directory is in format \(format), newer than this build reads"
        case .notADataDirectory(let path): "\(path) has collections but no ledge.json: not a data directory"
        case .possiblySuperseded(let place): "\(Finding(place)); records are lost there, see ledge repair"
        case .notFound(let id): "there is no document \(id)"
        case .alreadyExists(let id): "there is a document \(id) already"
        case .invalidKey(let member): "'\(member)' must be a text of 1 to \(DocumentCollection.idByteCountMax) bytes"
        case .invalidTime(let reason), .refused(let reason): reason
        case .storage(.recordTooLarge(_, let byteCountMax)): "the document is longer than \(byteCountMax) bytes"
        case .storage(let error): error.text
        }
    }
}
