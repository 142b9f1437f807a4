/// The failure of a step of an upload.
enum UploadFailure: Error, Sendable, Hashable {
    /// There was no valid response.
    case transport(HTTPFailure)
    /// The server returned a status of 400 or more; `message` is from its response.
    case refused(status: Int, message: String, retryAfter: Duration? = nil)
    /// A response that does not match the API: this is not a Ledge server.
    case unexpectedReply(String)
    /// The upload with this id is for a file of another size.
    case otherFile(id: String, byteCount: Int64)
    /// The stored login could not be renewed.
    case login(String)

    /// What may make the next attempt succeed.
    enum Remedy: Sendable, Hashable {
        /// It will pass: the connection, a restart of the server or of its proxy, other requests.
        case time
        /// A few attempts from the server's position.
        case attempts(Int)
        case none
    }

    var remedy: Remedy {
        switch self {
        case .transport(.malformedReply): .attempts(3)
        case .transport(.distrusted): .none
        case .transport: .time
        // Timeout; another request works on this upload; too many requests; a restart of the server of a proxy; a full
        // disk.
        case .refused(408, _, _), .refused(409, _, _), .refused(429, _, _), .refused(502...504, _, _),
            .refused(507, _, _):
            .time
        // Damaged in transit, or out of order because a response was lost.
        case .refused(400, _, _): .attempts(3)
        case .refused, .unexpectedReply, .otherFile, .login: .none
        }
    }

    /// How long the server requires to wait.
    var retryAfter: Duration? {
        if case .refused(_, _, let duration) = self { duration } else { nil }
    }

    var isUnknownUpload: Bool {
        if case .refused(404, _, _) = self { true } else { false }
    }
}

extension UploadFailure: CustomStringConvertible {
    var description: String {
        switch self {
        case .transport(let failure): "\(failure)"
        case .refused(let status, let message, _): "the server returned \(status): \(message)\(Self.advice(status))"
        case .unexpectedReply(let reason): "this is not a Ledge server: \(reason)"
        case .otherFile(let id, let byteCount): "upload \(id) is for a file of \(byteCount) bytes, not for this one"
        case .login(let reason): "the stored login cannot be used: \(reason)"
        }
    }

    private static func advice(_ status: Int) -> String {
        switch status {
        case 401:
            "; give a valid token with --token-file or SCALEOUT_AUTH_TOKEN, for example one of \"ledge token\", "
                + "or log in with \"scaleout login\""
        case 403: "; the role of the token does not permit this, use one of an admin"
        case 413: "; try a smaller --chunk-size"
        default: ""
        }
    }
}
