/// The state of one round: it counts updates at a barrier and decides what follows when the barrier opens.
///
///     gathering ─ enough clients ─▶ collecting ─ barrier opens ─▶ aggregating ─▶ committing ─▶ finished
///         │                            │                            │
///         └── failed, terminated ◀─────┴────────────────────────────┘
///
/// It has no side effects: ``handle(_:)`` takes an event and returns the effects to perform, in order. Updates arrive
/// at least once and tasks end in any order, so every event may arrive in every phase, and more than once.
package struct RoundState: Sendable, Hashable {
    package enum Phase: Sendable, Hashable, CaseIterable {
        /// Fewer clients are online than the session requires.
        case gathering
        /// Tasks are assigned; updates are counted.
        case collecting
        case aggregating
        /// The mean is stored and is being published as a model.
        case committing
        case finished
        case failed
        case terminated
    }

    package private(set) var phase: Phase = .gathering
    /// How many updates open the barrier; -1 for one of every participant.
    package let bufferSize: Int
    /// Whether tasks continue after the barrier has opened, so that their updates count in the next round.
    package let acceptsStragglers: Bool
    /// The clients with a task that have neither delivered nor failed.
    package private(set) var outstanding: Set<String> = []
    /// The clients whose update counts.
    package private(set) var delivered: Set<String> = []
    /// The ids of the accepted updates, including stragglers of earlier rounds.
    package private(set) var updateIDs: Set<String> = []
    private var selectedCount = 0

    package init(bufferSize: Int, acceptsStragglers: Bool) {
        self.bufferSize = bufferSize
        self.acceptsStragglers = acceptsStragglers
    }
}

extension RoundState {
    /// An event of the round.
    package enum Event: Sendable, Hashable {
        /// These clients are online, which are enough.
        case gathered([String])
        case update(client: String, id: String)
        /// A late update for an earlier round, which the session accepts; it counts, but not for the barrier.
        case straggler(client: String, id: String)
        /// A client's task has ended without an update that could be used.
        case lost(client: String)
        case timedOut
        case skip
        case stop
        case aggregated
        case notAggregated(RoundFailure)
        case committed
    }

    /// An action in response to an event.
    package enum Effect: Sendable, Hashable {
        case instruct([String])
        case accept(client: String, id: String)
        /// Keep it for the next round.
        case hold(client: String, id: String)
        case drop(client: String, id: String, Drop)
        case withdraw([String], CommandStatus)
        case aggregate
        case commit
        case finish
        case fail(RoundFailure)
        case terminate
    }

    /// Why an update does not count.
    package enum Drop: Sendable, Hashable {
        /// The same update, or another one of the same client.
        case duplicate
        /// Its client does not take part in this round.
        case notAParticipant
        /// The barrier has opened.
        case late
    }

    /// Applies an event and returns the effects to perform, in order.
    package mutating func handle(_ event: Event) -> [Effect] {
        switch (event, phase) {
        case (.update(let client, let id), _): update(of: client, id)
        case (.straggler(let client, let id), _): straggler(of: client, id)
        case (.stop, .gathering), (.stop, .collecting), (.stop, .aggregating): terminate()
        case (.gathered(let clients), .gathering): instruct(clients)
        case (.timedOut, .gathering): fail(.notEnoughClients)
        case (.skip, .gathering): fail(.skipped)
        case (.lost(let client), .collecting): lose(client)
        case (.timedOut, .collecting), (.skip, .collecting): open()
        case (.aggregated, .aggregating): enter(.committing, .commit)
        case (.notAggregated(let failure), .aggregating): fail(failure)
        case (.committed, .committing): enter(.finished, .finish)
        default: []
        }
    }

    private mutating func instruct(_ clients: [String]) -> [Effect] {
        outstanding = Set(clients)
        selectedCount = outstanding.count
        guard selectedCount > 0 else { return fail(.notEnoughClients) }
        return enter(.collecting, .instruct(clients))
    }

    private mutating func update(of client: String, _ id: String) -> [Effect] {
        guard !updateIDs.contains(id), !delivered.contains(client) else {
            return [.drop(client: client, id: id, .duplicate)]
        }
        switch phase {
        case .collecting: break
        case .aggregating where acceptsStragglers && outstanding.contains(client):
            outstanding.remove(client)
            delivered.insert(client)
            updateIDs.insert(id)
            return [.hold(client: client, id: id)]
        case .gathering, .aggregating, .committing, .finished, .failed, .terminated:
            return [.drop(client: client, id: id, .late)]
        }
        guard outstanding.remove(client) != nil else { return [.drop(client: client, id: id, .notAParticipant)] }
        delivered.insert(client)
        updateIDs.insert(id)
        return [.accept(client: client, id: id)] + openIfComplete()
    }

    private mutating func straggler(of client: String, _ id: String) -> [Effect] {
        guard !updateIDs.contains(id) else { return [.drop(client: client, id: id, .duplicate)] }
        switch phase {
        case .gathering, .collecting:
            updateIDs.insert(id)
            return [.accept(client: client, id: id)]
        case .aggregating, .committing:
            updateIDs.insert(id)
            return [.hold(client: client, id: id)]
        case .finished, .failed, .terminated: return [.drop(client: client, id: id, .late)]
        }
    }

    private mutating func lose(_ client: String) -> [Effect] {
        guard outstanding.remove(client) != nil else { return [] }
        return openIfComplete()
    }

    private mutating func openIfComplete() -> [Effect] {
        let required = bufferSize < 1 ? selectedCount : min(bufferSize, selectedCount)
        return delivered.count >= required || outstanding.isEmpty ? open() : []
    }

    /// Stops waiting: the updates so far are averaged, and late clients' tasks are withdrawn unless the session accepts
    /// stragglers.
    private mutating func open() -> [Effect] {
        let late = outstanding.sorted()
        if !acceptsStragglers { outstanding = [] }
        let withdrawal: [Effect] = late.isEmpty || acceptsStragglers ? [] : [.withdraw(late, .timeout)]
        guard !updateIDs.isEmpty else { return withdrawal + fail(.noUpdates) }
        return withdrawal + enter(.aggregating, .aggregate)
    }

    private mutating func fail(_ failure: RoundFailure) -> [Effect] {
        enter(.failed, .fail(failure))
    }

    private mutating func terminate() -> [Effect] {
        let interrupted = outstanding.sorted()
        outstanding = []
        return (interrupted.isEmpty ? [] : [.withdraw(interrupted, .interrupted)]) + enter(.terminated, .terminate)
    }

    private mutating func enter(_ phase: Phase, _ effect: Effect) -> [Effect] {
        self.phase = phase
        return [effect]
    }
}

/// Why a round has no model; `reason` in its `round_data`.
package enum RoundFailure: Sendable, Hashable {
    /// Fewer clients than required came online before the time-out.
    case notEnoughClients
    /// Waiting for clients was skipped on request.
    case skipped
    /// The barrier opened without an update.
    case noUpdates
    /// No update could be averaged, or the mean could not be stored, for this reason.
    case notAggregated(String)
    /// The server ended during the round; the round does not count and is repeated.
    case interrupted

    var text: String {
        switch self {
        case .notEnoughClients: "not enough clients before the time-out"
        case .skipped: "skipped while waiting for clients"
        case .noUpdates: "no participant delivered an update"
        case .notAggregated(let reason): reason
        case .interrupted: "interrupted by a restart of the server"
        }
    }
}
