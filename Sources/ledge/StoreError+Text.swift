internal import Blobs
internal import Disk
internal import Inspection
internal import JSON
internal import SegmentLog
internal import Store

/// What a person at the terminal reads when a data directory cannot be served.
extension StoreError {
    var text: String {
        switch self {
        case .locked(let path, let owner?): "process \(owner) serves this directory already; it holds \(path)"
        case .locked(let path, nil): "another process serves this directory already; it holds \(path)"
        case .unsupportedFormat(let format): "the data directory is in format \(format), newer than this build reads"
        case .corrupt(let path, let reason): "\(path) is damaged: \(reason); see ledge repair"
        case .notADataDirectory(let path): "\(path) has collections but no ledge.json: not a data directory"
        case .unreadableRecord(let collection, let sequence):
            "record \(sequence) of \(collection) is none of this build's"
        case .disk(let error), .noSpace(let error): "\(error)"
        case .latched(let latch): "the log of \(latch.log) takes no writes since \(latch.since): \(latch.cause)"
        case .damaged(let place): "\(Finding(place)); nothing was changed, see ledge repair"
        case .doubtful(let place): "\(Finding(place)); records are lost there, see ledge repair"
        case .notFound(let id): "there is no document \(id)"
        case .alreadyExists(let id): "there is a document \(id) already"
        case .invalidKey(let member): "'\(member)' must be a text of 1 to \(Collection.idByteCountMax) bytes"
        case .invalidTime(let reason), .refused(let reason): reason
        case .tooLarge(let byteCountMax): "the document is longer than \(byteCountMax) bytes"
        case .retired, .closed: "\(self)"
        }
    }
}

extension UploadError {
    var text: String {
        switch self {
        case .disk(let error), .noSpace(let error), .latched(let error): "\(error)"
        case .corrupt(let place): "\(place)"
        default: "\(self)"
        }
    }
}
