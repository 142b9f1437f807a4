import Disk
import Index
import JSON
import QuerySamples
import SegmentLog
import TestSupport
import Testing

@testable import Store

struct CollectionQueryTests {
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    /// Random documents in many segments, random filters, orders and windows: every result equals the oracle's.
    @Test(arguments: ["things", "events"])
    func resultsMatchTheOracle(_ name: String) async throws {
        var generator = SeededGenerator()
        let (store, disk, ids) = try await filled(name, &generator)
        for collection in [store.collection(name), try StoreFixture().open(disk.copy()).collection(name)] {
            let oracle = Oracle(documents: try collection.list(Query()).documents.map { try $0.json })
            for _ in 0..<200 {
                let parameters = QuerySample.parameters(&generator, ids: ids)
                let sortKey = Bool.random(using: &generator) ? QuerySample.paths.randomElement(using: &generator) : nil
                let query = Query(
                    filter: Filter(parameters),
                    sortKey: sortKey.map { FieldPath($0) },
                    ascending: .random(using: &generator),
                    skip: [0, 0, 3, 1_000].randomElement(using: &generator) ?? 0,
                    limit: [nil, 0, 1, 20].randomElement(using: &generator) ?? nil
                )
                let all = oracle.matches(parameters)
                let sorted = Oracle.sort(all, by: sortKey ?? "committed_at", ascending: query.ascending)
                let page = try collection.list(query)
                let expected = sorted.dropFirst(query.skip).prefix(query.limit ?? .max)
                #expect(try page.documents.map { try $0.json } == Array(expected), "\(Self.seed) \(query)")
                #expect(page.total == all.count, "\(Self.seed) \(query)")
                #expect(try collection.count(query.filter) == all.count, "\(Self.seed) \(query)")
            }
        }
    }

    @Test(arguments: ["things", "events"], [nil, "rank", "both", "free", "nothing"])
    func pagesCoverEveryDocumentOnce(_ name: String, _ sortKey: String?) async throws {
        var generator = SeededGenerator()
        let (store, _, _) = try await filled(name, &generator)
        let collection = store.collection(name)
        for ascending in [true, false] {
            var query = Query(sortKey: sortKey.map { FieldPath($0) }, ascending: ascending)
            let whole = try collection.list(query).documents.map(\.id)
            #expect(Set(whole).count == collection.documentCount, Self.seed)
            query.limit = 7
            var paged: [String] = []
            while paged.count < whole.count {
                query.skip = paged.count
                paged += try collection.list(query).documents.map(\.id)
            }
            #expect(paged == whole, Self.seed)
        }
    }

    @Test func newestIsFirstByDefault() async throws {
        let store = try StoreFixture().open(FaultDisk())
        for collection in [store.collection("things"), store.collection("events")] {
            for id in ["a", "b", "c"] {
                _ = try await collection.insert(JSONObject([(collection.schema.key, JSON.string(id))]))
            }
            #expect(try collection.list(Query()).documents.map(\.id) == ["c", "b", "a"])
            #expect(try collection.list(Query(ascending: true)).documents.map(\.id) == ["a", "b", "c"])
            #expect(try collection.list(Query(sortKey: "nothing")).documents.map(\.id) == ["c", "b", "a"])
        }
        // A replaced document keeps its place in the order.
        let things = store.collection("things")
        _ = try await things.put(["thing_id": "a"])
        #expect(try things.list(Query()).documents.map(\.id) == ["c", "b", "a"])
    }

