internal import Disk
internal import Inspection
internal import Store

extension StorageError {
    /// The message for the operator if the data directory cannot be used.
    var text: String {
        if case .corrupt(let place) = self { return "\(Finding(place)); nothing was changed; run \"ledge repair\"" }
        return "\(self)"
    }
}

extension StoreError {
    /// The message for the operator if a data directory cannot be served or a document cannot be stored.
    var text: String {
        switch self {
        case .locked(let path, let owner?): "process \(owner) uses this data directory; it has locked \(path)"
        case .locked(let path, nil): "another process uses this data directory; it has locked \(path)"
        case .unsupportedFormat(let format):
            "the data directory is in format \(format), newer than this build can read"
        case .notADataDirectory(let path): "\(path) is not a data directory: it has stored data but no ledge.json"
        case .notEmpty(let path):
            "\(path) is neither empty nor a data directory (it has no ledge.json); choose another directory, or add "
                + "--allow-non-empty to \"ledge serve\" to set one up among these files"
        case .possiblySuperseded(let place): "\(Finding(place)); records are lost there; run \"ledge repair\""
        case .notFound(let id): "document \(id) does not exist"
        case .alreadyExists(let id): "document \(id) already exists"
        case .invalidKey(let member): "'\(member)' must be a text of 1 to \(DocumentCollection.idByteCountMax) bytes"
        case .invalidTime(let reason), .refused(let reason): reason
        case .storage(.recordTooLarge(_, let byteCountMax)):
            "the document is longer than the maximum of \(byteCountMax) bytes"
        case .storage(let error): error.text
        }
    }
}
