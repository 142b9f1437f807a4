/// The state of a command to several clients: which have not answered yet, and what follows once all have.
///
/// It has no side effects: ``handle(_:)`` takes an event and returns the effects to perform, in order. Every event may
/// arrive at any time; after the end, events change nothing.
package struct CommandState: Sendable, Hashable {
    package enum Event: Sendable, Hashable {
        /// A client reported its status, and whether its task is done.
        case reported(client: String, CommandStatus, isDone: Bool)
        case timedOut
        /// A client of the API ends the waiting; the results so far are the outcome.
        case skip
        case stop
        /// One client's task is abandoned, as `TIMEOUT` or `INTERRUPTED`.
        case giveUp(client: String, CommandStatus)
    }

    package enum Effect: Sendable, Hashable {
        case enter(client: String, CommandStatus)
        /// Withdraw the task, after the ``enter(client:_:)`` for it.
        case withdraw(client: String, CommandStatus)
        case end(CommandStatus)
    }

    /// The status of each client's task.
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

    /// Ends a complete command: failed if one client failed, else timed out or interrupted if one was.
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
    /// Returns the new status of a task when its client reports one; nil if it does not change.
    ///
    /// Whether the task has ended is decided by `isDone`, not by the reported status.
    package func after(_ reported: CommandStatus, isDone: Bool) -> CommandStatus? {
        guard !isEnd else { return nil }
        let new: CommandStatus = isDone ? (reported.isEnd ? reported : .unknown) : .running
        return new == self ? nil : new
    }
}
