import Disk
import Index
import JSON
import SegmentLog
import Store
import TestSupport
import Testing

/// A store with damaged segments serves the rest, except documents that lost records may have changed.
@Suite(.timeLimit(.minutes(60)))
struct DamagedStoreTests {
    private static func open(_ disk: FaultDisk) throws -> Store {
        var options = Store.Options()
        options.segmentByteCountMax = 2_000
        options.servesDamaged = true
        return try Store.open("data", schemas: [StoreFixture.things, StoreFixture.events], options: options, on: disk)
    }

    /// Documents `0` to `9`, of which the first half was written again after the second, and as many events.
    private static func makeDisk(sealing: Bool) async throws -> FaultDisk {
        let disk = FaultDisk()
        let store = try open(disk)
        let things = store.collection("things")
        for id in Array(0..<10) + Array(0..<5) {
            _ = try await things.put(["thing_id": .string("\(id)"), "kind": .string("k")])
            _ = try await store.collection("events").insert(["kind": "e", "n": .number(JSONNumber(Int64(id)))])
        }
        if sealing { try await store.maintain() }
        try await store.close()
        return disk
    }

    private static func path(_ collection: String, _ disk: FaultDisk, _ suffix: String, last: Bool = false) throws
        -> String
    {
        let paths = disk.paths.filter { $0.hasPrefix("data/collections/\(collection)/") && $0.hasSuffix(suffix) }
            .sorted()
        return try #require(last ? paths.last : paths.first)
    }

    private static func offset(of id: String, in path: String, _ disk: FaultDisk) throws -> Int {
        let text = String(decoding: try #require(disk.bytes(of: path)), as: UTF8.self)
        let range = try #require(text.firstRange(of: #""id":"\#(id)""#))
        return text.utf8.distance(from: text.startIndex, to: range.lowerBound)
    }

    private static func zero(_ path: String, _ range: Range<Int>, _ disk: FaultDisk) throws {
        try disk.damage(path) { bytes in for index in range { bytes[index] = 0 } }
    }

    // MARK: Documents

    /// Documents that a lost record may have replaced are not served; documents that were written later are.
    @Test func documentBeforeALostRecordIsRefused() async throws {
        let disk = try await Self.makeDisk(sealing: false)
        let path = try Self.path("things", disk, ".jsonl", last: true)
        let offset = try Self.offset(of: "0", in: path, disk)
        try Self.zero(path, offset..<offset + 40, disk)
        let store = try Self.open(disk)
        let things = store.collection("things")
        #expect(try things.get("3") != nil && things.get("4") != nil)
        for id in ["0", "7", "9", "unknown"] {
            #expect { try things.get(id) } throws: { error in
                if case .possiblySuperseded(let place) = error as? StoreError { place.path == path } else { false }
            }
        }
        let page = try things.list(Query())
        #expect(page.documents.map(\.id).sorted() == ["1", "2", "3", "4"])
        #expect(try things.count(Filter()) == 4)
        #expect(store.damage.map(\.collection) == ["things"])
        #expect(store.damage.first?.places.first?.path == path)
    }

    @Test func writeMakesAPossiblySupersededDocumentCertain() async throws {
        let disk = try await Self.makeDisk(sealing: false)
        let path = try Self.path("things", disk, ".jsonl", last: true)
        let offset = try Self.offset(of: "0", in: path, disk)
        try Self.zero(path, offset..<offset + 40, disk)
        let store = try Self.open(disk)
        let things = store.collection("things")
        _ = try await things.insert(["thing_id": "new"])
        await #expect(throws: StoreError.self) { try await things.delete("7") }
        _ = try await things.put(["thing_id": "7"])
        #expect(try things.get("7") != nil)
        try await store.maintain()
        try await store.close()
        let again = try Self.open(disk)
        #expect(try again.collection("things").get("new") != nil)
        #expect(try again.collection("things").get("3") != nil)
        #expect(try again.collection("things").get("7") != nil)
        #expect(throws: StoreError.self) { try again.collection("things").get("8") }
        #expect(!again.damage.isEmpty)
    }

