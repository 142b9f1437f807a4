/// Why a step of an upload did not succeed, and what that means for the next try.
enum UploadFailure: Error, Sendable, Hashable {
    /// No answer came.
    case transport(HTTPFailure)
    /// The server answered with a status above 399; `message` is its own sentence.
    case refused(status: Int, message: String)
    /// A 2xx whose body is not what the API promises: this is another kind of server.
    case unexpectedReply(String)

    /// How often in a row the step may fail like this before it is given up, or nil where it can never succeed.
    var failureCountMax: Int? {
        switch self {
        case .transport:
            10
        // Time-out, another chunk of this upload still arriving, too many requests; a proxy whose server restarts;
        // a disk that is full until someone makes room.
        case .refused(status: 408, _), .refused(status: 409, _), .refused(status: 429, _), .refused(status: 502, _),
            .refused(status: 503, _), .refused(status: 504, _), .refused(status: 507, _):
            10
        // Damaged on its way, or out of order because the reply to the chunk before was lost; asking the server where
        // it stands settles that at once, or never.
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
        case .refused(413, let message): "the server answered 413: \(message); try a smaller --chunk-size"
        case .refused(let status, let message): "the server answered \(status): \(message)"
        case .unexpectedReply(let what): "this is no Ledge server: \(what)"
        }
    }
}
