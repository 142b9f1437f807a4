/// Where one round stands: the barrier its updates gather behind, and what happens when it opens.
///
///     gathering ─ enough clients ─▶ collecting ─ barrier opens ─▶ aggregating ─▶ committing ─▶ finished
///         │                            │                            │
///         └── failed, terminated ◀─────┴────────────────────────────┘
///
/// It performs nothing: ``handle(_:)`` takes what has happened and returns what to do, in order. Updates arrive at
/// least once and tasks end in any order, so every event may come in every phase, and more than once.
package struct RoundState: Sendable, Hashable {
    package enum Phase: Sendable, Hashable, CaseIterable {
        /// There are fewer clients than the session requires.
        case gathering
        /// Tasks are out; updates are counted.
        case collecting
        case aggregating
        /// The mean is stored, and is becoming a model.
        case committing
        case finished
        case failed
        case terminated
    }

    package private(set) var phase: Phase = .gathering
    /// How many updates open the barrier; -1 for one of every client that was asked.
    package let bufferSize: Int
    /// Whether tasks go on after the barrier has opened, for their updates to count in the next round.
    package let acceptsStragglers: Bool
    /// The clients that have a task and have neither delivered nor failed.
    package private(set) var outstanding: Set<String> = []
    /// The clients whose update counts.
    package private(set) var delivered: Set<String> = []
    /// The ids of the updates that were accepted, stragglers of earlier rounds included.
    package private(set) var updateIDs: Set<String> = []
    private var selectedCount = 0

    package init(bufferSize: Int, acceptsStragglers: Bool) {
        self.bufferSize = bufferSize
        self.acceptsStragglers = acceptsStragglers
    }
}

extension RoundState {
    /// What has happened.
    package enum Event: Sendable, Hashable {
        /// These clients are there, and they are enough.
        case gathered([String])
        case update(client: String, id: String)
        /// An update for an earlier round of the session that accepts them late; it counts, but not for the barrier.
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

    /// What to do about it.
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
        /// Its client was not asked in this round.
        case stranger
        /// The barrier has opened.
        case late
    }

    /// Takes an event and returns what to do about it, in order.
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
        guard outstanding.remove(client) != nil else { return [.drop(client: client, id: id, .stranger)] }
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

    /// Stops waiting: what is there is averaged, and who is late is told so unless the session waits for stragglers.
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
    /// Fewer clients than required came before the time was up.
    case notEnoughClients
    /// Somebody would not wait for clients.
    case skipped
    /// The barrier opened and nobody had delivered.
    case noUpdates
    /// Not one update could be averaged, or the mean could not be stored; why.
    case notAggregated(String)
    /// The server ended while the round was under way; the round does not count, and another one takes its place.
    case interrupted

    var text: String {
        switch self {
        case .notEnoughClients: "not enough clients before the time-out"
        case .skipped: "skipped while waiting for clients"
        case .noUpdates: "no participant delivered an update"
        case .notAggregated(let reason): reason
        case .interrupted: "interrupted by the end of the server"
        }
    }
}