    /// The checksum determines the written record, and so the damaged document: only that one is refused.
    @Test func flippedBitLosesItsDocumentOnly() async throws {
        let disk = try await Self.makeDisk(sealing: false)
        let path = try Self.path("things", disk, ".jsonl", last: true)
        try disk.flipBit(8 * (try Self.offset(of: "0", in: path, disk) + 6), of: path)
        let store = try Self.open(disk)
        let things = store.collection("things")
        for id in 1..<10 { #expect(try things.get("\(id)") != nil) }
        #expect { try things.get("0") } throws: { error in
            corruption(of: error) != nil
        }
        #expect(try things.count(Filter()) == 10)
        #expect(try things.get("unknown") == nil)
    }

    /// The index of a sealed segment contains the ids of the lost records.
    @Test func missingSealedSegmentLosesItsDocumentsOnly() async throws {
        let disk = try await Self.makeDisk(sealing: true)
        let whole = try Self.open(disk.copy())
        let documents = try whole.collection("things").list(Query()).documents
        let path = try Self.path("things", disk, ".jsonl.zst")
        try disk.remove(path)
        let store = try Self.open(disk)
        let things = store.collection("things")
        var refusedCount = 0
        for document in documents {
            do {
                #expect(try things.get(document.id)?.bytes == document.bytes)
            } catch {
                refusedCount += 1
            }
        }
        #expect(refusedCount > 0 && refusedCount < documents.count)
        #expect(try things.get("unknown") == nil)
        #expect(store.damage.first?.places.map(\.reason) == [.missingSegment])
    }

    @Test func damagedSealedSegmentWithoutAnIndexIsLeftOut() async throws {
        let disk = try await Self.makeDisk(sealing: true)
        try disk.damage(try Self.path("things", disk, ".jsonl.zst")) { $0[20] ^= 255 }
        try disk.remove(try Self.path("things", disk, ".idx"))
        let store = try Self.open(disk)
        #expect(throws: StoreError.self) { try store.collection("things").get("unknown") }
        #expect(!store.damage.isEmpty)
    }

    // MARK: Events

    @Test(arguments: [false, true])
    func eventsAreServedWithoutLostOnes(_ isSealed: Bool) async throws {
        let disk = try await Self.makeDisk(sealing: isSealed)
        let whole = try Self.open(disk.copy())
        let all = try whole.collection("events").list(Query()).documents.map(\.id)
        let path = try Self.path("events", disk, ".jsonl", last: true)
        let byteCount = try #require(disk.bytes(of: path)).count
        try Self.zero(path, 30..<byteCount / 2, disk)
        let store = try Self.open(disk)
        let events = store.collection("events")
        let left = try events.list(Query()).documents.map(\.id)
        #expect(left.count < all.count && left.count > all.count / 2)
        #expect(left == all.filter(left.contains))
        #expect(try events.count(Filter()) == left.count)
        #expect(throws: StoreError.self) { try events.get(try #require(all.first { !left.contains($0) })) }
        let new = try await events.insert(["kind": "e"])
        #expect(try events.get(new.id) != nil)
    }

    // MARK: Every bit

    /// If any bit of any file flips, the stored document or an error is returned.
    @Test(arguments: [false, true])
    func everyFlippedBitIsAnErrorOrHarmless(_ isSealed: Bool) async throws {
        let disk = try await Self.makeDisk(sealing: isSealed)
        let whole = try Self.open(disk.copy())
        let stored = try Dictionary(
            uniqueKeysWithValues: ["things", "events"].flatMap { name in
                try whole.collection(name).list(Query()).documents.map { ("\(name)/\($0.id)", Array($0.bytes)) }
            }
        )
        var flippedCount = 0
        var refusedCount = 0
        for path in disk.paths where path.hasPrefix("data/collections/") && !path.hasSuffix("/") {
            let bytes = try #require(disk.bytes(of: path))
            for byte in stride(from: 0, to: bytes.count, by: 5) {
                let damaged = disk.copy()
                try damaged.flipBit(byte * 8 + byte % 8, of: path)
                flippedCount += 1
                guard let store = try? Self.open(damaged) else { continue }
                for (key, document) in stored {
                    let parts = key.split(separator: "/").map(String.init)
                    do {
                        let found = try store.collection(parts[0]).get(parts[1])
                        #expect(found.map { Array($0.bytes) } == document, "byte \(byte) of \(path): \(key)")
                    } catch {
                        // Refusing is correct.
                        refusedCount += 1
                    }
                }
            }
        }
        #expect(flippedCount > 500 && refusedCount > 100)
    }
}
