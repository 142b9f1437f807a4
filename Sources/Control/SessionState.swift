/// Where one run of a session stands, and how many of its rounds are done.
///
///     created ─ start ─▶ started ─ the last round ends ─▶ finished
///                           └─ stop ─▶ stopping ─ its round ends ─▶ terminated
///
/// A session that is over may be started again. It performs nothing: ``handle(_:)`` returns what to do.
package struct SessionState: Sendable, Hashable {
    package enum Phase: Sendable, Hashable, CaseIterable {
        case created
        case started
        /// Asked to stop; its round is told, and what it is storing is finished.
        case stopping
        case finished
        case terminated
    }

    package enum Event: Sendable, Hashable {
        /// Run so many rounds, of which some may be done already: those of a run that is resumed.
        case start(rounds: Int, done: Int)
        /// A round is over, whatever became of it; an interrupted one does not count.
        case roundEnded(counts: Bool)
        case stop
    }

    package enum Effect: Sendable, Hashable {
        /// Begin the round of this number, from 1.
        case beginRound(Int)
        case stopRound
        case finish
        case terminate
    }

    package private(set) var phase: Phase = .created
    package private(set) var requestedCount = 0
    package private(set) var doneCount = 0

    package init() {}

    /// Takes an event and returns what to do about it.
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

    /// A session ends when its rounds are done, be it that every one of them failed.
    private mutating func goOn() -> [Effect] {
        guard doneCount >= requestedCount else { return [.beginRound(doneCount + 1)] }
        phase = .finished
        return [.finish]
    }
}
