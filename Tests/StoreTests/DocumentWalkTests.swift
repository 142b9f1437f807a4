import Disk
import Index
import JSON
import QuerySamples
import SegmentLog
import TestSupport
import Testing

@testable import Store

/// A walk returns the documents of its query in portions, as they were when it began.
struct DocumentWalkTests {
    private static let seed: Comment = "SEED=\(SeededGenerator.runSeed)"

    /// Returns a walk that asks the indexes for few rows at a time.
    private static func walk(_ query: Query, over collection: DocumentCollection) throws -> DocumentWalk {
        var walk = try DocumentWalk(query, over: collection, partCount: 3)
        try walk.keepSegments()
        return walk
    }

    /// Returns the ids of the remaining documents.
    private static func ids(_ walk: inout DocumentWalk) throws -> [String] {
        var ids: [String] = []
        while !walk.isAtEnd {
            let documents = try walk.documents(byteCountMax: 500)
            #expect(!documents.isEmpty)
            ids += documents.map(\.id)
        }
        #expect(try walk.documents(byteCountMax: 500).isEmpty)
        return ids
    }

    private static func filled(
        _ name: String,
        _ generator: inout SeededGenerator
    ) async throws -> (store: Store, collection: DocumentCollection) {
        let store = try StoreFixture().open(FaultDisk())
        let collection = store.collection(name)
        for _ in 0..<150 { _ = try await collection.insert(QuerySample.document(&generator)) }
        if !collection.schema.isAppendOnly { try await replaceSome(in: collection, &generator) }
        return (store, collection)
    }

    /// Replaces or deletes a third of the documents.
    private static func replaceSome(in collection: DocumentCollection, _ generator: inout SeededGenerator) async throws
    {
        for id in try collection.list(Query()).documents.map(\.id) where Int.random(in: 0..<3, using: &generator) == 0 {
            guard Bool.random(using: &generator) else {
                try await collection.delete(id)
                continue
            }
            var document = QuerySample.document(&generator)
            document[collection.schema.key] = .string(id)
            _ = try await collection.put(document)
        }
    }

    @Test(arguments: ["things", "events"])
    func walkReturnsTheDocumentsOfTheList(_ name: String) async throws {
        var generator = SeededGenerator()
        let collection = try await Self.filled(name, &generator).collection
        for _ in 0..<300 {
            let query = Query(
                filter: Filter(QuerySample.parameters(&generator, ids: [])),
                sortKey: [nil, "rank", "kind", "tags", "free", "sender.name"].randomElement(using: &generator) ?? nil,
                ascending: .random(using: &generator),
                skip: [0, 0, 2, 3, 60].randomElement(using: &generator) ?? 0,
                limit: [nil, nil, 1, 3, 50].randomElement(using: &generator) ?? nil
            )
            let page = try collection.list(query)
            var walk = try Self.walk(query, over: collection)
            #expect(walk.total == page.total, "\(Self.seed) \(query)")
            #expect(try Self.ids(&walk) == page.documents.map(\.id), "\(Self.seed) \(query)")
            // The list has cached the counts, so the other members of the plan may differ.
            #expect(walk.plan.recordsRead == page.documents.count, "\(Self.seed) \(query)")
        }
    }

    /// Sealing, merging, dropping and writing during the walk change nothing.
    @Test(arguments: ["things", "events"], [nil, "rank", "kind", "free"])
    func walkReturnsItsSnapshot(_ name: String, _ sortKey: String?) async throws {
        var generator = SeededGenerator()
        for ascending in [true, false] {
            let (store, collection) = try await Self.filled(name, &generator)
            var query = Query(sortKey: sortKey.map { FieldPath($0) }, ascending: ascending)
            if Bool.random(using: &generator) { query.filter = Filter([Condition("kind", .notEqual("idle"))]) }
            let expected = try collection.list(query).documents.map(\.id)
            var walk = try Self.walk(query, over: collection)
            var found = try walk.documents(byteCountMax: 1).map(\.id)

            try await Self.change(collection, &generator)
            try await store.maintain()
            found += try walk.documents(byteCountMax: 1).map(\.id)
            try await Self.change(collection, &generator)
            try await store.maintain()
            if collection.schema.isAppendOnly {
                try collection.maintain(
                    Retention(documentCountMax: 1),
                    at: .now(),
                    Compaction(byteCountMax: 4_000),
                    notice: { _ in }
                ) { false }
                #expect(collection.documentCount < 150)
            }
            found += try Self.ids(&walk)
            #expect(found == expected, "\(Self.seed) \(query)")
        }
    }

    private static func change(_ collection: DocumentCollection, _ generator: inout SeededGenerator) async throws {
        if !collection.schema.isAppendOnly { try await replaceSome(in: collection, &generator) }
        for _ in 0..<40 { _ = try await collection.insert(QuerySample.document(&generator)) }
    }

    @Test func segmentsOfAWalkAreReadableUntilItIsReleased() async throws {
        var generator = SeededGenerator()
        let events = try await Self.filled("events", &generator).collection
        let first = try events.index.snapshot()[0].index.pointer(of: 0)
        var walk: DocumentWalk? = try Self.walk(Query(), over: events)
        #expect(walk?.isAtEnd == false)
        try events.maintain(
            Retention(documentCountMax: 1),
            at: .now(),
            Compaction(byteCountMax: 4_000),
            notice: { _ in }
        ) { false }
        _ = try events.log.read(first)
        walk = nil
        #expect(throws: StorageError.retired) { try events.log.read(first) }
    }

