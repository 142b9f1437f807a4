import Disk
import Glibc
import Index
import JSON
import QuerySamples
import SegmentLog
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
            let flipped = damaged.bytes(of: path)
            let again = try StoreFixture(segmentByteCountMax: 400).open(damaged)
            #expect(try await Self.settle(again, name, ids) == expected, Self.seed)
            let isRebuilt = damaged.bytes(of: path) != flipped
            // The hashes of the ids of events have a new seed.
            #expect(!isRebuilt || name == "events" || damaged.bytes(of: path) == bytes)
            if isRebuilt { rebuiltCount += 1 }
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

    /// Files of builds before format 3 are the example: they are no damage.
    @Test(arguments: ["things", "events"])
    func indexOfAnotherFormatIsRebuilt(_ name: String) async throws {
        let disk = FaultDisk()
        let store = try await Self.store(on: disk, in: "data", name)
        let paths = disk.paths.filter { $0.hasSuffix(".idx") }
        for path in paths { try Self.setFormat(2, of: path, log: name, on: disk) }
        try await store.close()
        let again = try StoreFixture(segmentByteCountMax: 400).open(disk)
        #expect(again.rebuiltIndexPaths == paths && again.damage.isEmpty)
        #expect(try again.collection(name).count(Filter()) == 40)
        #expect(try again.collection(name).get("id-17") != nil)
        try await again.close()
        #expect(try StoreFixture(segmentByteCountMax: 400).open(disk).rebuiltIndexPaths == [])
    }

    /// On the machine's own file system: reading a mapping past the end of its file would end the process.
    @Test(arguments: [0, 4096, 4200])
    func truncatedIndexFailsReadsUntilItIsRebuilt(_ byteCount: Int64) async throws {
        let directory = try TemporaryDirectory()
        let disk = PosixDisk()
        let data = "\(directory.path)/data"
        try await Self.store(on: disk, in: data, "events").close()
        let store = try StoreFixture(segmentByteCountMax: 400).open(disk, in: data)
        let events = store.collection("events")
        let log = "\(data)/collections/events"
        let paths = try disk.list(log).filter { $0.hasSuffix(".idx") }.map { "\(log)/\($0)" }
        #expect(!paths.isEmpty)
        for path in paths { try File(path, .update, on: disk).truncate(to: byteCount) }
        var failureCount = 0
        while failureCount < 100 {
            do {
                #expect(try events.list(Query(filter: Self.filters[0], sortKey: "rank")).documents.count == 20)
                for id in 0..<40 { #expect(try events.get("id-\(id)") != nil) }
                break
            } catch {
                let damage = try #require(corruption(of: error))
                #expect(paths.contains(damage.path))
                failureCount += 1
                try await store.maintain()
            }
        }
        #expect((1...paths.count).contains(failureCount))
        for path in paths { #expect(try disk.entry(path)?.byteCount ?? 0 > 4200) }
        try await store.close()
    }

    @Test func unreadableIndexFailsReadsUntilItIsRebuilt() async throws {
        let disk = FaultDisk()
        try await Self.store(on: disk, in: "data", "events").close()
        let store = try StoreFixture(segmentByteCountMax: 400).open(disk)
        let path = try #require(disk.paths.first { $0.hasSuffix(".idx") })
        disk.fail(.pread, at: path, with: EIO, times: 1)
        let error = #expect(throws: StorageError.self) {
            try store.collection("events").list(Query(filter: Self.filters[0]))
        }
        #expect(error == .disk(DiskError(call: .pread, path: path, code: EIO)))
        let before = disk.bytes(of: path)
        try await store.maintain()
        #expect(disk.bytes(of: path) != before)
        #expect(try store.collection("events").list(Query(filter: Self.filters[0])).documents.count == 20)
    }

    /// A start reads the ids of documents that can be replaced, and of events only the headers.
    @Test(arguments: ["things", "events"])
    func unreadableIndexIsRebuiltByAStart(_ name: String) async throws {
        let disk = FaultDisk()
        try await Self.store(on: disk, in: "data", name).close()
        let path = try #require(disk.paths.first { $0.hasSuffix(".idx") })
        disk.fail(.pread, at: path, with: EIO, times: 1)
        let store = try StoreFixture(segmentByteCountMax: 400).open(disk)
        #expect(store.rebuiltIndexPaths == [path])
        #expect(try store.collection(name).count(Filter()) == 40)
    }

    /// A store with 40 documents, the first ones in sealed segments; `kind` is 1 in every second one.
    private static func store(on disk: any Disk, in directory: String, _ name: String) async throws -> Store {
        let store = try StoreFixture(segmentByteCountMax: 400).open(disk, in: directory)
        let collection = store.collection(name)
        for number in 0..<40 {
            let kind = JSON.string(number % 2 == 0 ? "1" : "2")
            _ = try await collection.insert([collection.schema.key: .string("id-\(number)"), "kind": kind])
        }
        try await store.maintain()
        return store
    }

    /// Changes the format in the header of an index file, and its checksum.
    private static func setFormat(_ format: Int64, of path: String, log: String, on disk: FaultDisk) throws {
        let bytes = try #require(disk.bytes(of: path))
        let line = Array(bytes.prefix { $0 != UInt8(ascii: "\n") }) + [UInt8(ascii: "\n")]
        let first = try #require(SegmentName.parse(String(path.split(separator: "/").last ?? ""))).id.first
        let seed = XXH3.hash64(log) &+ first
        var object = try CheckedLine.open(line, seed: seed)
        object["format"] = .number(JSONNumber(format))
        let changed = CheckedLine.seal(object, seed: seed)
        try #require(changed.count == line.count)
        try disk.replaceBytes(of: path, with: changed + bytes.dropFirst(line.count))
    }
}
