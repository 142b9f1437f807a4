import Disk
import Glibc
import JSON
import TestSupport
import Testing

@testable import Store

/// Index files are open only while their segment is in use, because an open file keeps its disk space after it was
/// removed; and none is mapped, because a mapped file that becomes shorter ends the process.
struct IndexFileUseTests {
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
            at: collection.clock(),
            Compaction(byteCountMax: 4_000),
            notice: { notices.append(String("\($0)".prefix { $0 != " " })) },
            isEnding: { false }
        )
        return notices
    }

    @Test(arguments: ["things", "events"])
    func indexesOfMergedSegmentsAreClosed(_ name: String) async throws {
        let disk = FaultDisk()
        let store = try await Self.store(on: disk, in: "data")
        #expect(disk.openIndexPaths == disk.paths.filter { $0.hasSuffix(".idx") })
        _ = try await store.collection(name).insert([:])
        #expect(try Self.maintain(store.collection(name)).contains { $0.hasPrefix("compacted") })
        #expect(disk.openIndexPaths == disk.paths.filter { $0.hasSuffix(".idx") })
    }

    @Test func indexesOfDroppedSegmentsAreClosed() async throws {
        let disk = FaultDisk()
        let store = try await Self.store(on: disk, in: "data")
        let notices = try Self.maintain(store.collection("events"), Retention(documentCountMax: 0))
        #expect(notices.contains { $0.hasPrefix("dropped") })
        #expect(disk.openIndexPaths == disk.paths.filter { $0.hasSuffix(".idx") })
        #expect(!disk.openIndexPaths.contains { $0.contains("events") })
    }

    /// What the kernel says of the machine's own file system.
    @Test func removedIndexesAreClosedByTheProcess() async throws {
        let directory = try TemporaryDirectory()
        let disk = PosixDisk()
        let store = try await Self.store(on: disk, in: "\(directory.path)/data")
        func openIndexes() throws -> [String] {
            try disk.list("/proc/self/fd").compactMap { Self.target(of: "/proc/self/fd/\($0)") }
                .filter { $0.hasPrefix(directory.path) && $0.contains(".idx") }
        }
        #expect(try openIndexes().count > 10)
        #expect(try Self.maintain(store.collection("things")).contains { $0.hasPrefix("compacted") })
        let notices = try Self.maintain(store.collection("events"), Retention(documentCountMax: 0))
        #expect(notices.contains { $0.hasPrefix("dropped") })
        #expect(try openIndexes().filter { $0.hasSuffix(" (deleted)") } == [])
        try await store.close()
    }

    @Test func noIndexIsMapped() async throws {
        let directory = try TemporaryDirectory()
        let disk = PosixDisk()
        let store = try await Self.store(on: disk, in: "\(directory.path)/data")
        for name in ["things", "events"] { #expect(try store.collection(name).get("id-7") != nil) }
        let maps = try File("/proc/self/maps", .read, on: disk).bytes(at: 0, count: 16 << 20)
        #expect(!String(decoding: maps, as: UTF8.self).contains("\(directory.path)/data"))
        try await store.close()
    }

    private static func target(of link: String) -> String? {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink(link, &path, path.count)
        return count > 0 ? String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}

extension FaultDisk {
    /// The index files that are open, sorted.
    fileprivate var openIndexPaths: [String] { openPaths.filter { $0.hasSuffix(".idx") } }
}
