internal import Blobs
internal import Concurrency
package import Federation
internal import JSON
internal import NIOConcurrencyHelpers

/// Runs sessions and commands: passes events to the state machines and performs the effects they return.
///
/// A decision is stored before it takes effect, so after any end of the process a new controller on the same data
/// directory can continue: ``resume()``. Events are processed one at a time, in the order of arrival; only averaging,
/// which may take minutes, runs concurrently.
///
/// A failed write ends the session in memory and leaves its documents unchanged: it can be started again, or is resumed
/// at the next start of the server.
package actor Controller {
    let records: Records
    let models: Models
    let blobs: BlobStore
    let publication: Publication
    let participants: any Participants
    let clock: any ControlClock
    /// Receives log messages about events that no caller waits for.
    let notice: @Sendable (String) -> Void
    private let queue = ControlQueue()
    private nonisolated let shownState = NIOLockedValueBox(ControllerState.idle)

    var session: RunningSession?
    var commands: [String: RunningCommand] = [:]
    var commandCount = 0
    /// Every open task, by its correlation id.
    var tasks: [String: TaskPlace] = [:]
    /// The averaging that is running.
    var averaging: Task<Void, Never>?
    /// Whether this process abandoned a session and left its documents open.
    var hasRemains = false
    private var isClosed = false
    private let turn = AsyncSemaphore(permitCount: 1)
    private var waitingForIdle: [CheckedContinuation<Void, Never>] = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    /// Creates an idle controller; call ``resume()`` first.
    ///
    /// `notice` is for the log of the server, on any thread.
    package init(
        _ network: FederatedNetwork,
        participants: any Participants = NoParticipants(),
        clock: any ControlClock = MachineClock(),
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        records = Records(network.store)
        models = network.models
        blobs = network.blobs
        publication = network.publication
        self.participants = participants
        self.clock = clock
        self.notice = notice
    }

    /// The current state; does not wait.
    package nonisolated var state: ControllerState { shownState.withLockedValue { $0 } }

    /// Returns when no session is running.
    package func untilIdle() async {
        guard session != nil else { return }
        await withCheckedContinuation { waitingForIdle.append($0) }
    }

    /// Shuts down, after a running averaging has ended.
    ///
    /// The stored state of unfinished work remains, for the next ``resume()``.
    package func shutdown() async {
        await turn.acquire()
        isClosed = true
        session?.round?.timer?.cancel()
        session = nil
        for command in commands.values {
            command.timer?.cancel()
            command.waiting.forEach { $0.resume() }
        }
        commands = [:]
        tasks = [:]
        enter(.rest)
        turn.release()
        await averaging?.value
    }

    func enter(_ event: ControllerState.Event) {
        shownState.withLockedValue { state in
            guard let next = state.after(event) else { preconditionFailure("\(event) while \(state)") }
            state = next
        }
        guard state == .idle else { return }
        waitingForIdle.forEach { $0.resume() }
        waitingForIdle = []
    }
}

/// Turns.
extension Controller {
    /// Runs a step exclusively: it may wait for the disk while other steps wait for their turn.
    func inTurn<Value>(
        _ step: (isolated Controller) async throws -> Value
    ) async throws -> Value {
        await turn.acquire()
        defer { turn.release() }
        guard !isClosed else { throw ControlError.closed }
        return try await step(self)
    }

    /// Runs a step that has no caller; a failure ends the session.
    func inTurnAlone(_ step: @Sendable (isolated Controller) async throws -> Void) async {
        do {
            try await inTurn { controller in
                do { try await step(controller) } catch {
                    await controller.giveUp(because: error)
                }
            }
        } catch {
            // The controller is shut down.
        }
    }

    /// Ends the session in memory after a failed write; its stored state does not change.
    func giveUp(because error: any Error) async {
        guard let session else { return }
        notice("session \(session.id) was stopped, because a write failed: \(error)")
        session.round?.timer?.cancel()
        self.session = nil
        hasRemains = true
        await withdrawTasks(ofSession: session)
        enter(.rest)
    }

    /// Withdraws all open tasks of its rounds.
    private func withdrawTasks(ofSession session: RunningSession) async {
        for (correlationID, place) in tasks {
            guard case .round(_, let clientID) = place else { continue }
            tasks[correlationID] = nil
            await participants.withdraw(correlationID, from: clientID, as: .interrupted)
        }
    }
}
