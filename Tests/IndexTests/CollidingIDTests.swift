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
}
