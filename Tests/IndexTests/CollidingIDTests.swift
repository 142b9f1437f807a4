import Disk
import JSON
import TestSupport
import Testing

@testable import Index

/// Clients cannot choose ids of events whose hashes are equal, because they do not know the seed.
struct CollidingIDTests {
    private static func sample(_ ids: some Collection<String>, idSeed: UInt64) -> IndexFileSample {
        let schema = IndexSchema(log: "events", paths: [], isAppendOnly: true)
        var sample = IndexFileSample(ids.map { _ in Array("{}".utf8) }, of: schema, ids: Array(ids))
        sample.idSeed = idSeed
        return sample
    }

    @Test func everyFileHasASeedOfItsOwn() throws {
        let sample = Self.sample(["a", "b"], idSeed: 0)
        let seeds = try (0..<4).map { _ in
            var builder = IndexFileBuilder(sample.schema)
            for row in sample.rows { builder.append(row) }
            let source = IndexSource.memory(builder.finish(for: sample.segment))
            return try IndexHeader(source, path: "x.idx", of: sample.segment, sample.schema).idSeed
        }
        #expect(Set(seeds).count == 4 && !seeds.contains(nil))
    }

    @Test func idsThatCollideWithoutASeedHaveDifferentHashesWithOne() throws {
        let ids = try CollidingIDs.all()
        #expect(Set(ids).count == 64 && Set(ids.map { XXH3.hash64($0) }).count == 1)
        let sample = Self.sample(ids, idSeed: 0x0123_4567_89ab_cdef)
        let index = try sample.index()
        var confirmationCount = 0
        for (row, id) in ids.enumerated() {
            let found = try index.lastRow(of: Text(id)) { row in
                confirmationCount += 1
                return ids[row] == id
            }
            #expect(found == row)
        }
        #expect(confirmationCount == ids.count, "no record is read for the id of another one")
    }

    /// The error makes the collection rebuild the file, with another seed.
    @Test func lookupOfCollidingIDsFailsAfterEightRecords() throws {
        var ids = try CollidingIDs.all()
        let unknown = ids.remove(at: ids.count / 2)
        let index = try Self.sample(ids, idSeed: 0).index()
        var confirmationCount = 0
        let error = #expect(throws: StorageError.self) {
            try index.lastRow(of: Text(unknown)) { _ in
                confirmationCount += 1
                return false
            }
        }
        #expect(error == .corrupt(Corruption(path: "x.idx", reason: .index(.collidingIDs))))
        #expect(confirmationCount == HashedIDs.vainCountMax && HashedIDs.vainCountMax == 8)
    }
}