    @Test func repeatedValueInAnArrayCountsOnce() async throws {
        let events = try StoreFixture().open(FaultDisk()).collection("events")
        _ = try await events.insert(["tags": ["a", "b", "a", "a"]])
        _ = try await events.insert(["tags": [1, "1"]])
        for tag in ["a", "b", "1"] { #expect(try events.count(.equal("tags", tag)) == 1, "\(tag)") }
        #expect(try events.list(.init(filter: .equal("tags", "a"))).total == 1)
    }

    @Test func decimalStringsSortAsNumbers() async throws {
        let things = try StoreFixture().open(FaultDisk()).collection("things")
        for id in ["10", "9", "x", "100", "1"] { _ = try await things.insert(["thing_id": .string(id)]) }
        let query = Query(sortKey: "thing_id", ascending: true)
        #expect(try things.list(query).documents.map(\.id) == ["1", "9", "10", "100", "x"])
    }

    /// Queries on indexed fields read only the documents of the page.
    @Test(arguments: [
        [Condition("kind", .equal("idle"))], [Condition("kind", .notEqual("idle"))], [Condition("tags", .equal("1"))],
        [Condition("sender.name", .equal("null"))], [Condition("both", .equal("1"))],
        [Condition("both", .notEqual("2"))], [Condition("committed_at", .greaterOrEqual(Operand(text: "2020-01-01")))],
        [Condition("event_id", .equal("x"))], [Condition("event_id", .notEqual("x"))],
        [Condition("kind", .equal("idle")), Condition("committed_at", .less(Operand(text: "2020-01-01")))],
    ])
    func indexedFieldsAreNotScanned(_ conditions: [Condition]) async throws {
        var generator = SeededGenerator()
        let (store, _, _) = try await filled("events", &generator)
        #expect(try store.collection("events").list(Query(filter: Filter(conditions), limit: 2)).scannedCount == 0)
    }

    @Test func otherFieldsScanOnlyCandidates() async throws {
        let events = try StoreFixture().open(FaultDisk()).collection("events")
        for number in 0..<30 { _ = try await events.insert(["kind": .string("k\(number % 3)"), "free": "x"]) }
        let filter = Filter([Condition("kind", .equal("k1")), Condition("free", .equal("x"))])
        let page = try events.list(Query(filter: filter, limit: 2))
        #expect(page.total == 10)
        #expect(page.scannedCount == 10)
        #expect(try events.list(Query(filter: .equal("free", "x"))).scannedCount == 30)
        #expect(try events.list(Query(sortKey: "rank")).scannedCount == 0)
        #expect(try events.list(Query(sortKey: "free")).scannedCount == 30)
    }

    @Test func skipPastTheEndIsEmpty() async throws {
        let events = try StoreFixture().open(FaultDisk()).collection("events")
        _ = try await events.insert(["event_id": "a"])
        for sortKey: FieldPath? in [nil, "rank"] {
            #expect(try events.list(Query(sortKey: sortKey, skip: .max, limit: .max)).documents.isEmpty)
            #expect(try events.list(Query(sortKey: sortKey, skip: -5, limit: .max)).documents.count == 1)
            #expect(try events.list(Query(sortKey: sortKey, limit: -1)).documents.isEmpty)
            #expect(try events.list(Query(sortKey: sortKey, skip: .max)).total == 1)
        }
    }

    /// A byte that changed on disk is an error with its place, in every way of reading.
    @Test func damagedDocumentIsNotServed() async throws {
        let disk = FaultDisk()
        let store = try StoreFixture().open(disk)
        _ = try await store.collection("events").insert(["event_id": "a", "kind": "x", "free": "good"])
        try await store.close()
        // A server has the records that it has written in memory.
        let events = try StoreFixture().open(disk).collection("events")
        let path = "data/collections/events/00000000000000000001.jsonl"
        let bytes = try #require(try disk.contents(of: path))
        let place = try #require(bytes.firstRange(of: Array("good".utf8))?.lowerBound)
        let descriptor = try disk.open(path, .update)
        try Array("evil".utf8).withUnsafeBytes { try disk.write(descriptor, path: path, at: Int64(place), $0) }
        let readings: [() throws -> Void] = [
            { _ = try events.get("a") },
            { _ = try events.list(Query()) },
            { _ = try events.count(.equal("free", "evil")) },
        ]
        for read in readings {
            let error = #expect(throws: (any Error).self, performing: read)
            guard let corruption = corruption(of: error) else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(corruption.path == path)
            #expect(corruption.offset == 0)
        }
        #expect(try events.count(.equal("kind", "x")) == 1)
    }

    /// Inserts documents, and replaces and deletes some if that is allowed.
    private func filled(
        _ name: String,
        _ generator: inout SeededGenerator
    ) async throws -> (store: Store, disk: FaultDisk, ids: [String]) {
        let disk = FaultDisk()
        let store = try StoreFixture().open(disk)
        let collection = store.collection(name)
        var ids = ["1", "10", "2026-11-23", "x"]
        for id in ids { _ = try await collection.insert(JSONObject([(collection.schema.key, JSON.string(id))])) }
        for _ in 0..<120 { ids.append(try await collection.insert(QuerySample.document(&generator)).id) }
        guard !collection.schema.isAppendOnly else { return (store, disk, ids) }
        for _ in 0..<60 {
            let id = ids.randomElement(using: &generator) ?? ""
            if Int.random(in: 0..<4, using: &generator) == 0, try collection.get(id) != nil {
                try await collection.delete(id)
            } else {
                var document = QuerySample.document(&generator)
                document[collection.schema.key] = .string(id)
                _ = try await collection.put(document)
            }
        }
        return (store, disk, ids)
    }
}
