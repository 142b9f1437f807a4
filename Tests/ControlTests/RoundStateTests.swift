import Control
import Testing

struct RoundStateTests {
    typealias Phase = RoundState.Phase
    typealias Event = RoundState.Event
    typealias Effect = RoundState.Effect

    static let events: [Event] = [
        .gathered(["a", "b", "c"]), .gathered([]), .update(client: "a", id: "new"), .update(client: "x", id: "new"),
        .update(client: "b", id: "new"), .update(client: "a", id: "u-b"), .straggler(client: "a", id: "old"),
        .straggler(client: "a", id: "u-b"), .lost(client: "a"), .lost(client: "b"), .lost(client: "x"), .timedOut,
        .skip,
        .stop, .aggregated, .notAggregated(.noUpdates), .committed,
    ]

    /// Returns a round of `a`, `b` and `c` in each phase; `b` has delivered, `a` and `c` are still training.
    static func round(_ phase: Phase, acceptsStragglers: Bool = false, bufferSize: Int = -1) -> RoundState {
        var round = RoundState(bufferSize: bufferSize, acceptsStragglers: acceptsStragglers)
        guard phase != .gathering else { return round }
        _ = round.handle(.gathered(["a", "b", "c"]))
        _ = round.handle(.update(client: "b", id: "u-b"))
        switch phase {
        case .gathering, .collecting: break
        case .terminated: _ = round.handle(.stop)
        case .aggregating, .committing, .finished, .failed:
            _ = round.handle(.skip)
            if phase == .failed { _ = round.handle(.notAggregated(.noUpdates)) }
            if phase == .committing || phase == .finished { _ = round.handle(.aggregated) }
            if phase == .finished { _ = round.handle(.committed) }
        }
        return round
    }

    private struct Key: Hashable {
        let phase: Phase
        let event: Event
    }

    /// The effects of each event in each phase, except for dropped updates and events without effect.
    private static var expected: [Key: (Phase, [Effect])] {
        [
            Key(phase: .gathering, event: .gathered(["a", "b", "c"])): (.collecting, [.instruct(["a", "b", "c"])]),
            Key(phase: .gathering, event: .gathered([])): (.failed, [.fail(.notEnoughClients)]),
            Key(phase: .gathering, event: .timedOut): (.failed, [.fail(.notEnoughClients)]),
            Key(phase: .gathering, event: .skip): (.failed, [.fail(.skipped)]),
            Key(phase: .gathering, event: .stop): (.terminated, [.terminate]),
            Key(phase: .gathering, event: .straggler(client: "a", id: "old")):
                (.gathering, [.accept(client: "a", id: "old")]),
            Key(phase: .gathering, event: .straggler(client: "a", id: "u-b")):
                (.gathering, [.accept(client: "a", id: "u-b")]),
            Key(phase: .collecting, event: .update(client: "a", id: "new")):
                (.collecting, [.accept(client: "a", id: "new")]),
            Key(phase: .collecting, event: .straggler(client: "a", id: "old")):
                (.collecting, [.accept(client: "a", id: "old")]),
            Key(phase: .collecting, event: .timedOut): (.aggregating, [.withdraw(["a", "c"], .timeout), .aggregate]),
            Key(phase: .collecting, event: .skip): (.aggregating, [.withdraw(["a", "c"], .timeout), .aggregate]),
            Key(phase: .collecting, event: .stop): (.terminated, [.withdraw(["a", "c"], .interrupted), .terminate]),
            Key(phase: .collecting, event: .lost(client: "a")): (.collecting, []),
            Key(phase: .aggregating, event: .straggler(client: "a", id: "old")):
                (.aggregating, [.hold(client: "a", id: "old")]),
            Key(phase: .aggregating, event: .aggregated): (.committing, [.commit]),
            Key(phase: .aggregating, event: .notAggregated(.noUpdates)): (.failed, [.fail(.noUpdates)]),
            Key(phase: .aggregating, event: .stop): (.terminated, [.terminate]),
            Key(phase: .committing, event: .straggler(client: "a", id: "old")):
                (.committing, [.hold(client: "a", id: "old")]),
            Key(phase: .committing, event: .committed): (.finished, [.finish]),
        ]
    }

