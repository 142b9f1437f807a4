import Disk
import Index
import JSON
import SegmentLog
import TestSupport
import Testing

@testable import Store

/// Ids that collide in an index file make it unusable only until it is rebuilt with another seed.
struct CollidingIDTests {
    /// Replaces the index files of a collection by those that a builder without a secret seed would write.
    private static func removeSeeds(of collection: DocumentCollection, on disk: FaultDisk) throws {
        for segment in collection.log.segments where segment.form == .sealed {
            let sealed = try #require(collection.log.sealedSegment(segment.id))
            var builder = IndexFileBuilder(collection.schema.indexSchema, idSeed: 0)
            try sealed.forEach { entry in
                if let row = IndexRow(entry, collection.schema) { builder.append(row) }
            }
            try disk.replaceBytes(of: sealed.indexPath, with: builder.finish(for: sealed.summary))
        }
    }

    @Test func indexOfCollidingIDsIsRebuiltWithAnotherSeed() async throws {
        var ids = try CollidingIDs.all()
        let last = ids.remove(at: ids.count / 2)
        let fixture = StoreFixture(segmentByteCountMax: 100_000)
        let disk = FaultDisk()
        var store = try fixture.open(disk)
        for id in ids { _ = try await store.collection("events").insert(["event_id": .string(id)]) }
        try await store.collection("events").closeLongActive(byteCountMin: 1)
        try await store.maintain()
        try Self.removeSeeds(of: store.collection("events"), on: disk)
        try await store.close()
        let path = try #require(disk.paths.first { $0.hasSuffix(".idx") && $0.contains("events") })
        let collidingFile = disk.bytes(of: path)

        store = try fixture.open(disk)
        let events = store.collection("events")
        let error = await #expect(throws: StoreError.self) { try await events.insert(["event_id": .string(last)]) }
        #expect(corruption(of: error) == Corruption(path: path, reason: .index(.collidingIDs)))
        #expect(events.damage.isEmpty, "it is no damage of the data")
        try await store.maintain()
        #expect(disk.bytes(of: path) != collidingFile)
        _ = try await events.insert(["event_id": .string(last)])
        #expect(try events.count(Filter()) == ids.count + 1)
        for id in ids + [last] {
            #expect(try events.get(id)?.id == id)
            await #expect(throws: StoreError.alreadyExists(id)) { try await events.insert(["event_id": .string(id)]) }
        }
        try await store.close()
    }
}
