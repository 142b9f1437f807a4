import Control
import Testing

struct SessionStateTests {
    typealias Phase = SessionState.Phase
    static let events: [SessionState.Event] = [
        .start(rounds: 2, done: 0), .start(rounds: 2, done: 2), .roundEnded(counts: true), .roundEnded(counts: false),
        .stop,
    ]

    /// Returns a session of two rounds, of which one is done, in each phase.
    static func session(_ phase: Phase) -> SessionState {
        var session = SessionState()
        guard phase != .created else { return session }
        _ = session.handle(.start(rounds: 2, done: 1))
        switch phase {
        case .created, .started: break
        case .stopping: _ = session.handle(.stop)
        case .finished: _ = session.handle(.roundEnded(counts: true))
        case .terminated:
            _ = session.handle(.stop)
            _ = session.handle(.roundEnded(counts: true))
        }
        return session
    }

    /// All phases and all events; combinations that are not listed have no effect.
    @Test func everyEventHasItsEffects() {
        struct Key: Hashable { let phase: Phase, event: SessionState.Event }
        var expected: [Key: (Phase, [SessionState.Effect])] = [
            Key(phase: .started, event: .roundEnded(counts: true)): (.finished, [.finish]),
            Key(phase: .started, event: .roundEnded(counts: false)): (.started, [.beginRound(2)]),
            Key(phase: .started, event: .stop): (.stopping, [.stopRound]),
            Key(phase: .stopping, event: .roundEnded(counts: true)): (.terminated, [.terminate]),
            Key(phase: .stopping, event: .roundEnded(counts: false)): (.terminated, [.terminate]),
        ]
        for phase in [Phase.created, .finished, .terminated] {
            expected[Key(phase: phase, event: .start(rounds: 2, done: 0))] = (.started, [.beginRound(1)])
            expected[Key(phase: phase, event: .start(rounds: 2, done: 2))] = (.finished, [.finish])
        }
        for phase in Phase.allCases {
            #expect(Self.session(phase).phase == phase)
            for event in Self.events {
                var session = Self.session(phase)
                let before = session
                let effects = session.handle(event)
                let (after, wanted) = expected[Key(phase: phase, event: event)] ?? (phase, [])
                #expect(session.phase == after, "\(event) while \(phase)")
                #expect(effects == wanted, "\(event) while \(phase)")
                if expected[Key(phase: phase, event: event)] == nil { #expect(session == before) }
            }
        }
    }

    @Test func interruptedRoundIsRepeated() {
        var session = SessionState()
        var begun = 0
        var effects = session.handle(.start(rounds: 3, done: 0))
        for counts in [true, false, true, false, false, true] {
            guard case .beginRound? = effects.first else { break }
            begun += 1
            effects = session.handle(.roundEnded(counts: counts))
        }
        #expect(begun == 6)
        #expect(effects == [.finish])
    }
}
