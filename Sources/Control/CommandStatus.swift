/// The status of a command or a task: the values of the task protocol, and of `status` in a command's document.
package enum CommandStatus: String, Sendable, Hashable, CaseIterable {
    case empty = "EMPTY"
    case new = "NEW"
    case created = "CREATED"
    case pending = "PENDING"
    case running = "RUNNING"
    case completed = "COMPLETED"
    case failed = "FAILED"
    /// Stopped by a client of the API, or by a restart of the server.
    case interrupted = "INTERRUPTED"
    /// Its time-out has passed.
    case timeout = "TIMEOUT"
    /// Ended with an unknown result.
    case unknown = "UNKNOWN"

    /// Parses a status of the wire; a client sends an empty text before it has begun.
    ///
    /// Other texts become ``unknown``; this status is never sent to a client.
    package init(wire text: String) {
        self = text.isEmpty ? .empty : CommandStatus(rawValue: text) ?? .unknown
    }

    /// Whether this is a final status.
    package var isEnd: Bool {
        switch self {
        case .completed, .failed, .interrupted, .timeout, .unknown: true
        case .empty, .new, .created, .pending, .running: false
        }
    }
}
