internal import Blobs
internal import Concurrency
package import Federation
internal import JSON
internal import NIOConcurrencyHelpers

/// Runs sessions and commands: takes what happens, asks the state machines what to do, and does it.
///
/// What is decided is stored before it is acted on, so a controller on the same data directory can go on where this
/// one ended, however it ended: ``resume()``. Events pass one at a time, in the order they came; only averaging, which
/// may take minutes, goes on beside them.
///
/// A write that fails ends the session in memory and leaves it as it is stored: it can be started again, or is resumed
/// at the next start.
package actor Controller {
    let records: Records
    let blobs: BlobStore
    let publication: Publication
    let participants: any Participants
    let clock: any ControlClock
    /// Told, in a sentence, what happens while nobody waits for an answer.
    let notice: @Sendable (String) -> Void
    private let queue = ControlQueue()
    private nonisolated let shownState = NIOLockedValueBox(ControllerState.idle)

    var session: RunningSession?
    var commands: [String: RunningCommand] = [:]
    var commandCount = 0
    /// Every task that is out, by its correlation id.
    var tasks: [String: TaskPlace] = [:]
    /// The averaging that is going on.
    var averaging: Task<Void, Never>?
    /// Whether a session of this process was given up and left open documents.
    var hasRemains = false
    private var isClosed = false
    private let turn = AsyncSemaphore(permitCount: 1)
    private var waitingForIdle: [CheckedContinuation<Void, Never>] = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor { queue.asUnownedSerialExecutor() }

    /// Makes a controller that does nothing yet; ``resume()`` comes first.
    ///
    /// `notice` is for the log of the server, on any thread.
    package init(
        _ network: FederatedNetwork,
        participants: any Participants = NoParticipants(),
        clock: any ControlClock = MachineClock(),
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        records = Records(network.store)
        blobs = network.blobs
        publication = network.publication
        self.participants = participants
        self.clock = clock
        self.notice = notice
    }

    /// What it is busy with; never waits.
    package nonisolated var state: ControllerState { shownState.withLockedValue { $0 } }

    /// Returns when no session is running.
    package func untilIdle() async {
        guard session != nil else { return }
        await withCheckedContinuation { waitingForIdle.append($0) }
    }

    /// Ends everything at once, when the averaging that is going on has ended.
    ///
    /// What was under way stays as it is stored, for the next ``resume()``.
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
    /// Runs a step while no other one runs: a step may wait for the disk in its middle.
    func inTurn<Value>(
        _ step: (isolated Controller) async throws -> Value
    ) async throws -> Value {
        await turn.acquire()
        defer { turn.release() }
        guard !isClosed else { throw ControlError.closed }
        return try await step(self)
    }

    /// Runs a step nobody waits for; a failure ends the session.
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

    /// Ends the session in memory because something could not be stored; on disk it stays as it is.
    func giveUp(because error: any Error) async {
        guard let session else { return }
        notice("session \(session.id) stands still, because something could not be stored: \(error)")
        session.round?.timer?.cancel()
        self.session = nil
        hasRemains = true
        await withdrawTasks(ofSession: session)
        enter(.rest)
    }

    /// Takes back whatever tasks of its rounds are out.
    private func withdrawTasks(ofSession session: RunningSession) async {
        for (correlationID, place) in tasks {
            guard case .round(_, let clientID) = place else { continue }
            tasks[correlationID] = nil
            await participants.withdraw(correlationID, from: clientID, as: .interrupted)
        }
    }
}
