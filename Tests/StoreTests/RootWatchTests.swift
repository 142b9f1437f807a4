import Disk
import Glibc
import Index
import JSON
import NIOConcurrencyHelpers
import TestSupport
import Testing

@testable import Store

/// A data directory that is moved, replaced or removed while it is open.
struct RootWatchTests {
    private let directory: TemporaryDirectory
    private let data: String
    private let notices = NIOLockedValueBox<[String]>([])

    init() throws {
        directory = try TemporaryDirectory()
        data = "\(directory.path)/data"
        try PosixDisk().createDirectory(data)
    }

    private func open(_ path: String) throws -> Store {
        var options = Store.Options()
        options.segmentByteCountMax = 4_096
        options.notice = { [notices] notice in
            if case .directory = notice { notices.withLockedValue { $0.append("\(notice)") } }
        }
        return try Store.open(path, schemas: [StoreFixture.things], options: options, on: PosixDisk(root: path))
    }

    @Test func movedDirectoryKeepsEveryAcknowledgedDocument() async throws {
        let store = try open(data)
        let moved = "\(directory.path)/data.bak"
        try PosixDisk().rename(data, to: moved)
        try PosixDisk().createDirectory(data)
        let other = try open(data)
        for number in 0..<100 {
            _ = try await store.collection("things").insert(["thing_id": .string("old\(number)")])
            _ = try await other.collection("things").insert(["thing_id": .string("new\(number)")])
        }
        let condition = try #require(store.conditions().first)
        #expect(
            condition.subject == "directory"
                && condition.reason.hasPrefix("it was moved or replaced; the server continues")
        )
        #expect(store.conditions() == [condition] && other.conditions() == [])
        try await store.maintain()
        #expect(notices.withLockedValue { $0.count } == 1)
        try await store.close()
        try await other.close()
        for (path, prefix) in [(moved, "old"), (data, "new")] {
            let found = try open(path).collection("things")
            #expect(try found.count(Filter()) == 100)
            for number in 0..<100 { #expect(try found.get("\(prefix)\(number)") != nil) }
        }
    }

    @Test func removedDirectoryAcknowledgesNoWrites() async throws {
        let store = try open(data)
        _ = try await store.collection("things").insert(["thing_id": "a"])
        #expect(store.conditions() == [])
        try Self.remove(data)
        let cause = DiskError(
            call: .fdatasync,
            path: "\(data)/collections/things/00000000000000000001.jsonl",
            code: ENOENT
        )
        for _ in 0..<2 {
            let error = await #expect(throws: StoreError.self) { try await store.collection("things").insert([:]) }
            guard case .storage(.latched(let latch)) = error, latch.cause == cause else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(Set(store.conditions().map(\.subject)) == ["directory", "log things"])
        #expect(try store.collection("things").get("a") != nil, "what is open is still read")
    }

    private static func remove(_ path: String) throws {
        let disk = PosixDisk()
        for name in try disk.list(path) {
            let child = "\(path)/\(name)"
            if try disk.entry(child)?.kind == .directory { try remove(child) } else { try disk.remove(child) }
        }
        try disk.removeDirectory(path)
    }
}
