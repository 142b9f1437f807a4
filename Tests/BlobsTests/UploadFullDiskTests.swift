import Blobs
import Disk
import TestSupport
import Testing

/// An upload on a disk that is full at any byte: it stops, continues when there is space, and loses no bytes.
struct UploadFullDiskTests {
    private static let content = mixedBytes(count: 9_000, seed: 7)

    /// Returns the maximum size of an upload and its blob.
    private static func byteCount() async throws -> Int {
        let fixture = try UploadFixture()
        let id = try await fixture.upload(content).token
        let files = ["data/uploads/\(id)/complete.zst", "data/uploads/\(id)/journal.jsonl"]
        return files.compactMap { fixture.disk.bytes(of: $0)?.count }.reduce(0, +)
    }

    @Test(.timeLimit(.minutes(60)))
    func uploadContinuesAfterAnyFullDisk() async throws {
        for byteCount in (0..<(try await Self.byteCount())).sampled(120) {
            let fixture = try UploadFixture()
            fixture.disk.byteCountMax = Int64(byteCount)
            let id = try await Self.begin(fixture)
            try await Self.send(to: id, fixture)
            try await Self.complete(id, fixture)
            _ = try await fixture.store.claim(id)
            #expect(try await fixture.content(of: id) == Self.content, "\(byteCount) bytes")
            #expect(try fixture.violations().isEmpty, "\(byteCount) bytes")
            let survivor = try fixture.afterPowerCut(keeping: .nothing)
            #expect(try await survivor.content(of: id) == Self.content, "\(byteCount) bytes, power cut")
        }
    }

    /// The disk is alternately full and not full during the whole upload.
    @Test(.timeLimit(.minutes(60)))
    func uploadSurvivesARepeatedlyFullDisk() async throws {
        let fixture = try UploadFixture()
        fixture.disk.byteCountMax = 0
        let end = Int64(try await Self.byteCount())
        var id: String?
        var refusals = 0
        for byteCount in stride(from: Int64(0), through: end + 200, by: 97) {
            fixture.disk.byteCountMax = byteCount
            do {
                if id == nil { id = try await fixture.begin(Self.content.count) }
                let id = try #require(id)
                let next = try await fixture.store.upload(id).status.nextChunkIndex
                for index in next..<3 {
                    try await fixture.send(Self.content[index * 3_000..<index * 3_000 + 3_000], to: id, chunk: index)
                }
                _ = try await fixture.store.upload(id).complete()
            } catch let error as UploadError {
                guard error.isNoSpace else { throw error }
                refusals += 1
            }
        }
        let token = try #require(id)
        _ = try await fixture.store.claim(token)
        #expect(refusals > 20)
        #expect(try await fixture.content(of: token) == Self.content)
    }

    @Test func chunksAreRefusedWhileTheReserveIsInUse() async throws {
        let disk = FaultDisk()
        try disk.createDirectory("data")
        try disk.synchronizeDirectory(".")
        let space = DiskSpace(in: "data", reserveByteCount: 4_000, every: nil, on: disk) { 0 }
        let fixture = try UploadFixture(on: disk, space: space)
        let id = try await fixture.begin(9_000)
        try await fixture.send(Self.content[..<3_000], to: id, chunk: 0)
        let receiver = try await fixture.store.upload(id).receive(chunk: 1)
        try await receiver.take(Array(Self.content[3_000..<4_500]))
        space.useReserve()
        let written = disk.mutations.count { $0.call == .pwrite }
        // An arriving chunk stops as well.
        await #expect(throws: UploadError.self) {
            try await receiver.take(Array(Self.content[4_500..<6_000]))
            _ = try await receiver.finish()
        }
        await receiver.cancel()
        for step in [
            { _ = try await fixture.begin(1) }, { _ = try await fixture.store.upload(id).receive(chunk: 1) },
            { _ = try await fixture.upload([1]) },
        ] as [@Sendable () async throws -> Void] {
            await #expect {
                try await step()
            } throws: { error in
                (error as? UploadError)?.isNoSpace == true
            }
        }
        #expect(disk.mutations.count { $0.call == .pwrite } == written)
        #expect(try await fixture.store.upload(id).status.receivedByteCount == 3_000)
        space.restore()
        try await fixture.send(Self.content[3_000..<6_000], to: id, chunk: 1)
        space.useReserve()
        try await fixture.store.abort(id)
        #expect(try disk.list("data/uploads").isEmpty)
    }

    // MARK: Steps that fail on the full disk, and succeed when there is space

    private static func begin(_ fixture: UploadFixture) async throws -> String {
        do {
            return try await fixture.begin(content.count)
        } catch let error as UploadError {
            try expectNoSpace(error)
            #expect(try fixture.disk.list("data/uploads").isEmpty, "no file of it remains")
            let full = fixture.disk.byteCountMax
            fixture.disk.byteCountMax = nil
            defer { fixture.disk.byteCountMax = full }
            return try await fixture.begin(content.count)
        }
    }

    private static func send(to id: String, _ fixture: UploadFixture) async throws {
        for index in 0..<3 {
            let chunk = content[index * 3_000..<index * 3_000 + 3_000]
            do {
                try await fixture.send(chunk, to: id, chunk: index)
            } catch let error as UploadError {
                try expectNoSpace(error)
                #expect(try await fixture.store.upload(id).status.receivedByteCount == index * 3_000)
                fixture.disk.byteCountMax = nil
                try await fixture.send(chunk, to: id, chunk: index)
            }
        }
    }

    private static func complete(_ id: String, _ fixture: UploadFixture) async throws {
        do {
            _ = try await fixture.store.upload(id).complete()
        } catch {
            try expectNoSpace(error)
            fixture.disk.byteCountMax = nil
            _ = try await fixture.store.upload(id).complete()
        }
    }

    private static func expectNoSpace(_ error: UploadError) throws {
        guard error.isNoSpace else { throw error }
    }
}
