internal import Catalog
internal import Federation
internal import Index
internal import JSON
internal import Store

/// The collections the controller reads and writes.
struct Records: Sendable {
    let sessions: ResourceCollection
    let rounds: ResourceCollection
    let runs: ResourceCollection
    let models: ResourceCollection
    let commands: ResourceCollection
    let statuses: ResourceCollection
    let metrics: ResourceCollection
    let validations: ResourceCollection
    let attributes: ResourceCollection
    let telemetry: ResourceCollection

    init(_ store: Store) {
        sessions = ResourceCollection(.sessions, of: store)
        rounds = ResourceCollection(.rounds, of: store)
        runs = ResourceCollection(.runs, of: store)
        models = ResourceCollection(.models, of: store)
        commands = ResourceCollection(.commands, of: store)
        statuses = ResourceCollection(.statuses, of: store)
        metrics = ResourceCollection(.metrics, of: store)
        validations = ResourceCollection(.validations, of: store)
        attributes = ResourceCollection(.attributes, of: store)
        telemetry = ResourceCollection(.telemetry, of: store)
    }

    /// Whether a command, or a task of one, has not ended.
    static let isOpenCommand = Condition(
        "status",
        .anyOf([CommandStatus.created, .pending, .running].map { Operand(text: $0.rawValue) })
    )

    /// Returns the newest model of a session, or nil.
    func newestModel(ofSession id: String) throws -> String? {
        try models.list([Condition("session_id", .exactly(id))], limit: 1).first?["model_id"]?.string
    }

    /// Returns the number of the newest round of all sessions; 0 if there is none.
    func lastRoundNumber() throws -> Int {
        // Rounds are numbered in the order they are stored.
        let newest = try rounds.list([], limit: 1).first?["round_id"]?.string
        return newest.flatMap { Int($0) } ?? 0
    }

    /// Writes a line to the log of the network, in the controller's name.
    func note(_ note: Note, at moment: Timestamp) async throws {
        try await statuses.insert([
            "status": .string(note.text),
            "timestamp": .string(moment.description),
            "log_level": .string(note.level),
            "type": .string(note.type),
            "correlation_id": JSON(note.correlationID),
            "session_id": JSON(note.sessionID),
            "sender": ["name": "controller", "role": "controller"],
        ])
    }
}

/// One line of the network's log.
struct Note: Sendable {
    var text: String
    var type: String
    var level = "INFO"
    var correlationID: String?
    var sessionID: String?
}

extension Duration {
    /// For documents, which contain times in seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
