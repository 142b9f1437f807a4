internal import JSON

/// Fills a directory in batches, and times them; if SQLite takes part, it loads the same rows alternately.
struct Loading {
    /// Rows of a batch: one group commit, or one transaction.
    static let batchRowCount = 1_000
    /// After how many batches segments that are due are sealed, as a server does continuously.
    private static let maintenanceInterval = 50

    let places: Places
    /// The number of rows at the end.
    let rowCount: Int
    /// Into how many measurements the load is divided.
    let sliceCount: Int

    /// Loads missing rows, closes both engines cleanly and returns the nanoseconds per row in each slice.
    func run() async throws -> JSON {
        var slices: [Slice] = []
        var documentByteCount = 0
        do {
            let store = try TelemetryStore(places.ledge, settles: false)
            let table = try places.opponent()
            let first = store.documentCount
            for number in 0..<sliceCount {
                let missing = max(rowCount - first, 0)
                let range = first + missing * number / sliceCount..<first + missing * (number + 1) / sliceCount
                guard !range.isEmpty else { continue }
                slices.append(try await load(range, store, table))
            }
            try await store.close()
            try table?.settle()
            documentByteCount = try table?.documentByteCount() ?? 0
        }
        // Opened and closed once more by a store that seals all segments, as a server does when it stops.
        try await TelemetryStore(places.ledge, settles: true).close()
        return [
            "rows": .integer(rowCount),
            "ledge": .rounded(slices.map(\.ledge)),
            "sealing": .rounded(slices.map(\.sealing)),
            "sqlite": .rounded(slices.compactMap(\.sqlite)),
            "documentBytes": .integer(documentByteCount),
            "files": try places.files(),
        ]
    }

    /// The nanoseconds per row of one slice.
    private struct Slice {
        var ledge: Double
        /// The additional time for sealing if no other core is available.
        var sealing: Double
        var sqlite: Double?
    }

    private func load(_ range: Range<Int>, _ store: TelemetryStore, _ table: TelemetryTable?) async throws -> Slice {
        let stopwatch = Stopwatch()
        var ledge = 0.0
        var sealing = 0.0
        var sqlite = 0.0
        for (step, start) in stride(from: range.lowerBound, to: range.upperBound, by: Self.batchRowCount).enumerated() {
            let rows = try TelemetryRows.rows(start..<min(start + Self.batchRowCount, range.upperBound))
            ledge += try await stopwatch.nanoseconds { try await store.ingest(rows) }
            if let table {
                let values = try store.newest(rows.count).map { try TelemetryTable.values(of: $0) }
                sqlite += try await stopwatch.nanoseconds { try table.ingest(values) }
            }
            if step % Self.maintenanceInterval == Self.maintenanceInterval - 1 {
                sealing += try await stopwatch.nanoseconds { try await store.maintain() }
            }
        }
        sealing += try await stopwatch.nanoseconds { try await store.maintain() }
        let count = Double(range.count)
        return Slice(
            ledge: ledge / count,
            sealing: sealing / count,
            sqlite: table.map { _ in sqlite / count }
        )
    }
}
