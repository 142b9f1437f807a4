/// Where a command to several clients stands: who has still to answer, and what to do when nobody has.
///
/// It performs nothing: ``handle(_:)`` takes what has happened and returns what to do, in order. Every event may come
/// at any time; after the end, nothing changes any more.
package struct CommandState: Sendable, Hashable {
    package enum Event: Sendable, Hashable {
        /// A client says how it stands, and whether it is through.
        case reported(client: String, CommandStatus, isDone: Bool)
        case timedOut
        /// Somebody will not wait any longer; what is there is the result.
        case skip
        case stop
        /// One client's task is given up, as `TIMEOUT` or `INTERRUPTED`.
        case giveUp(client: String, CommandStatus)
    }

    package enum Effect: Sendable, Hashable {
        case enter(client: String, CommandStatus)
        /// Take the task back; ``enter(client:_:)`` has come for it before.
        case withdraw(client: String, CommandStatus)
        case end(CommandStatus)
    }

    /// How each client's task stands.
    package private(set) var tasks: [String: CommandStatus]
    package private(set) var status = CommandStatus.running

    package init(clients: [String]) {
        precondition(!clients.isEmpty, "a command has a client")
        tasks = Dictionary(uniqueKeysWithValues: clients.map { ($0, .pending) })
    }

    package mutating func handle(_ event: Event) -> [Effect] {
        guard !status.isEnd else { return [] }
        switch event {
        case .reported(let client, let reported, let isDone):
            guard let old = tasks[client], let new = old.after(reported, isDone: isDone) else { return [] }
            tasks[client] = new
            return [.enter(client: client, new)] + endIfComplete()
        case .giveUp(let client, let status):
            guard let old = tasks[client], !old.isEnd else { return [] }
            return giveUp([client], as: status) + endIfComplete()
        case .timedOut: return giveUp(as: .timeout) + end(as: .timeout)
        case .skip: return giveUp(as: .timeout) + end(as: .completed)
        case .stop: return giveUp(as: .interrupted) + end(as: .interrupted)
        }
    }

    private mutating func giveUp(as status: CommandStatus) -> [Effect] {
        giveUp(tasks.filter { !$0.value.isEnd }.keys.sorted(), as: status)
    }

    private mutating func giveUp(_ clients: [String], as status: CommandStatus) -> [Effect] {
        for client in clients { tasks[client] = status }
        return clients.map { .enter(client: $0, status) } + clients.map { .withdraw(client: $0, status) }
    }

    /// The command has failed where one client has; else it timed out, or was interrupted, where one was.
    private mutating func endIfComplete() -> [Effect] {
        guard tasks.values.allSatisfy(\.isEnd) else { return [] }
        let worst: [(CommandStatus, CommandStatus)] = [
            (.failed, .failed), (.unknown, .failed), (.timeout, .timeout), (.interrupted, .interrupted),
        ]
        return end(as: worst.first { tasks.values.contains($0.0) }?.1 ?? .completed)
    }

    private mutating func end(as status: CommandStatus) -> [Effect] {
        self.status = status
        return [.end(status)]
    }
}

extension CommandStatus {
    /// What a task's status becomes when its client reports; nil where nothing changes.
    ///
    /// A client that is through has ended, whatever it calls it; one that is not has not.
    package func after(_ reported: CommandStatus, isDone: Bool) -> CommandStatus? {
        guard !isEnd else { return nil }
        let new: CommandStatus = isDone ? (reported.isEnd ? reported : .unknown) : .running
        return new == self ? nil : new
    }
}
