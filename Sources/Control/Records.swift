internal import Catalog
internal import JSON
internal import Store

/// The collections the controller reads and writes.
struct Records: Sendable {
    let sessions: Shelf
    let rounds: Shelf
    let runs: Shelf
    let models: Shelf
    let packages: Shelf
    let commands: Shelf
    let statuses: Shelf
    let metrics: Shelf
    let validations: Shelf
    let attributes: Shelf
    let telemetry: Shelf
    let clients: Shelf

    init(_ store: Store) {
        sessions = Shelf(Resource.sessions, of: store)
        rounds = Shelf(Resource.rounds, of: store)
        runs = Shelf(Resource.runs, of: store)
        models = Shelf(Resource.models, of: store)
        packages = Shelf(Resource.packages, of: store)
        commands = Shelf(Resource.commands, of: store)
        statuses = Shelf(Resource.statuses, of: store)
        metrics = Shelf(Resource.metrics, of: store)
        validations = Shelf(Resource.validations, of: store)
        attributes = Shelf(Resource.attributes, of: store)
        telemetry = Shelf(Resource.telemetry, of: store)
        clients = Shelf(Resource.clients, of: store)
    }

    /// The newest model a session has made, or nil.
    func newestModel(ofSession id: String) throws -> String? {
        try models.list([Condition("session_id", .exactly(id))], limit: 1).first?["model_id"]?.string
    }

    /// The number of the newest round of all sessions; 0 without any.
    func lastRoundNumber() throws -> Int {
        // Rounds are numbered in the order they are stored.
        let newest = try rounds.list([], limit: 1).first?["round_id"]?.string
        return newest.flatMap { Int($0) } ?? 0
    }

    /// Whether no document calls this blob its own.
    func isFree(blobID: String) throws -> Bool {
        let condition = Condition("blob_id", .exactly(blobID))
        guard try models.count([condition]) == 0 else { return false }
        return try packages.count([condition]) == 0
    }

    /// How a document refers to a client.
    func sender(client id: String) throws -> JSON {
        let name = try clients.get(id)?["name"] ?? .null
        return ["name": name, "role": "client", "client_id": .string(id)]
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
    /// For documents, which tell times in seconds.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
