import Blobs
import Disk
import JSON
import TestSupport
import Testing

struct UploadExpiryTests {
    let fixture: UploadFixture
    let idle: String
    let sending: String
    let complete: String

    init() async throws {
        fixture = try UploadFixture { $0.uploadLifetime = .seconds(100) }
        idle = try await fixture.begin(10)
        sending = try await fixture.begin(2_000)
        complete = try await fixture.upload(mixedBytes(count: 10)).token
    }

    @Test func inactiveUploadExpires() async throws {
        fixture.clock.advance(by: .seconds(99))
        #expect(await fixture.store.expireUploads().isEmpty)
        try await fixture.send(mixedBytes(count: 1_000), to: sending, chunk: 0)
        fixture.clock.advance(by: .seconds(1))
        #expect(await fixture.store.expireUploads() == [idle, complete].sorted())
        await #expect(throws: UploadError.unknownUpload) { try await fixture.store.upload(idle).status }
        await #expect(throws: UploadError.unknownToken) { try await fixture.store.claim(complete) }
        #expect(try fixture.disk.list("data/uploads") == [sending])
        fixture.clock.advance(by: .seconds(99))
        #expect(await fixture.store.expireUploads() == [sending])
    }

    @Test func uploadOfAnEarlierProcessExpires() async throws {
        fixture.clock.advance(by: .seconds(50))
        try await fixture.send(mixedBytes(count: 1_000), to: sending, chunk: 0)
        fixture.clock.advance(by: .seconds(50))
        let next = try UploadFixture(on: fixture.disk.processKill(), clock: fixture.clock) {
            $0.uploadLifetime = .seconds(100)
        }
        #expect(await next.store.expireUploads() == [idle, complete].sorted())
        #expect(try await next.store.upload(sending).status.receivedByteCount == 1_000)
    }

    @Test func arrivingChunkPreventsExpiry() async throws {
        let receiver = try await fixture.store.upload(sending).receive(chunk: 0)
        try await receiver.take(mixedBytes(count: 500))
        fixture.clock.advance(by: .seconds(1_000))
        #expect(await !fixture.store.expireUploads().contains(sending))
        #expect(try await receiver.finish().receivedByteCount == 500)
        #expect(await fixture.store.expireUploads().isEmpty)
    }

    @Test func statusReportsTheExpiryTime() async throws {
        let begun = fixture.clock.now
        #expect(try await fixture.store.upload(idle).status.expiresAt == begun.advanced(by: .seconds(100)))
        fixture.clock.advance(by: .seconds(7))
        try await fixture.send(mixedBytes(count: 1_000), to: sending, chunk: 0)
        let status = try await fixture.store.upload(sending).status
        #expect(status.expiresAt == begun.advanced(by: .seconds(107)))
        #expect(status.createdAt == begun)
    }

    @Test func interruptedBeginningExpiresByItsAge() async throws {
        let id = "7b0c5a1e-92f4-4d07-8a53-0f6cbb1d2e3f"
        fixture.disk.nowMicroseconds = fixture.clock.now.microseconds
        try fixture.disk.createDirectory("data/uploads/\(id)")
        _ = try File("data/uploads/\(id)/data.part", .create, on: fixture.disk)
        let next = try UploadFixture(on: fixture.disk.processKill(), clock: fixture.clock) {
            $0.uploadLifetime = .seconds(100)
        }
        await #expect(throws: UploadError.unknownUpload) { try await next.store.upload(id).status }
        #expect(await next.store.expireUploads().isEmpty)
        fixture.clock.advance(by: .seconds(100))
        #expect(await next.store.expireUploads().contains(id))
    }
}
