import Disk
import JSON
import TestSupport
import Testing

@testable import Store

/// Index files are mapped only while their segment is in use: a mapped file keeps its disk space after it was removed.
struct IndexMappingTests {
    private static let fixture = StoreFixture(segmentByteCountMax: 400)

    /// A store whose directory had sealed segments, of which none was merged, when it was opened.
    private static func store(on disk: any Disk, in directory: String) async throws -> Store {
        let first = try fixture.open(disk, in: directory)
        for name in ["things", "events"] {
            let collection = first.collection(name)
            for id in 0..<40 { _ = try await collection.insert([collection.schema.key: .string("id-\(id)")]) }
            try collection.sealClosed(notice: { _ in }, isEnding: { false })
        }
        try await first.close()
        return try fixture.open(disk, in: directory)
    }

    private static func maintain(_ collection: DocumentCollection, _ retention: Retention? = nil) throws -> [String] {
        var notices: [String] = []
        try collection.maintain(
            retention,
            Compaction(byteCountMax: 4_000),
            notice: { notices.append(String("\($0)".prefix { $0 != " " })) },
            isEnding: { false }
        )
        return notices
    }

    @Test(arguments: ["things", "events"])
    func indexesOfMergedSegmentsAreUnmapped(_ name: String) async throws {
        let disk = FaultDisk()
        let store = try await Self.store(on: disk, in: "data")
        #expect(disk.mappedPaths == disk.paths.filter { $0.hasSuffix(".idx") })
        _ = try await store.collection(name).insert([:])
        #expect(try Self.maintain(store.collection(name)).contains { $0.hasPrefix("compacted") })
        #expect(disk.mappedPaths == disk.paths.filter { $0.hasSuffix(".idx") })
    }

    @Test func indexesOfDroppedSegmentsAreUnmapped() async throws {
        let disk = FaultDisk()
        let store = try await Self.store(on: disk, in: "data")
        let notices = try Self.maintain(store.collection("events"), Retention(documentCountMax: 0))
        #expect(notices.contains { $0.hasPrefix("dropped") })
        #expect(disk.mappedPaths == disk.paths.filter { $0.hasSuffix(".idx") })
        #expect(!disk.mappedPaths.contains { $0.contains("events") })
    }

    /// What the kernel says of the machine's own file system.
    @Test func noRemovedIndexIsMappedByTheProcess() async throws {
        let directory = try TemporaryDirectory()
        let disk = PosixDisk()
        let store = try await Self.store(on: disk, in: "\(directory.path)/data")
        func mappedIndexes() throws -> [String] {
            let maps = try File("/proc/self/maps", .read, on: disk).bytes(at: 0, count: 16 << 20)
            return String(decoding: maps, as: UTF8.self).split(separator: "\n").map(String.init).filter {
                $0.contains(directory.path) && $0.contains(".idx")
            }
        }
        #expect(try mappedIndexes().count > 10)
        #expect(try Self.maintain(store.collection("things")).contains { $0.hasPrefix("compacted") })
        let notices = try Self.maintain(store.collection("events"), Retention(documentCountMax: 0))
        #expect(notices.contains { $0.hasPrefix("dropped") })
        #expect(try mappedIndexes().filter { $0.hasSuffix(" (deleted)") } == [])
        try await store.close()
    }
}
