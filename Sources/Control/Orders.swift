package import JSON

/// A request to run a session.
package struct SessionStart: Sendable, Hashable {
    package var sessionID: String?
    /// How many rounds; nil or less than 1 for what the session's configuration says.
    package var rounds: Int?
    /// Seconds, which replace the `round_timeout` of the session's configuration.
    package var roundTimeout: Int?
    /// Models are called `{prefix}_1`, `{prefix}_2` and so on; nil or empty for no names.
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

/// A request to have clients do something that is no training: a custom command or an inference.
package struct CommandOrder: Sendable, Hashable {
    /// Handed to every client as `{"parameters":…}`; null for `{}`.
    package var parameters: JSON
    /// The only clients that are asked; nil for all that are online.
    package var clientIDs: [String]?
    /// Seconds until those who have not answered are given up; nil for 180, negative for never.
    package var timeout: Double?
    /// Whether the answer waits for the clients'.
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

/// What became of a command when its caller is answered.
package enum CommandOutcome: Sendable, Hashable {
    /// The tasks are handed out; the documents of `commands` tell the rest.
    case pending(CommandType, correlationID: String)
    /// Everybody has answered, or was given up.
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

/// How one client did.
package struct CommandResult: Sendable, Hashable {
    package let clientID: String
    package let correlationID: String
    package let status: CommandStatus
    /// What the client sent back; null where it sent nothing.
    package let response: JSON
}
