/// How a command or a task stands: the words of the task protocol, and of `status` in a command's document.
package enum CommandStatus: String, Sendable, Hashable, CaseIterable {
    case empty = "EMPTY"
    case new = "NEW"
    case created = "CREATED"
    case pending = "PENDING"
    case running = "RUNNING"
    case completed = "COMPLETED"
    case failed = "FAILED"
    /// Stopped by somebody, or by a restart of the server.
    case interrupted = "INTERRUPTED"
    /// Nobody waits for it any longer.
    case timeout = "TIMEOUT"
    /// Over, but nobody can say how.
    case unknown = "UNKNOWN"

    /// The status a text of the wire means; a client sends nothing at all before it has begun.
    ///
    /// Words that are no status are ``unknown``: a client must never be answered with one.
    package init(wire text: String) {
        self = text.isEmpty ? .empty : CommandStatus(rawValue: text) ?? .unknown
    }

    /// Whether nothing follows.
    package var isEnd: Bool {
        switch self {
        case .completed, .failed, .interrupted, .timeout, .unknown: true
        case .empty, .new, .created, .pending, .running: false
        }
    }
}
