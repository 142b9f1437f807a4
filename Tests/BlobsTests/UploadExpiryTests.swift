import Blobs
import Disk
import JSON
import TestSupport
import Testing

struct UploadExpiryTests {
    let room: Warehouse
    let idle: String
    let sending: String
    let complete: String

    init() async throws {
        room = try Warehouse { $0.uploadLifetime = .seconds(100) }
        idle = try await room.begin(10)
        sending = try await room.begin(2_000)
        complete = try await room.upload(mixedBytes(count: 10)).token
    }

    @Test func whatNothingHappensToIsRemoved() async throws {
        room.clock.advance(by: .seconds(99))
        #expect(await room.store.expireUploads().isEmpty)
        try await room.send(mixedBytes(count: 1_000), to: sending, chunk: 0)
        room.clock.advance(by: .seconds(1))
        #expect(await room.store.expireUploads() == [idle, complete].sorted())
        await #expect(throws: UploadError.unknownUpload) { try await room.store.status(idle) }
        await #expect(throws: UploadError.unknownToken) { try await room.store.claim(complete) }
        #expect(try room.disk.list("data/uploads") == [sending])
        room.clock.advance(by: .seconds(99))
        #expect(await room.store.expireUploads() == [sending])
    }

    @Test func whatAnEarlierProcessLeftIsRemovedUnread() async throws {
        room.clock.advance(by: .seconds(50))
        try await room.send(mixedBytes(count: 1_000), to: sending, chunk: 0)
        room.clock.advance(by: .seconds(50))
        let next = try Warehouse(on: room.disk.processKill(), clock: room.clock) { $0.uploadLifetime = .seconds(100) }
        #expect(await next.store.expireUploads() == [idle, complete].sorted())
        #expect(try await next.store.status(sending).receivedByteCount == 1_000)
    }

    @Test func anArrivingChunkKeepsItsUpload() async throws {
        let receiver = try await room.store.receive(sending, chunk: 0)
        try await receiver.take(mixedBytes(count: 500))
        room.clock.advance(by: .seconds(1_000))
        #expect(await !room.store.expireUploads().contains(sending))
        #expect(try await receiver.finish().receivedByteCount == 500)
        #expect(await room.store.expireUploads().isEmpty)
    }

    @Test func statusTellsWhenItWillBe() async throws {
        let begun = room.clock.now
        #expect(try await room.store.status(idle).expiresAt == begun.advanced(by: .seconds(100)))
        room.clock.advance(by: .seconds(7))
        try await room.send(mixedBytes(count: 1_000), to: sending, chunk: 0)
        let status = try await room.store.status(sending)
        #expect(status.expiresAt == begun.advanced(by: .seconds(107)))
        #expect(status.createdAt == begun)
    }

    @Test func aBeginningThatWasCutOffGoesByItsAge() async throws {
        let id = "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f"
        room.disk.nowMicroseconds = room.clock.now.microseconds
        try room.disk.createDirectory("data/uploads/\(id)")
        _ = try File("data/uploads/\(id)/data.part", .create, on: room.disk)
        let next = try Warehouse(on: room.disk.processKill(), clock: room.clock) { $0.uploadLifetime = .seconds(100) }
        await #expect(throws: UploadError.unknownUpload) { try await next.store.status(id) }
        #expect(await next.store.expireUploads().isEmpty)
        room.clock.advance(by: .seconds(100))
        #expect(await next.store.expireUploads().contains(id))
    }
}
