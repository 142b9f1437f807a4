package import JSON

/// A request to run a session.
package struct SessionStart: Sendable, Hashable {
    package var sessionID: String?
    /// The number of rounds; nil or less than 1 for the number of the session's configuration.
    package var rounds: Int?
    /// In seconds; replaces the `round_timeout` of the session's configuration.
    package var roundTimeout: Int?
    /// Models are called `{prefix}_1`, `{prefix}_2` and so on; default: models have no names.
    package var modelNamePrefix: String?
    /// The only clients that may take part; nil for all.
    package var clientIDs: [String]?

    package init(
        sessionID: String?,
        rounds: Int? = nil,
        roundTimeout: Int? = nil,
        modelNamePrefix: String? = nil,
        clientIDs: [String]? = nil
    ) {
        self.sessionID = sessionID
        self.rounds = rounds
        self.roundTimeout = roundTimeout
        self.modelNamePrefix = modelNamePrefix
        self.clientIDs = clientIDs
    }
}

/// A request for a command other than training: a custom command or an inference.
package struct CommandOrder: Sendable, Hashable {
    /// Sent to every client as `{"parameters":…}`; null is sent as `{}`.
    package var parameters: JSON
    /// The clients that receive the command; nil for all that are online.
    package var clientIDs: [String]?
    /// Seconds until clients that have not answered count as timed out; default: 180; negative for no time-out.
    package var timeout: Double?
    /// Whether the response waits for the clients' answers.
    package var isSynchronous: Bool

    package init(
        parameters: JSON = .null,
        clientIDs: [String]? = nil,
        timeout: Double? = nil,
        isSynchronous: Bool = false
    ) {
        self.parameters = parameters
        self.clientIDs = clientIDs
        self.timeout = timeout
        self.isSynchronous = isSynchronous
    }
}

/// The result of a command for its caller.
package enum CommandOutcome: Sendable, Hashable {
    /// The tasks were assigned; their results will be in the documents of `commands`.
    case pending(CommandType, correlationID: String)
    /// Every client has answered or timed out.
    case executed(CommandType, correlationID: String, status: CommandStatus, results: [CommandResult])

    package var type: CommandType {
        switch self {
        case .pending(let type, _), .executed(let type, _, _, _): type
        }
    }

    package var correlationID: String {
        switch self {
        case .pending(_, let id), .executed(_, let id, _, _): id
        }
    }
}

/// The result of one client.
package struct CommandResult: Sendable, Hashable {
    package let clientID: String
    package let correlationID: String
    package let status: CommandStatus
    /// The client's response; null if it sent none.
    package let response: JSON
}
