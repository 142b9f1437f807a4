/// The failure of a step of an upload.
enum UploadFailure: Error, Sendable, Hashable {
    /// There was no valid response.
    case transport(HTTPFailure)
    /// The server returned a status of 400 or more; `message` is from its response.
    case refused(status: Int, message: String)
    /// A response that does not match the API: this is not a Ledge server.
    case unexpectedReply(String)

    /// How many consecutive failures of this kind are retried; nil if a retry cannot succeed.
    var failureCountMax: Int? {
        switch self {
        case .transport:
            10
        // Timeout; another chunk of this upload in progress; too many requests; a restart of the server of a proxy;
        // a full disk.
        case .refused(status: 408, _), .refused(status: 409, _), .refused(status: 429, _), .refused(status: 502, _),
            .refused(status: 503, _), .refused(status: 504, _), .refused(status: 507, _):
            10
        // Damaged in transit, or out of order because a response was lost: the upload continues at the server's
        // position.
        case .refused(status: 400, _):
            3
        case .refused, .unexpectedReply:
            nil
        }
    }

    var isUnknownUpload: Bool {
        if case .refused(status: 404, _) = self { true } else { false }
    }
}

extension UploadFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .transport(let failure): "\(failure)"
        case .refused(413, let message): "the server returned 413: \(message); try a smaller --chunk-size"
        case .refused(let status, let message): "the server returned \(status): \(message)"
        case .unexpectedReply(let reason): "this is not a Ledge server: \(reason)"
        }
    }
}
