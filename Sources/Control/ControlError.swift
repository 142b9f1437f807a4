/// Why the controller refused a request.
///
/// Its functions also throw the errors of the store and the blobs unchanged.
package enum ControlError: Error, Sendable, Equatable {
    // Starting a session, in the order they are checked.

    case sessionIDMissing
    case unknownSession(String)
    /// A session is running, and only one can run at a time.
    case sessionAlreadyRunning
    case notEnoughClients(required: Int)
    case seedModelMissing(String)
    /// The model is in a format that the aggregator does not read, for the given reason.
    case modelNotAveraged(String, reason: String)
    /// The session contains Python code, which this server does not run.
    case serverFunctions
    case unknownAggregator(String)

    // Commands.

    case commandTypeMissing
    /// The type begins with `Fedn_`, which is reserved.
    case commandTypeForbidden(String)
    case unknownModel(String)
    case unknownCommand(String)
    /// A session or a command, described in the second text, needs the model.
    case modelInUse(String, by: String)
    /// No session or command is running that could be stopped or skipped.
    case nothingRunning

    /// The controller was shut down.
    case closed
}

extension ControlError {
    /// The message for the client.
    ///
    /// Texts that FEDn has are exactly FEDn's, because clients show and compare them.
    package var message: String {
        switch self {
        case .sessionIDMissing: "Session ID is required"
        case .unknownSession: "Session with specified ID does not exist"
        case .sessionAlreadyRunning: "A session is already running!"
        case .notEnoughClients(let required):
            "Number of available clients is lower than the required minimum of \(required)"
        case .seedModelMissing: "Session seed model not found"
        case .modelNotAveraged(let id, let reason): "Model \(id) cannot be averaged, which a session needs: \(reason)"
        case .serverFunctions:
            "This server runs no Python: remove server_functions from the session or use a built-in aggregator (fedavg)"
        case .unknownAggregator(let name):
            "Unknown aggregator '\(name)': the built-in aggregators are \(Aggregation.names.joined(separator: ", "))"
        case .commandTypeMissing: "command_type is required"
        case .commandTypeForbidden(let type): "command_type '\(type)' must not start with 'Fedn_'"
        case .unknownModel(let id): "Model with id: \(id) not found"
        case .unknownCommand(let id): "Command with id: \(id) not found"
        case .modelInUse(let id, let user):
            "Model with id: \(id) is needed by \(user); stop it, or wait until it has ended, before deleting the model"
        case .nothingRunning: "No session is running"
        case .closed: "The controller is shut down"
        }
    }
}
