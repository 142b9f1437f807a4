internal import JSON

/// Opens a directory in a process that has done nothing else, and tells how long it takes and what memory.
struct Opening {
    /// Questions of each operation that are asked before memory is looked at again.
    private static let questionCount = 256

    let places: Places

    /// Returns the milliseconds `open` took, and the memory before it, after it and after every operation.
    func run() async throws -> JSON {
        let before = Memory.now()
        let clock = ContinuousClock()
        let began = clock.now
        let store = try TelemetryStore(places.ledge, settles: false)
        let elapsed = clock.now - began
        let opened = Memory.now()
        for operation in try Operation.reads(of: store) {
            for question in operation.questions.prefix(Self.questionCount) { _ = try store.weigh(question.request) }
        }
        let asked = Memory.now()
        try await store.close()
        return [
            "milliseconds": .init(floatLiteral: elapsed / .milliseconds(1)),
            "before": before,
            "opened": opened,
            "asked": asked,
        ]
    }
}