    @Test func walkOverRetiredSegmentsDoesNotBegin() async throws {
        var generator = SeededGenerator()
        let events = try await Self.filled("events", &generator).collection
        var walk = try DocumentWalk(Query(), over: events)
        try events.maintain(
            Retention(documentCountMax: 1),
            at: .now(),
            Compaction(byteCountMax: 4_000),
            notice: { _ in }
        ) { false }
        #expect(throws: StorageError.retired) { try walk.keepSegments() }
    }

    @Test(arguments: [1, 7, 100, 10_000])
    func bytesAreAnArrayWithoutBrackets(_ byteCountMax: Int) async throws {
        var generator = SeededGenerator()
        let things = try await Self.filled("things", &generator).collection
        var walk = try Self.walk(Query(), over: things)
        var bytes: [UInt8] = []
        while !walk.isAtEnd {
            let portion = try walk.bytes(byteCountMax: byteCountMax)
            #expect((1...byteCountMax + 1).contains(portion.count))
            bytes += portion
        }
        let expected = try things.list(Query()).documents.map { String(decoding: $0.bytes, as: UTF8.self) }
        #expect(String(decoding: bytes, as: UTF8.self) == expected.joined(separator: ","))
    }

    @Test func shortListIsReturnedWhole() async throws {
        var generator = SeededGenerator()
        let things = try await Self.filled("things", &generator).collection
        let all = try things.list(Query()).documents.map(\.id)
        let (documents, ended) = try things.walk(Query(), wholeUpTo: 1 << 20)
        #expect(documents.map(\.id) == all && ended.isAtEnd)
        var (none, walk) = try things.walk(Query(), wholeUpTo: 1_000)
        #expect(try none.isEmpty && Self.ids(&walk) == all)
        var ids: [String] = []
        try things.forEach(Query()) { ids.append($0.id) }
        #expect(ids == all)
    }

    /// A value that is added to the newest segment as an array ends its column.
    @Test func laterArrayDoesNotChangeTheOrder() async throws {
        let events = try StoreFixture(segmentByteCountMax: 1 << 20).open(FaultDisk()).collection("events")
        for number in 0..<20 { _ = try await events.insert(["rank": JSON(number * 7 % 10)]) }
        let expected = try events.list(Query(sortKey: "rank")).documents.map(\.id)
        var walk = try Self.walk(Query(sortKey: "rank"), over: events)
        _ = try await events.insert(["rank": [1, 2]])
        #expect(try Self.ids(&walk) == expected)
    }

    @Test func longValuesAreNotSortedInMemory() async throws {
        let things = try StoreFixture(segmentByteCountMax: 8 << 20).open(FaultDisk()).collection("things")
        // Values are measured when there are twice as many bytes as are kept.
        for number in 0..<33 {
            _ = try await things.insert(["free": .string("\(number)" + String(repeating: "x", count: 1 << 20))])
        }
        #expect(throws: StorageError.tooManyToSort(countMax: 65_536)) { try things.list(Query(sortKey: "free")) }
        #expect(try things.list(Query(sortKey: "free", limit: 3)).documents.count == 3)
        #expect(try things.list(Query(limit: 3)).documents.count == 3)
    }

    @Test func manyDocumentsAreNotSortedInMemory() async throws {
        let events = try StoreFixture(segmentByteCountMax: 8 << 20).open(FaultDisk()).collection("events")
        for _ in 0..<66 {
            _ = try await events.insert(contentsOf: Array(repeating: ["rank": 1, "free": 2], count: 1_000))
        }
        #expect(throws: StorageError.tooManyToSort(countMax: 65_536)) {
            try events.walk(Query(sortKey: "free"), wholeUpTo: 0)
        }
        #expect(throws: StorageError.tooManyToSort(countMax: 65_536)) {
            try events.list(Query(sortKey: "free", skip: 65_530, limit: 7))
        }
        #expect(try events.list(Query(sortKey: "free", skip: 65_530, limit: 6)).documents.count == 6)
        #expect(try events.list(Query(sortKey: "rank", skip: 65_990)).documents.count == 10)
    }
}

/// The cache of counts is limited in bytes, whatever the filters are.
struct SealedCountsTests {
    private static func events() async throws -> DocumentCollection {
        let events = try StoreFixture(segmentByteCountMax: 400).open(FaultDisk()).collection("events")
        for number in 0..<20 { _ = try await events.insert(["rank": JSON(number)]) }
        return events
    }

    @Test func longFilterIsNotCached() async throws {
        let events = try await Self.events()
        for count in [1, 5_000] {
            #expect(try events.count(.equal("kind", String(repeating: "x", count: count))) == 0)
            #expect(events.sealedCounts.filterCount == 1)
        }
        let many = Condition("kind", .anyOf((0..<1_000).map { Operand(text: "\($0)") }))
        #expect(try events.count(Filter([many])) == 0)
        #expect(events.sealedCounts.filterCount == 1)
    }

    @Test func leastRecentlyUsedFiltersAreEvicted() async throws {
        let events = try await Self.events()
        for number in 0..<500 {
            #expect(try events.count(.equal("rank", "7")) == 1)
            #expect(try events.count(.equal("kind", "\(number)" + String(repeating: "x", count: 500))) == 0)
            #expect(events.sealedCounts.byteCount <= SealedCounts.byteCountMax)
        }
        #expect(events.sealedCounts.filterCount > 50)
        #expect(events.sealedCounts.entry(.equal("rank", "7")) != nil)
        #expect(events.sealedCounts.entry(.equal("kind", "0" + String(repeating: "x", count: 500))) == nil)
    }
}
