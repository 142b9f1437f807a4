/// The state of one run of a session, and the number of its finished rounds.
///
///     created ─ start ─▶ started ─ the last round ends ─▶ finished
///                           └─ stop ─▶ stopping ─ its round ends ─▶ terminated
///
/// A session that has ended can be started again. It has no side effects: ``handle(_:)`` returns the effects to
/// perform.
package struct SessionState: Sendable, Hashable {
    package enum Phase: Sendable, Hashable, CaseIterable {
        case created
        case started
        /// A stop was requested: its round is being terminated, and pending writes are finished.
        case stopping
        case finished
        case terminated
    }

    package enum Event: Sendable, Hashable {
        /// Run this number of rounds; in a resumed run, some are already done.
        case start(rounds: Int, done: Int)
        /// A round has ended, with any result; an interrupted one does not count.
        case roundEnded(counts: Bool)
        case stop
    }

    package enum Effect: Sendable, Hashable {
        /// Begin the round with this number, from 1.
        case beginRound(Int)
        case stopRound
        case finish
        case terminate
    }

    package private(set) var phase: Phase = .created
    package private(set) var requestedCount = 0
    package private(set) var doneCount = 0

    package init() {}

    /// Applies an event and returns the effects to perform.
    package mutating func handle(_ event: Event) -> [Effect] {
        switch (event, phase) {
        case (.start(let rounds, let done), .created), (.start(let rounds, let done), .finished),
            (.start(let rounds, let done), .terminated):
            requestedCount = rounds
            doneCount = done
            phase = .started
            return goOn()
        case (.roundEnded(let counts), .started):
            doneCount += counts ? 1 : 0
            return goOn()
        case (.roundEnded(let counts), .stopping):
            doneCount += counts ? 1 : 0
            phase = .terminated
            return [.terminate]
        case (.stop, .started):
            phase = .stopping
            return [.stopRound]
        case (.start, .started), (.start, .stopping), (.roundEnded, .created), (.roundEnded, .finished),
            (.roundEnded, .terminated), (.stop, .created), (.stop, .stopping), (.stop, .finished), (.stop, .terminated):
            return []
        }
    }

    /// Begins the next round, or ends the session after its last one, even if all rounds failed.
    private mutating func goOn() -> [Effect] {
        guard doneCount >= requestedCount else { return [.beginRound(doneCount + 1)] }
        phase = .finished
        return [.finish]
    }
}
