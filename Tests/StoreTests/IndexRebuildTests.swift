import Disk
import Index
import JSON
import QuerySamples
import TestSupport
import Testing

@testable import Store

/// Damage of an index file is found when it is read, and the file is rebuilt from its segment.
struct IndexRebuildTests {
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    /// The results of a collection: every document by its id, and a few lists.
    private struct Answers: Equatable {
        var documents: [String?] = []
        var lists: [[String]] = []
        var counts: [Int] = []
    }

    private static let filters = [
        Condition("kind", .equal("1")), Condition("kind", .notEqual("2")),
        Condition("rank", .greaterOrEqual(Operand(text: "2"))), Condition("sender.name", .equal("idle")),
    ].map { Filter([$0]) }

    private static func answers(of collection: DocumentCollection, _ ids: [String]) throws -> Answers {
        var answers = Answers()
        for id in ids {
            answers.documents.append(try collection.get(id).map { String(decoding: $0.bytes, as: UTF8.self) })
        }
        for filter in filters {
            answers.lists.append(try collection.list(Query(filter: filter, sortKey: "rank")).documents.map(\.id))
            answers.counts.append(try collection.count(filter))
        }
        return answers
    }

    /// Queries until no damage is found, with maintenance in between; no result may be wrong.
    private static func settle(_ store: Store, _ name: String, _ ids: [String]) async throws -> Answers {
        for _ in 0..<20 {
            do {
                return try answers(of: store.collection(name), ids)
            } catch {
                guard corruption(of: error) != nil else { throw error }
                try await store.maintain()
            }
        }
        return try answers(of: store.collection(name), ids)
    }

    @Test(arguments: ["things", "events"])
    func damagedIndexIsRebuilt(_ name: String) async throws {
        var generator = SeededGenerator()
        let disk = FaultDisk()
        let store = try StoreFixture(segmentByteCountMax: 400).open(disk)
        var ids: [String] = []
        for _ in 0..<60 {
            ids.append(try await store.collection(name).insert(QuerySample.document(&generator)).id)
        }
        try await store.maintain()
        let expected = try Self.answers(of: store.collection(name), ids)
        try await store.close()
        let paths = disk.paths.filter { $0.hasSuffix(".idx") && $0.contains(name) }
        #expect(paths.count > 2)
        var rebuiltCount = 0
        for _ in 0..<150 {
            let damaged = disk.copy()
            let path = try #require(paths.randomElement(using: &generator))
            let bytes = try #require(damaged.bytes(of: path))
            try damaged.flipBit(.random(in: 0..<bytes.count * 8, using: &generator), of: path)
            let again = try StoreFixture(segmentByteCountMax: 400).open(damaged)
            #expect(try await Self.settle(again, name, ids) == expected, Self.seed)
            if damaged.bytes(of: path) == bytes { rebuiltCount += 1 }
            try await again.close()
        }
        // Unread parts, and padding, are not rebuilt.
        #expect(rebuiltCount > 20, Self.seed)
    }

    @Test func missingIndexIsRebuilt() async throws {
        let disk = FaultDisk()
        let store = try StoreFixture().open(disk)
        for id in 0..<40 { _ = try await store.collection("things").insert(["thing_id": .string("t\(id)")]) }
        try await store.maintain()
        try await store.close()
        let path = try #require(disk.paths.first { $0.hasSuffix(".idx") })
        let bytes = disk.bytes(of: path)
        try disk.remove(path)
        let again = try StoreFixture().open(disk)
        #expect(again.rebuiltIndexPaths == [path] && disk.bytes(of: path) == bytes)
        #expect(try again.collection("things").count(Filter()) == 40)
    }
}
