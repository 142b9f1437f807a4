import Control
import TestSupport
import Testing

/// Compares the round with a simple model of it.
struct RoundModelTests {
    /// The expected state of a round, derived from the list of all events.
    private struct Model {
        let clients: [String]
        let required: Int
        var accepted: [String: String] = [:]
        var lost: Set<String> = []
        var isOpen = false

        var outstanding: Set<String> { Set(clients).subtracting(accepted.keys).subtracting(lost) }

        mutating func settle() {
            if accepted.count >= required || outstanding.isEmpty { isOpen = true }
        }
    }

    @Test func randomEventsMatchTheModel() {
        var generator = SeededGenerator()
        let seed = SeededGenerator.runSeed
        for _ in 0..<5_000 {
            let clients = (0..<Int.random(in: 1...6, using: &generator)).map { "c\($0)" }
            let buffer = Int.random(in: -1...7, using: &generator)
            var round = RoundState(bufferSize: buffer, acceptsStragglers: false)
            var model = Model(clients: clients, required: buffer < 1 ? clients.count : min(buffer, clients.count))
            var withdrawn: [String] = []
            #expect(round.handle(.gathered(clients)) == [.instruct(clients)])
            for step in 0..<30 {
                let client = (clients + ["stranger"]).randomElement(using: &generator) ?? ""
                let id = "\(client)-\(Int.random(in: 0...1, using: &generator))"
                let event: RoundState.Event
                switch Int.random(in: 0..<10, using: &generator) {
                case 0 where step > 3: event = Bool.random(using: &generator) ? .timedOut : .skip
                case 1...3: event = .lost(client: client)
                default: event = .update(client: client, id: id)
                }
                let before = model
                if !model.isOpen {
                    switch event {
                    case .update where clients.contains(client) && model.outstanding.contains(client):
                        model.accepted[client] = id
                        model.settle()
                    case .lost where clients.contains(client) && model.accepted[client] == nil:
                        let isNews = model.lost.insert(client).inserted
                        if isNews { model.settle() }
                    case .timedOut, .skip: model.isOpen = true
                    default: break
                    }
                }
                let effects = round.handle(event)
                for case .withdraw(let names, .timeout) in effects { withdrawn += names }
                let isAccepted = effects.contains(.accept(client: client, id: id))
                #expect(isAccepted == (model.accepted.count > before.accepted.count), "SEED=\(seed) \(event)")
                #expect((round.phase != .collecting) == model.isOpen, "SEED=\(seed) \(event)")
                #expect(round.delivered == Set(model.accepted.keys), "SEED=\(seed) \(event)")
            }
            guard model.isOpen else { continue }
            #expect(round.phase == (model.accepted.isEmpty ? .failed : .aggregating), "SEED=\(seed)")
            #expect(Set(withdrawn) == model.outstanding, "SEED=\(seed)")
        }
    }
}
