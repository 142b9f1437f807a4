import Disk
import Index
import JSON
import TestSupport
import Testing

@testable import SegmentLog
@testable import Store

/// A read whose segment is retired again and again ends after eight attempts.
struct RetryTests {
    /// A collection whose oldest segment is read from the disk in each attempt, and whose next one is always retired.
    private static func things(on disk: FaultDisk) async throws -> DocumentCollection {
        let first = try StoreFixture(segmentByteCountMax: 400).open(disk)
        for id in 0..<10 { _ = try await first.collection("things").insert(["thing_id": .string("t\(id)")]) }
        try await first.close()
        let things = try StoreFixture(segmentByteCountMax: 400).open(disk).collection("things")
        things.log.files.retire([things.log.segments[1].id])
        return things
    }

    private static let reads: [@Sendable (DocumentCollection) throws -> Void] = [
        { _ = try $0.list(Query()) },
        { _ = try $0.count(.equal("free", "1")) },
        { _ = try $0.counted(.equal("free", "1")) },
        { _ = try $0.histogram(.equal("free", "1"), from: nil, until: nil, bucketCount: 3) },
    ]

    @Test(arguments: 0..<4)
    func aReadThatIsAlwaysRetiredIsAttemptedEightTimes(_ position: Int) async throws {
        let disk = FaultDisk()
        let things = try await Self.things(on: disk)
        let oldest = "data/collections/things/\(SegmentName.make(things.log.segments[0].id))"
        let readCount = Ledger(0)
        disk.beforeEachCall { call, path in
            if call == .pread, path == oldest { readCount.enter { $0 += 1 } }
        }
        #expect(throws: StorageError.retired) { try Self.reads[position](things) }
        #expect(readCount.entries == 8)
    }

    @Test func eachAttemptIsCountedOnce() async throws {
        let things = try await Self.things(on: FaultDisk())
        var attemptCount = 0
        func attempt() throws(StorageError) {
            attemptCount += 1
            throw .retired
        }
        #expect(throws: StorageError.retired) { try things.retrying(attempt()) }
        #expect(attemptCount == 8)
        #expect(throws: StoreError.storage(.retired)) { try things.get(Self.retiredID(of: things)) }
    }

    /// The id of a document in the retired segment.
    private static func retiredID(of things: DocumentCollection) throws -> String {
        let id = try (0..<10).map { "t\($0)" }.first { id throws in
            try things.find(id)?.pointer.segment == things.log.segments[1].id
        }
        return try #require(id)
    }
}
