import TestSupport
import Testing

@testable import Connections

/// Every short sequence of events, and long random ones: the answers are written in order, each complete, and the
/// connection closes.
struct ConnectionStateSpaceTests {
    private static let depth = 5

    /// Takes every possible event, and returns how many sequences there were.
    private static func explore(_ model: ConnectionModel, depth: Int) -> Int {
        guard depth > 0, !model.isClosed else {
            var last = model
            last.finish()
            if !last.isClosed { Issue.record("never closed: \(last)") }
            return 1
        }
        var count = 0
        for event in ConnectionModel.Event.allCases where model.isPossible(event) {
            var next = model
            next.take(event)
            count += explore(next, depth: depth - 1)
        }
        return count
    }

    @Test func everyShortSequenceKeepsTheRules() {
        #expect(Self.explore(ConnectionModel(), depth: Self.depth) > 50_000)
    }

    @Test func refusedConnectionIsAnsweredOnce() {
        let model = ConnectionModel(refusal: .tooManyConnections(countMax: 1))
        #expect(model.refusals == [.tooManyConnections(countMax: 1)])
        #expect(Self.explore(model, depth: Self.depth) > 100)
    }

    @Test(arguments: 0..<200 as Range<UInt64>) func longSequencesKeepTheRules(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var model = ConnectionModel()
        for _ in 0..<500 {
            let events = ConnectionModel.Event.allCases.filter(model.isPossible)
            // Events that end the connection are rare, so that sequences are long.
            guard let event = events.randomElement(using: &random) else { break }
            let isRare: Bool =
                switch event {
                case .head, .expectingHead, .content, .end, .response, .responseEnd, .flush, .shortTick: false
                default: true
                }
            if isRare, Int.random(in: 0..<20, using: &random) > 0 { continue }
            model.take(event)
        }
        model.finish()
        #expect(model.isClosed)
    }
}
