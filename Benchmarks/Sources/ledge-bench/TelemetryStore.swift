internal import Catalog
internal import Disk
internal import Index
internal import JSON
internal import Store

/// A query to Ledge.
enum Request {
    case document(id: String)
    case page(Query)
    case count(Filter)
}

/// Telemetry in a data directory, as the server keeps it.
struct TelemetryStore: Sendable {
    /// How many tasks store one record each at the same time.
    static let taskCount = 64

    private let store: Store
    private let telemetry: DocumentCollection

    /// Opens a data directory with every collection a server has.
    ///
    /// A store that `settles` seals all segments when it is closed, as the server does.
    init(_ directory: String, settles: Bool) throws(StoreError) {
        var options = Store.Options()
        options.maintainsItself = settles
        store = try Store.open(directory, schemas: Resource.schemas, options: options, on: PosixDisk())
        telemetry = store.collection(Resource.telemetry.name)
    }

    func close() async throws(StorageError) { try await store.close() }

    func maintain() async throws(StorageError) { try await store.maintain() }

    // MARK: Writing

    /// Stores rows in one group commit.
    func ingest(_ rows: [JSONObject]) async throws {
        for refusal in try await telemetry.insert(contentsOf: rows) {
            if let refusal { throw refusal }
        }
    }

    /// Stores rows one by one, from many tasks.
    func insertConcurrently(_ rows: [JSONObject]) async throws {
        let telemetry = telemetry
        try await withThrowingTaskGroup { group in
            for first in 0..<Self.taskCount {
                group.addTask {
                    for position in stride(from: first, to: rows.count, by: Self.taskCount) {
                        _ = try await telemetry.insert(rows[position])
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    // MARK: Reading

    /// How many documents there are.
    var documentCount: Int { telemetry.documentCount }

    /// Returns the newest documents, oldest first.
    func newest(_ count: Int) throws(StorageError) -> [Document] {
        try telemetry.list(Query(limit: count)).documents.reversed()
    }

    /// Returns random documents from the whole history.
    func sample(_ count: Int, using chance: inout SplitMix64) throws(StorageError) -> [Document] {
        let total = documentCount
        var documents: [Document] = []
        for _ in 0..<count {
            let skip = Int.random(in: 0..<total, using: &chance)
            documents += try telemetry.list(Query(ascending: true, skip: skip, limit: 1)).documents
        }
        return documents
    }

    /// Answers a request, and returns the answer.
    func answer(_ request: Request) throws -> Answer {
        switch request {
        case .document(let id): .documents(try telemetry.get(id).map { [Array($0.bytes)] } ?? [])
        case .page(let query): .documents(try telemetry.list(query).documents.map { Array($0.bytes) })
        case .count(let filter): .count(try telemetry.count(filter))
        }
    }

    /// Answers a request, and returns a number that depends on all of the answer.
    func weigh(_ request: Request) throws -> Int {
        switch request {
        case .document(let id): try telemetry.get(id)?.bytes.count ?? 0
        case .page(let query): try telemetry.list(query).documents.reduce(0) { $0 + $1.bytes.count }
        case .count(let filter): try telemetry.count(filter)
        }
    }
}

/// The answer of an engine.
enum Answer: Equatable, CustomStringConvertible {
    /// Each as the bytes of its JSON.
    case documents([[UInt8]])
    case count(Int)

    var description: String {
        switch self {
        case .documents(let documents):
            let first = documents.first.map { String(decoding: $0, as: UTF8.self) }
            return "\(documents.count) documents, the first \(first ?? "none")"
        case .count(let count): return "\(count)"
        }
    }
}
