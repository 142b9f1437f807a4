/// The connected edge clients of the network.
///
/// The controller uses it to list clients and to assign and withdraw tasks. The implementation passes reports to
/// ``Controller/receive(_:)`` and calls ``Controller/participantsChanged()`` when a client connects.
package protocol Participants: Sendable {
    /// Returns the clients that currently accept tasks.
    func online() async -> [Participant]

    /// Sends a task, which is already stored, to its client: at once or at its next poll.
    ///
    /// Does not fail: a client that has disconnected sends no report, and the barrier times out.
    func assign(_ task: Assignment) async

    /// Tells a client that its task is over, as `INTERRUPTED` or `TIMEOUT`; unknown clients are ignored.
    func withdraw(_ correlationID: String, from clientID: String, as status: CommandStatus) async
}

/// A client that accepts tasks.
package struct Participant: Sendable, Hashable {
    package let id: String
    package let name: String
    /// The name of the combiner it is connected to.
    package let combiner: String

    package init(id: String, name: String, combiner: String) {
        self.id = id
        self.name = name
        self.combiner = combiner
    }
}

/// One task for one client: the members of a `TaskRequest`.
package struct Assignment: Sendable, Hashable {
    package let clientID: String
    /// `Scaleout_ModelUpdate`, `Scaleout_Validation`, `Scaleout_StageModel`, `Scaleout_Inference`,
    /// `Scaleout_RestartClient` or `Custom_…`.
    package let type: CommandType
    /// Unique for each task; the key of its command document, and part of every report on it.
    package let correlationID: String
    package let modelID: String?
    package let sessionID: String?
    package let roundID: String?
    /// A JSON object as text, never empty.
    package let data: String
}

/// A network without clients.
package struct NoParticipants: Participants {
    package init() {}

    package func online() async -> [Participant] { [] }
    package func assign(_ task: Assignment) async {}
    package func withdraw(_ correlationID: String, from clientID: String, as status: CommandStatus) async {}
}