    /// All phases and all kinds of events.
    @Test func everyEventHasItsEffects() {
        for phase in Phase.allCases {
            #expect(Self.round(phase).phase == phase)
            for event in Self.events {
                var round = Self.round(phase)
                let effects = round.handle(event)
                let (after, wanted) = Self.expected[Key(phase: phase, event: event)] ?? (phase, Self.drop(event, phase))
                #expect(round.phase == after, "\(event) while \(phase)")
                #expect(effects == wanted, "\(event) while \(phase)")
            }
        }
    }

    /// Returns the effects of an update that does not count.
    static func drop(_ event: Event, _ phase: Phase) -> [Effect] {
        let isKnown = phase != .gathering
        switch event {
        case .update(let client, let id):
            if isKnown && (client == "b" || id == "u-b") { return [.drop(client: client, id: id, .duplicate)] }
            return [.drop(client: client, id: id, phase == .collecting ? .notAParticipant : .late)]
        case .straggler(let client, let id):
            return [.drop(client: client, id: id, id == "u-b" ? .duplicate : .late)]
        default: return []
        }
    }

    @Test func lastUpdateOpensTheBarrier() {
        var round = Self.round(.collecting)
        #expect(round.handle(.update(client: "c", id: "u-c")) == [.accept(client: "c", id: "u-c")])
        #expect(round.handle(.update(client: "a", id: "u-a")) == [.accept(client: "a", id: "u-a"), .aggregate])
    }

    @Test func fullBufferOpensTheBarrier() {
        var round = Self.round(.collecting, bufferSize: 2)
        #expect(
            round.handle(.update(client: "c", id: "u-c"))
                == [.accept(client: "c", id: "u-c"), .withdraw(["a"], .timeout), .aggregate]
        )
        #expect(round.handle(.update(client: "a", id: "u-a")) == [.drop(client: "a", id: "u-a", .late)])
    }

    @Test func bufferLargerThanTheRoundMeansAllClients() {
        var round = Self.round(.collecting, bufferSize: 10)
        _ = round.handle(.update(client: "c", id: "u-c"))
        #expect(round.handle(.update(client: "a", id: "u-a")).last == .aggregate)
    }

    @Test func roundWithoutRemainingParticipantsFails() {
        var round = RoundState(bufferSize: -1, acceptsStragglers: false)
        _ = round.handle(.gathered(["a", "b"]))
        #expect(round.handle(.lost(client: "a")) == [])
        #expect(round.handle(.lost(client: "a")) == [])
        #expect(round.handle(.lost(client: "b")) == [.fail(.noUpdates)])
    }

    @Test func failedParticipantIsNotWaitedFor() {
        var round = Self.round(.collecting)
        #expect(round.handle(.lost(client: "a")) == [])
        #expect(round.handle(.lost(client: "c")) == [.aggregate])
    }

    @Test func stragglersKeepTheirTasks() {
        var round = Self.round(.collecting, acceptsStragglers: true)
        #expect(round.handle(.skip) == [.aggregate])
        #expect(round.handle(.update(client: "a", id: "u-a")) == [.hold(client: "a", id: "u-a")])
        #expect(round.handle(.update(client: "a", id: "u-a")) == [.drop(client: "a", id: "u-a", .duplicate)])
    }

    @Test func stragglersDoNotOpenTheBarrier() {
        var round = RoundState(bufferSize: 1, acceptsStragglers: true)
        _ = round.handle(.straggler(client: "b", id: "old"))
        _ = round.handle(.gathered(["a", "b"]))
        #expect(round.handle(.straggler(client: "c", id: "older")) == [.accept(client: "c", id: "older")])
        #expect(round.phase == .collecting)
        #expect(round.handle(.update(client: "b", id: "u-b")) == [.accept(client: "b", id: "u-b"), .aggregate])
    }
}
