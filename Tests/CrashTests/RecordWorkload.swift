import Disk
import JSON
import SegmentLog
import Store
import TestSupport

/// Writes to a store of two small collections, with every kind of write and with rolls.
enum RecordWorkload {
    static let directory = "data"
    static let schemas = [
        CollectionSchema(
            name: "clients",
            key: "client_id",
            indexes: ["status"],
            isAppendOnly: false
        ),
        CollectionSchema(
            name: "events",
            key: "event_id",
            indexes: ["status"],
            isAppendOnly: true
        ),
    ]

    /// The ledgers by name of the collection.
    typealias Ledgers = Ledger<[String: RecordLedger]>

    static func makeLedger() -> Ledgers {
        Ledger(Dictionary(uniqueKeysWithValues: schemas.map { ($0.name, RecordLedger()) }))
    }

    static func open(_ disk: FaultDisk) throws(StoreError) -> Store {
        var options = Store.Options()
        // A few records a segment.
        options.segmentByteCountMax = 1_400
        options.reserveByteCount = 1_024
        return try Store.open(
            directory,
            schemas: schemas,
            options: options,
            on: disk,
            clock: { Timestamp(microseconds: 1_795_000_000_000_000) }
        )
    }

    /// Returns the document of a version; some are longer than two sectors.
    static func document(_ id: String, _ version: Int, key: String) -> JSONObject {
        [
            key: .string(id),
            "status": .string("s\(version % 3)"),
            "version": .number(JSONNumber(Int64(version))),
            "padding": .string(String(repeating: "\(id)\(version).", count: version % 4 == 3 ? 200 : 5 + 9 * version)),
        ]
    }

    /// Runs all writes, in two processes one after the other.
    static func run(_ disk: FaultDisk, _ ledgers: Ledgers) async throws {
        var writer = RecordWriter(try open(disk), disk, ledgers)
        for (version, id) in ["a", "b", "c"].enumerated() { try await writer.insert("clients", id, version) }
        try await writer.update("clients", "a", 3)
        for version in 0..<4 { try await writer.insert("events", "e\(version)", version) }
        try await writer.insertAtOnce("clients", ["p", "q", "r", "s", "t"])
        try await writer.put("clients", "b", 4)
        try await writer.delete("clients", "c")
        try await writer.close()

        writer = RecordWriter(try open(disk), disk, ledgers)
        try await writer.update("clients", "a", 7)
        try await writer.insert("clients", "c", 5)
        try await writer.delete("clients", "p")
        try await writer.insert("events", "e9", 3)
        try await writer.put("clients", "z", 6)
        try await writer.close()
    }
}

/// Writes documents and records them in the ledger.
struct RecordWriter {
    let store: Store
    private let disk: FaultDisk
    private let ledgers: RecordWorkload.Ledgers

    init(_ store: Store, _ disk: FaultDisk, _ ledgers: RecordWorkload.Ledgers) {
        self.store = store
        self.disk = disk
        self.ledgers = ledgers
    }

    func insert(_ name: String, _ id: String, _ version: Int) async throws {
        try await attempt(name, id, .number(version)) { collection throws(StoreError) in
            try await collection.insert(RecordWorkload.document(id, version, key: collection.schema.key))
        }
    }

    func put(_ name: String, _ id: String, _ version: Int) async throws {
        try await attempt(name, id, .number(version)) { collection throws(StoreError) in
            try await collection.put(RecordWorkload.document(id, version, key: collection.schema.key))
        }
    }

    func update(_ name: String, _ id: String, _ version: Int) async throws {
        try await attempt(name, id, .number(version)) { collection throws(StoreError) in
            try await collection.update(id) { _ in RecordWorkload.document(id, version, key: collection.schema.key) }
        }
    }

    func delete(_ name: String, _ id: String) async throws {
        try await attempt(name, id, .absent) { collection throws(StoreError) in
            try await collection.delete(id)
            return nil
        }
    }

    /// Inserts concurrently, so that some share a group.
    func insertAtOnce(_ name: String, _ ids: [String]) async throws {
        try await withThrowingTaskGroup { group in
            for (version, id) in ids.enumerated() { group.addTask { try await insert(name, id, version) } }
            try await group.waitForAll()
        }
    }

    /// Runs one write; continues after an error that the process survives.
    private func attempt(
        _ name: String,
        _ id: String,
        _ version: RecordLedger.Version,
        _ body: (DocumentCollection) async throws(StoreError) -> Document?
    ) async throws {
        let collection = store.collection(name)
        let wasLatched = collection.statistics.latch != nil
        ledgers.enter { $0[name]?.attempt(id, version) }
        do throws(StoreError) {
            let document = try await body(collection)
            ledgers.enter { $0[name]?.acknowledge(id, version, document.map { Array($0.bytes) }) }
        } catch {
            if disk.isDead { throw error }
            switch error {
            case .storage(.latched) where !wasLatched: break
            case .storage(.latched), .notFound:
                ledgers.enter { $0[name]?.refuse(id, version) }
            case .storage(let cause) where cause.isNoSpace:
                ledgers.enter { $0[name]?.refuse(id, version) }
            default: throw Broken("\(name) \(id): \(error)")
            }
        }
    }

    /// Compares the documents that this process serves, then closes the store.
    func close() async throws {
        for schema in RecordWorkload.schemas {
            try RecordVerification(store.collection(schema.name), ledgers.entries[schema.name]).run(isReopened: false)
        }
        try await store.close()
    }
}
