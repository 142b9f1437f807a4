import Blobs
import Catalog
import Disk
import Glibc
import JSON
import Store
import TestSupport
import Testing

@testable import Federation

/// Models and packages that are deleted, with their files.
struct RemovalTests {
    static func blobPaths(_ disk: FaultDisk) -> [String] {
        disk.paths.filter { $0.hasPrefix("data/blobs/") && $0.hasSuffix(".zst") }
    }

    private static func pendingCount(_ fixture: NetworkFixture) -> Int {
        fixture.store.collection(Resource.removals.name).documentCount
    }

    @Test func deletedModelFreesItsFile() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addModel("a")
        try await fixture.addModel("b", parent: "a")
        let kept = try #require(try fixture.documents(.models).get("b")?["blob_id"]?.string)
        try await fixture.network.models.delete("a")
        #expect(try fixture.documents(.models).get("a") == nil)
        #expect(Self.blobPaths(fixture.disk).count == 1)
        #expect(try await fixture.blobs.open(kept).description.byteCount == 8)
        #expect(Self.pendingCount(fixture) == 0)
        await #expect(throws: StoreError.notFound("a")) { try await fixture.network.models.delete("a") }
        try await fixture.close()
    }

    @Test func descendantsOfADeletedModelKeepItsID() async throws {
        let fixture = try NetworkFixture()
        for (id, parent) in [("a", nil), ("b", "a"), ("c", "b")] { try await fixture.addModel(id, parent: parent) }
        try await fixture.network.models.delete("b")
        #expect(try fixture.documents(.models).get("c")?["parent_model"] == "b")
        #expect(try await fixture.network.models.ancestors(of: "c", limit: 10) == ["c"])
        #expect(try await fixture.network.models.descendants(of: "a", limit: 10) == ["a"])
        try await fixture.close()
    }

    @Test func openDownloadSurvivesTheDeletion() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addModel("a")
        let blobID = try #require(try fixture.documents(.models).get("a")?["blob_id"]?.string)
        let reader = try await fixture.blobs.open(blobID)
        try await fixture.network.models.delete("a")
        #expect(try reader.frame(0) == [1, 2, 3, 4, 5, 6, 7, 8])
        try await fixture.close()
    }

    @Test func fileThatIsBeingRemovedCannotBePublished() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addModel("a")
        let blobID = try #require(try fixture.documents(.models).get("a")?["blob_id"]?.string)
        let publication = fixture.network.publication
        let finished = try await publication.withClaim(on: blobID) {
            await #expect(throws: UploadError.busy) { try await fixture.network.models.delete("a") }
            await #expect(throws: UploadError.busy) { try await publication.claim(blobID) { $0.blobID } }
            return try await publication.finishRemovals()
        }
        #expect(finished == [])
        #expect(try fixture.documents(.models).get("a") != nil)
        try await fixture.close()
    }

    @Test func activePackageIsNotDeleted() async throws {
        let fixture = try NetworkFixture()
        let first = try await fixture.addPackage("first")
        let second = try await fixture.addPackage("second")
        let packages = fixture.network.packages
        await #expect(throws: FederationError.activePackage(second)) { try await packages.delete(second) }
        try await packages.delete(first)
        #expect(try fixture.documents(.packages).list([]).compactMap { $0["name"]?.string } == ["second"])
        #expect(Self.blobPaths(fixture.disk).count == 1)
        try await packages.deactivate()
        try await packages.delete(second)
        #expect(Self.blobPaths(fixture.disk).isEmpty)
        try await fixture.close()
    }

    @Test func retentionKeepsTheNewestPackagesBesidesTheActiveOne() async throws {
        let fixture = try NetworkFixture()
        var ids: [String] = []
        for index in 0..<6 { ids.append(try await fixture.addPackage("p\(index)")) }
        let packages = fixture.network.packages
        try await packages.activate(ids[1])
        #expect(try await packages.deleteOld(keeping: 2, countMax: 2) == [ids[3], ids[2]])
        #expect(try await packages.deleteOld(keeping: 2, countMax: 2) == [ids[0]])
        #expect(try await packages.deleteOld(keeping: 2, countMax: 2) == [])
        let kept = try fixture.documents(.packages).list([]).compactMap { $0["package_id"]?.string }
        #expect(kept == [ids[5], ids[4], ids[1]])
        try await fixture.close()
    }

    /// The document is deleted; the file follows when the disk works again.
    @Test func fileThatCannotBeRemovedIsRemovedLater() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addModel("a")
        fixture.disk.fail(.unlink, at: "blobs/", with: EIO)
        try await fixture.network.models.delete("a")
        #expect(try fixture.documents(.models).get("a") == nil)
        #expect(Self.blobPaths(fixture.disk).count == 1)
        await #expect(throws: UploadError.self) { try await fixture.network.publication.finishRemovals() }
        fixture.disk.heal()
        #expect(try await fixture.network.publication.finishRemovals().count == 1)
        #expect(Self.blobPaths(fixture.disk).isEmpty && Self.pendingCount(fixture) == 0)
        try await fixture.close()
    }

    /// After an interrupted removal, the token of the file works again, and then the file has an owner.
    @Test func fileWithANewOwnerStays() async throws {
        let fixture = try NetworkFixture()
        try await fixture.addModel("a")
        let blobID = try #require(try fixture.documents(.models).get("a")?["blob_id"]?.string)
        fixture.disk.fail(.unlink, at: "blobs/", with: EIO)
        try await fixture.network.models.delete("a")
        fixture.disk.heal()
        _ = try await fixture.network.models.publish(["file_token": .string(blobID), "helper": "binaryhelper"])
        #expect(try await fixture.network.publication.finishRemovals() == [])
        #expect(try await fixture.blobs.open(blobID).description.byteCount == 8)
        #expect(Self.pendingCount(fixture) == 0)
        try await fixture.close()
    }

    @Test func fullDiskAllowsDeletions() async throws {
        let fixture = try NetworkFixture(reserveByteCount: 1 << 20)
        for index in 0..<3 { try await fixture.addModel("m\(index)") }
        let disk = fixture.disk
        disk.byteCountMax = Int64(disk.paths.compactMap { disk.bytes(of: $0)?.count }.reduce(0, +))
        await #expect(throws: (any Error).self) { try await fixture.addModel("more") }
        for index in 0..<3 { try await fixture.network.models.delete("m\(index)") }
        #expect(try fixture.documents(.models).count([]) == 0)
        #expect(Self.blobPaths(fixture.disk).isEmpty)
        try await fixture.close()
    }
}

