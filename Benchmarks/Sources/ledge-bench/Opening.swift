internal import JSON

/// Opens a directory in a new process, and measures time and memory.
struct Opening {
    /// How many queries of each operation run before memory is measured again.
    private static let questionCount = 256

    let places: Places

    /// Returns the milliseconds of `open`, and the memory before it, after it and after every operation.
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
