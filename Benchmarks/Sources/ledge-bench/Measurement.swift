internal import JSON
internal import Store

/// Times every operation over the rows in a directory, Ledge and SQLite in turn.
struct Measurement {
    /// Batches that are stored before anything is measured: in a live store the newest rows are in the active segment.
    private static let freshBatchCount = 2
    /// How many queries of each operation are compared.
    private static let comparedCount = 64

    let places: Places
    let roundCount: Int
    let stopwatch: Stopwatch
    /// How many rows are stored one by one in one measurement.
    let insertCount: Int
    /// How many batches are stored in one measurement.
    let batchCount: Int
    /// The only operation to measure, for use with a profiler; nil for all.
    let only: String?

    /// Returns the nanoseconds of every operation, round by round.
    func run() async throws -> JSON {
        let store = try TelemetryStore(places.ledge, settles: false)
        let table = try places.opponent()
        for _ in 0..<Self.freshBatchCount { _ = try await ingest(store, table) }
        try table?.settle()
        let rowCount = store.documentCount

        let operations = try Operation.reads(of: store).filter { isWanted($0.name) }
        if let table { try operations.forEach { try Self.compare($0, store, table) } }
        var laps = try operations.map { ($0.name, try time($0, store, table)) }
        if isWanted("ingest") {
            laps.append(("ingest", try await rounds { try await ingest(store, table, batchCount: batchCount) }))
        }
        if isWanted("insert") { laps.append(("insert", try await rounds { try await insert(store, table) })) }
        try await store.close()
        return ["rows": .integer(rowCount), "laps": .object(JSONObject(laps.map { ($0, $1.json) }))]
    }

    private func isWanted(_ name: String) -> Bool { only == nil || only == name }

    /// The nanoseconds of each engine in each round.
    private struct Laps {
        var ledge: [Double] = []
        var sqlite: [Double] = []

        var json: JSON { ["ledge": .rounded(ledge), "sqlite": .rounded(sqlite)] }

        mutating func add(_ pair: Pair) {
            ledge.append(pair.ledge)
            if let time = pair.sqlite { sqlite.append(time) }
        }
    }

    private struct Pair {
        var ledge: Double
        var sqlite: Double?
    }

    private func rounds(_ body: () async throws -> Pair) async throws -> Laps {
        var laps = Laps()
        for _ in 0..<roundCount { laps.add(try await body()) }
        return laps
    }

    // MARK: Reading

    /// - Throws: ``Disagreement`` if the engines answer a query differently.
    private static func compare(_ operation: Operation, _ store: TelemetryStore, _ table: TelemetryTable) throws {
        let statement = try table.prepare(operation.sql)
        for question in operation.questions.prefix(comparedCount) {
            let ours = try store.answer(question.request)
            let theirs = try table.answer(statement, question)
            guard ours == theirs, ours != .documents([]), ours != .count(0) else {
                throw Disagreement(operation: operation.name, ledge: ours, sqlite: theirs)
            }
        }
    }

    private func time(_ operation: Operation, _ store: TelemetryStore, _ table: TelemetryTable?) throws -> Laps {
        let statement = try table?.prepare(operation.sql)
        let questions = operation.questions
        var laps = Laps()
        var ourStep = 0
        var theirStep = 0
        // The first round warms up.
        for round in 0...roundCount {
            let ledge = try stopwatch.nanoseconds(from: &ourStep) { step in
                try store.weigh(questions[step % questions.count].request)
            }
            var pair = Pair(ledge: ledge)
            if let table, let statement {
                pair.sqlite = try stopwatch.nanoseconds(from: &theirStep) { step in
                    try table.weigh(statement, questions[step % questions.count])
                }
            }
            if round > 0 { laps.add(pair) }
        }
        return laps
    }

    // MARK: Writing

    /// Stores batches, each durable when it returns, and returns the nanoseconds per row.
    private func ingest(_ store: TelemetryStore, _ table: TelemetryTable?, batchCount: Int = 1) async throws -> Pair {
        let batches = try nextRows(store, count: batchCount * Loading.batchRowCount).chunked(Loading.batchRowCount)
        let count = Double(batchCount * Loading.batchRowCount)
        let ledge = try await stopwatch.nanoseconds {
            for batch in batches { try await store.ingest(batch) }
        }
        var pair = Pair(ledge: ledge / count)
        if let table {
            let stored = try store.newest(Int(count)).map { try TelemetryTable.values(of: $0) }
            let transactions = stored.chunked(Loading.batchRowCount)
            pair.sqlite = try await stopwatch.nanoseconds { try transactions.forEach { try table.ingest($0) } } / count
        }
        return pair
    }

    /// Stores rows one by one, each durable when it returns, and returns the nanoseconds per row.
    private func insert(_ store: TelemetryStore, _ table: TelemetryTable?) async throws -> Pair {
        let rows = try nextRows(store, count: insertCount)
        let ledge = try await stopwatch.nanoseconds { try await store.insertConcurrently(rows) }
        var pair = Pair(ledge: ledge / Double(rows.count))
        if let table {
            let transactions = try store.newest(rows.count).map { try TelemetryTable.values(of: $0) }
            // SQLite's speed is constant: it is measured with a part of the rows, and the rest is stored in one batch.
            let clock = ContinuousClock()
            let end = clock.now + stopwatch.budget * 5
            var count = 0
            let sqlite = try await stopwatch.nanoseconds {
                while count < transactions.count, clock.now < end {
                    try table.insert(transactions[count])
                    count += 1
                }
            }
            pair.sqlite = sqlite / Double(count)
            try table.ingest(Array(transactions[count...]))
        }
        return pair
    }

    private func nextRows(_ store: TelemetryStore, count: Int) throws -> [JSONObject] {
        let first = store.documentCount
        return try TelemetryRows.rows(first..<first + count)
    }
}

/// The two engines answer a query differently, so their times cannot be compared.
struct Disagreement: Error, CustomStringConvertible {
    let operation: String
    let ledge: Answer
    let sqlite: Answer

    var description: String { "\(operation): Ledge answers \(ledge), SQLite \(sqlite)" }
}

extension Array {
    /// The elements in pieces of one length.
    fileprivate func chunked(_ count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
