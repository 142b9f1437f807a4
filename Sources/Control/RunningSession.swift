internal import JSON

/// The running session in memory; everything that is needed after a restart is stored.
///
/// Only the controller uses it.
final class RunningSession {
    let id: String
    let config: SessionConfig
    /// The root command, which contains the parameters of the session's start.
    let rootID: String
    let runID: String
    let start: SessionStart
    /// The first round of this run has this number or a later one.
    let firstRoundNumber: Int
    var state = SessionState()
    /// The newest model, from which the next round begins.
    var modelID: String
    var round: RunningRound?
    /// Updates that arrived while a round was being averaged, for the next one.
    var held: [Contribution] = []

    init(
        id: String,
        config: SessionConfig,
        rootID: String,
        runID: String,
        start: SessionStart,
        firstRoundNumber: Int,
        modelID: String
    ) {
        self.id = id
        self.config = config
        self.rootID = rootID
        self.runID = runID
        self.start = start
        self.firstRoundNumber = firstRoundNumber
        self.modelID = modelID
    }

    /// The number of rounds of this run.
    var roundCount: Int { start.rounds ?? config.roundCount }

    /// The limit of one round; nil for none.
    var timeout: Duration? { Timeout.duration(seconds: Double(config.roundTimeout)) }
}

/// The current round.
final class RunningRound {
    let id: String
    /// From 1, within the run.
    let number: Int
    var state: RoundState
    /// The clients that take part.
    var participants: [Participant] = []
    var contributions: [Contribution] = []
    var mean: Mean?
    /// When its tasks were assigned, and when the barrier opened.
    var instructedAt: Timestamp?
    var openedAt: Timestamp?
    var timer: Task<Void, Never>?

    init(id: String, number: Int, state: RoundState) {
        self.id = id
        self.number = number
        self.state = state
    }
}

/// One update that counts: its bytes are a blob.
struct Contribution: Sendable {
    let clientID: String
    let updateID: String
    let blobID: String
    let exampleCount: Double
}

/// The round or command that a task belongs to.
enum TaskPlace {
    case round(id: String, clientID: String)
    case command(rootID: String, clientID: String)
}

/// A running command to several clients.
final class RunningCommand {
    let id: String
    let type: CommandType
    /// The correlation id of each client's task.
    let tasks: [String: String]
    var state: CommandState
    var responses: [String: JSON] = [:]
    var timer: Task<Void, Never>?
    var waiting: [CheckedContinuation<Void, Never>] = []
    /// Its position in the order of commands, to find the newest.
    let number: Int

    init(id: String, type: CommandType, tasks: [String: String], number: Int) {
        self.id = id
        self.type = type
        self.tasks = tasks
        self.number = number
        state = CommandState(clients: tasks.keys.sorted())
    }

    /// The current outcome, for its caller.
    var outcome: CommandOutcome {
        let results = tasks.sorted { $0.key < $1.key }.map { client, correlationID in
            CommandResult(
                clientID: client,
                correlationID: correlationID,
                status: state.tasks[client] ?? .unknown,
                response: responses[client] ?? .null
            )
        }
        return .executed(type, correlationID: id, status: state.status, results: results)
    }
}