/// Why a state after a crash contradicts what was acknowledged.
private struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A process that ends during a deletion leaves the model whole, or nothing of it after the next start.
struct RemovalCrashTests {
    private struct Promise {
        var isPublished = false
        var isDeletionAttempted = false
        var isDeleted = false
    }

    @Test(.timeLimit(.minutes(60))) func interruptedDeletionLeavesNoFileWithoutAnOwner() async throws {
        let points = CrashPoints(
            makeLedger: { Ledger(Promise()) },
            workload: { disk, promise in
                let fixture = try NetworkFixture(on: disk)
                try await fixture.addModel("m")
                promise.enter { $0.isPublished = true }
                promise.enter { $0.isDeletionAttempted = true }
                try await fixture.network.models.delete("m")
                promise.enter { $0.isDeleted = true }
                try await fixture.close()
            },
            verify: { disk, promise in
                let fixture = try NetworkFixture(on: disk)
                _ = try await fixture.network.publication.finishRemovals()
                let state = promise.entries
                let blobID = try fixture.documents(.models).get("m")?["blob_id"]?.string
                if let blobID {
                    guard !state.isDeleted else { throw Broken("the model exists although it was deleted") }
                    guard try await fixture.blobs.open(blobID).frame(0).count == 8 else { throw Broken("lost bytes") }
                } else {
                    guard !state.isPublished || state.isDeletionAttempted else { throw Broken("the model is lost") }
                    guard !state.isPublished || RemovalTests.blobPaths(disk).isEmpty else { throw Broken("no owner") }
                }
            }
        )
        let report = try await points.explore()
        print("removal:", report)
        #expect(report.failureCount == 0, "\(report)")
    }
}
