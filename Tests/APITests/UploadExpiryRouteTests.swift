import Blobs
import Disk
import JSON
import TestSupport
import Testing

@testable import API

struct UploadExpiryRouteTests {
    /// The official client never aborts an upload that it abandons.
    @Test func abandonedUploadExpires() async throws {
        let disk = FaultDisk()
        disk.nowMicroseconds = 1_000_000_000_000_000
        var options = BlobStore.Options()
        options.clock = { Timestamp(microseconds: disk.nowMicroseconds) }
        try await ServerFixture(on: disk, blobOptions: options).run { client async throws in
            _ = try await UploadRouteTests.begin(client, 10)
        }
        #expect(try disk.list("data/uploads").count == 1)
        disk.nowMicroseconds += 25 * 3_600 * 1_000_000
        try await ServerFixture(on: disk, blobOptions: options).run { client async throws in
            for _ in 0..<100_000 where try !disk.list("data/uploads").isEmpty { await Task.yield() }
            #expect(try disk.list("data/uploads").isEmpty)
        }
    }
}
