/// The edge clients of the network, as the endpoint they connect to sees them.
///
/// This is all the controller asks of it: who is there, hand this out, take this back. What comes back goes to
/// ``Controller/receive(_:)``, and ``Controller/participantsChanged()`` says that someone has come.
package protocol Participants: Sendable {
    /// Who takes tasks at this moment.
    func online() async -> [Participant]

    /// Hands a task to its client, at the client's next poll or at once; it is stored already.
    ///
    /// Never fails: a client that has left reports nothing, and the barrier runs into its time-out.
    func assign(_ task: Assignment) async

    /// Tells a client that its task is over, as `INTERRUPTED` or `TIMEOUT`; one that is unknown is passed over.
    func withdraw(_ correlationID: String, from clientID: String, as status: CommandStatus) async
}

/// One client that takes tasks.
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
    /// Unique for each task; the key of its command document, and what comes back with every report.
    package let correlationID: String
    package let modelID: String?
    package let sessionID: String?
    package let roundID: String?
    /// A JSON object as text, never empty.
    package let data: String
}

/// A network without anybody in it.
package struct NoParticipants: Participants {
    package init() {}

    package func online() async -> [Participant] { [] }
    package func assign(_ task: Assignment) async {}
    package func withdraw(_ correlationID: String, from clientID: String, as status: CommandStatus) async {}
}
